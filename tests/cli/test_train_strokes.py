"""Training on the strokes of a project: `drpnet train strokes`, `drpnet train segmenter`."""

import json
from pathlib import Path

import mrcfile
import numpy as np
import pytest

from napari_drpnet.base.segmentation import BACKGROUND, ICE
from napari_drpnet.picking.networks.weights import load_segmenter
from napari_drpnet.picking.parameters import ParticleParameters
from napari_drpnet.project.state.edits import (
    MicrographEdit,
    MicrographRecord,
    PaintEdit,
    Settings,
    SettingsEdit,
)
from napari_drpnet.project.storage.store import ProjectStore
from napari_drpnet.training.from_strokes.recipe import StrokeRecipe

SHAPE = (160, 160)
FEW = "--fields 0 --label-views 2 --batch 2 --steps 4 --validate-every 2 --patch-diameters 4"
SEGMENTER = ("train", "segmenter", *FEW.split(), "--device", "cpu", "--out", "mine.safetensors")


@pytest.fixture
def make_project(drpnet, use_untrained_segmenter, write_dirty, tmp_path):
    """A function that makes a project of two micrographs with a film, painted or not."""

    def make(film=ICE, diameter=36.0):
        paths = [tmp_path / "dirty" / f"dirty{k}.mrc" for k in range(2)]
        records = []
        for seed, path in enumerate(paths):
            write_dirty(path, seed=seed)
            names = {"id": f"m{seed + 1:05d}", "name": path.name, "output": path.stem}
            nothing = {"pixel_size_angstrom": None, "defocus_angstrom": None}
            records.append(MicrographRecord(path=path, **names, **nothing))
        before, edits = Settings(), [MicrographEdit(before=(), after=tuple(records))]
        if diameter:
            particle = ParticleParameters(diameter_angstrom=diameter, polarity="dark")
            after = before.model_copy(update={"particle": particle})
            edits.append(SettingsEdit(before=before, after=after))
        blank, painted = np.zeros(SHAPE, np.uint8), np.zeros(SHAPE, np.uint8)
        if film is not None:
            painted[20:60, 128:150], painted[60:100, 10:30] = film, BACKGROUND
            edits += [
                PaintEdit.between(each.id, SHAPE, blank, painted, "Paint") for each in records
            ]
        store, project = ProjectStore.open(tmp_path / "project")
        for edit in edits:
            project.apply(edit)
            store.append(edit)
        store.close(project)
        return "project"

    return make


def test_the_weights_are_written_and_the_project_is_not_changed(drpnet, make_project):
    project = make_project()
    before = (Path(project) / "project.json").read_bytes()
    result = drpnet("train", "strokes", project, "--out", "taught.safetensors", "--device", "cpu")
    assert "IoU on held-out strokes:" in result.output
    card = load_segmenter("taught.safetensors").card
    assert card.trained_on.endswith("then strokes on 2 micrographs")
    assert card.recipe["penalty"] == StrokeRecipe().penalty
    assert (Path(project) / "project.json").read_bytes() == before


def test_it_prints_json(drpnet, make_project):
    result = drpnet("train", "strokes", make_project(), "--out", "taught.safetensors", "--json")
    content = json.loads(result.stdout)
    assert set(content["before"]) == set(content["after"]) == {"background", "ice"}
    assert content["improved"] in (True, False)


def test_weights_are_not_replaced_unasked(drpnet, make_project):
    Path("taught.safetensors").write_bytes(b"mine")
    arguments = ("train", "strokes", make_project(), "--out", "taught.safetensors")
    assert "--overwrite" in drpnet(*arguments, code=2).output
    assert Path("taught.safetensors").read_bytes() == b"mine"
    drpnet(*arguments, "--overwrite")
    load_segmenter("taught.safetensors")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"film": None}, "strokes of at least 2 classes"),
        ({"film": BACKGROUND}, "strokes of at least 2 classes"),
        ({"diameter": None}, "its particle diameter is unknown"),
    ],
)
def test_what_is_missing_is_said(drpnet, make_project, settings, said):
    project = make_project(**settings)
    result = drpnet("train", "strokes", project, "--out", "taught.safetensors", code=1)
    assert said in result.output
    assert not Path("taught.safetensors").exists()


def test_a_folder_that_is_no_project_is_refused_and_left_alone(drpnet, use_untrained_segmenter):
    Path("other").mkdir()
    result = drpnet("train", "strokes", "other", "--out", "taught.safetensors", code=1)
    assert "it is not a project" in result.output
    assert not list(Path("other").iterdir())


def test_micrographs_that_were_moved_are_found_in_a_folder(drpnet, make_project):
    project = make_project()
    Path("dirty").rename("elsewhere")
    before = (Path(project) / "project.json").read_bytes()
    arguments = ("train", "strokes", project, "--out", "taught.safetensors")
    refused = drpnet(*arguments, code=1).stderr
    assert "dirty0.mrc: this micrograph is missing (and 1 more)" in refused
    assert "--micrographs" in refused
    drpnet(*arguments, "--micrographs", "elsewhere")
    assert Path("taught.safetensors").is_file()
    drpnet(*SEGMENTER, "--project", project, "--micrographs", "elsewhere")
    assert (Path(project) / "project.json").read_bytes() == before


def test_a_segmenter_is_trained_on_the_strokes_of_a_project_alone(drpnet, make_project):
    project = make_project()
    before = (Path(project) / "project.json").read_bytes()
    result = drpnet(*SEGMENTER, "--project", project)
    assert "IoU on held-out strokes: background " in result.stdout
    card = load_segmenter("mine.safetensors").card
    assert card.trained_on == "strokes on 2 micrographs"
    assert card.recipe["data"]["project"] == "project"
    assert set(card.recipe["held_out_strokes"]) == {"background", "ice"}
    assert (Path(project) / "project.json").read_bytes() == before


def test_a_segmenter_is_not_trained_on_what_is_missing(drpnet, make_project):
    result = drpnet(*SEGMENTER, "--project", make_project(film=None), code=1)
    assert "strokes of at least 2 classes" in result.output


@pytest.mark.parametrize("command", [("train", "strokes"), (*SEGMENTER, "--project")])
def test_a_micrograph_of_another_shape_than_its_strokes_is_named(drpnet, make_project, command):
    project = make_project()
    with mrcfile.open("dirty/dirty1.mrc", "r+") as file:
        file.set_data(file.data[:150].copy())
        file.voxel_size = 2.0
    result = drpnet(*command, project, "--out", "mine.safetensors", code=1)
    assert "dirty1.mrc: its shape (150, 160) is not (160, 160), that of its" in result.output
