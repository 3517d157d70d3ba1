"""Files of the shared folder that should work, be refused in one line, or do no harm."""

import json
import os
import shutil
from pathlib import Path

import pytest

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.formats import read_coordinates
from napari_drpnet.project.files.label_files import read_labels
from napari_drpnet.relion.lists import copy_micrographs_star

pytestmark = pytest.mark.usefixtures("bad_inputs")


@pytest.fixture
def converted(drpnet, bad_inputs):
    """A function that converts one of the files, and returns its positions (x, y)."""

    def convert(name, *options):
        drpnet("convert", bad_inputs / name, "out.csv", *options)
        return read_coordinates("out.csv").centers_yx[:, ::-1].tolist()

    return convert


def test_vertices_of_filaments_do_not_hide_particles(converted):
    positions = converted("filaments.cbox")
    assert (len(positions), positions[0], positions[-1]) == (5, [1250, 1850], [450, 450])


@pytest.mark.parametrize(
    ("name", "position"), [("topaz_spaces.txt", [10, 20]), ("topaz-spaces.txt", [1, 2])]
)
def test_tables_of_topaz_may_have_spaces(converted, name, position):
    assert converted(name) == [position]


def test_points_outside_of_the_micrograph_are_dropped(drpnet, bad_inputs):
    micrograph = bad_inputs / "epu_folder/FoilHole_1.mrc"
    drpnet("convert", bad_inputs / "out_of_range.csv", "out.star", "--micrograph", micrograph)
    assert read_coordinates("out.star").centers_yx.tolist() == [[60, 50]]


def test_suffixes_in_capitals_are_paired(drpnet, bad_inputs):
    folder = bad_inputs / "upper_case_suffix"
    files = folder / "picks", folder / "truth.csv"
    drpnet("evaluate", *files, "--diameter", 60, "--pixel-size", 1, "--json", "scores.json")
    counts = json.loads(Path("scores.json").read_text())["radii"][0]["micro"]
    found = [counts[f"{kind}s"] for kind in ("true_positive", "false_positive", "false_negative")]
    assert found == [1, 0, 0]


def test_pictures_beside_micrographs_are_named(drpnet, bad_inputs):
    shown = drpnet("pick", bad_inputs / "epu_folder", "--out", "out", "--diameter", 60)
    assert "2 pictures left out" in shown.stderr
    assert len(list(Path("out").glob("*_autopick.star"))) == 2


def test_a_defocus_that_is_no_number_does_not_matter(drpnet, bad_inputs):
    micrographs = bad_inputs / "defocus_minus_nan.star"
    shown = drpnet("pick", micrographs, "--diameter", 150, "--out", "out", code=1)
    assert "a.mrc, b.mrc: there are no such files" in shown.stderr
    for name in ("a.mrc", "b.mrc"):
        shutil.copy(bad_inputs / "epu_folder/FoilHole_1.mrc", name)
    drpnet("pick", micrographs, "--diameter", 40, "--out", "out")
    assert len(list(Path("out").glob("?_autopick.star"))) == 2


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("zeros_at_the_end.star", "damaged: it has NUL bytes"),
        ("list-nul-name.star", "damaged: it has NUL bytes"),
        ("list-dotdot-name.star", r"micrograph named '\.\.'"),
    ],
)
def test_lists_with_names_that_cannot_be_are_refused(drpnet, bad_inputs, name, reason):
    shown = drpnet("pick", bad_inputs / name, "--diameter", 150, "--out", "out", code=1)
    assert shown.stderr.count("\n") == 1
    assert name in shown.stderr
    assert reason.replace("\\", "") in shown.stderr
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("index-duplicate-column.star", "repeats the label"),
        ("helix_ends.box", "ends of filaments (flags −1 and −2)"),
    ],
)
def test_coordinates_that_cannot_be_are_refused(drpnet, bad_inputs, name, reason):
    shown = drpnet("convert", bad_inputs / name, "out.csv", code=1)
    assert shown.stderr.count("\n") == 1
    assert name in shown.stderr
    assert reason in shown.stderr


def test_a_structure_of_one_atom_is_refused(drpnet, bad_inputs):
    size = ("--height", 128, "--width", 128, "--particles", 1, "--diameter", 100)
    file = bad_inputs / "one-atom.pdb"
    shown = drpnet("simulate", "--out", "out", "--structure", file, *size, code=1)
    assert "one-atom.pdb: not a readable structure" in shown.stderr
    assert shown.stderr.count("\n") == 1


def test_the_tilde_of_a_folder_is_the_home(drpnet, monkeypatch):
    monkeypatch.setenv("HOME", str(Path("home").absolute()))
    monkeypatch.setenv("USERPROFILE", str(Path("home").absolute()))
    size = ("--height", 64, "--width", 64, "--particles", 0, "--diameter", 20)
    drpnet("simulate", "--out=~/sim", *size)
    assert Path("home/sim/sim_0001.mrc").exists()
    assert os.listdir() == ["home"]


def test_a_record_deletes_nothing_outside_of_its_folder(drpnet, bad_inputs):
    Path("W/out/.drpnet").mkdir(parents=True)
    shutil.copy(bad_inputs / "record-deletes-outside.json", "W/out/.drpnet/a.json")
    shutil.copy(bad_inputs / "epu_folder/FoilHole_1.mrc", "W/a.mrc")
    Path("W/victim.txt").touch()
    drpnet("pick", "W/a.mrc", "--out", "W/out", "--overwrite", "--diameter", 180)
    assert Path("W/victim.txt").exists()
    assert Path("W/out/a_autopick.star").exists()


def test_a_missing_label_is_no_label(bad_inputs):
    with pytest.raises(InputFileError, match=r"labels-na-label\.star: row 1 has '' as its label"):
        read_labels(bad_inputs / "labels-na-label.star")


def test_a_list_with_a_short_row_is_copied_or_refused(bad_inputs, tmp_path):
    source = bad_inputs / "curate-short-row.star"
    copy_micrographs_star(source, tmp_path / "out.star", {"x"})
    assert (tmp_path / "out.star").exists()
