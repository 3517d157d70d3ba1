"""`drpnet train`, at toy size."""

import json
import os
import signal
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from napari_drpnet.base.segmentation import BACKGROUND, CARBON
from napari_drpnet.formats.masks.class_maps import write_class_map
from napari_drpnet.picking.networks.weights import (
    load_classifier,
    load_detector,
    load_segmenter,
    read_card,
)
from napari_drpnet.training.common import fields
from napari_drpnet.training.common.recipe import NONE_HARD, DetectorRecipe
from napari_drpnet.training.from_truth import pool, train
from napari_drpnet.training.from_truth.cuts import Cuts

SIZE = {
    "fields": 2,
    "looks": 1,
    "validation-fields": 1,
    "batch": 2,
    "validate-every": 2,
    "workers": 1,
}
TOY = ("--device", "cpu", *(word for name, value in SIZE.items() for word in (f"--{name}", value)))
DETECTOR = ("train", "detector", *TOY, "--architecture", "fcrn", "--steps", 4)


@pytest.fixture(autouse=True)
def small_fields(monkeypatch):
    """Simulated fields are small, and each is made only once."""
    monkeypatch.setattr(fields, "_SIDE_PX", 320)
    monkeypatch.setattr(pool, "random_fields", make_once)
    monkeypatch.setattr(pool, "_REFERENCE_FIELDS", 2)


@cache
def remembered(seed, particle_px, looks, hard, spectrum):
    return fields.random_fields(seed, [], particle_px, looks, hard, spectrum)


def make_once(seed, structures, particle_px, looks, hard=NONE_HARD, spectrum=None):
    assert not structures
    return list(remembered(seed, particle_px, looks, hard, spectrum))


@pytest.fixture
def own_weights(drpnet, tmp_path, monkeypatch):
    monkeypatch.setenv("DRPNET_WEIGHTS", str(tmp_path / "own"))


def validate_with(monkeypatch, *scores):
    following = iter(scores)
    monkeypatch.setattr(
        train, "choose_detector_cuts", lambda *given: Cuts(next(following), 0.4, 0.7)
    )


def test_a_detector_gets_a_name_and_picks(drpnet, own_weights, write_discs):
    result = drpnet(*DETECTOR, "--out", "mine")
    assert "Validation score" in result.stdout
    assert "batch 4 of 4: loss " in result.stderr
    assert "validation score" in result.stderr
    assert "mine  (detector, particle 11 px" in drpnet("weights", "list").output
    write_discs("a.mrc")
    picking = ("--diameter", 36, "--out", "picks", "--weights", "mine", "--classifier", "none")
    drpnet("pick", "a.mrc", *picking)


def test_the_recipe_beside_the_weights_makes_them_again(drpnet):
    drpnet(*DETECTOR, "--out", "a.safetensors", "--faint", 0.25)
    recipe = DetectorRecipe.model_validate_json(Path("a.recipe.json").read_text())
    assert (recipe.steps, recipe.hard.faint, recipe.architecture) == (4, 0.25, "fcrn")
    again = ("train", "detector", "--config", "a.recipe.json", "--workers", 1, "--device", "cpu")
    drpnet(*again, "--out", "b.safetensors")
    assert Path("a.safetensors").read_bytes() == Path("b.safetensors").read_bytes()
    drpnet(*again, "--out", "c.safetensors", "--looks", 2, "--steps", 2)
    changed = DetectorRecipe.model_validate_json(Path("c.recipe.json").read_text())
    assert (changed.data.looks, changed.data.fields, changed.steps) == (2, 2, 2)


def test_json_has_the_card(drpnet):
    result = drpnet(*DETECTOR, "--out", "a.safetensors", "--json")
    content = json.loads(result.stdout)
    assert content["weights"] == "a.safetensors"
    assert content["interrupted"] is False
    assert content["card"]["recipe"]["steps"] == 4
    assert content["card"] == read_card(Path("a.safetensors")).model_dump(mode="json")


def test_weights_are_replaced_only_by_better_ones(drpnet, monkeypatch):
    for scores, code, kept in (
        ((0.2, 0.3), 0, 0.3),
        ((0.1, 0.3), 1, 0.3),
        ((0.4, 0.1), 0, 0.4),
    ):
        validate_with(monkeypatch, *scores)
        result = drpnet(*DETECTOR, "--out", "a.safetensors", code=code)
        assert ("stays as it is" in result.stderr) == (code == 1)
        assert read_card(Path("a.safetensors")).recipe["validation_score"] == kept
    validate_with(monkeypatch, 0.1, 0.2)
    drpnet(*DETECTOR, "--out", "a.safetensors", "--overwrite")
    assert read_card(Path("a.safetensors")).recipe["validation_score"] == 0.2


def test_a_detector_is_trained_further(drpnet, monkeypatch):
    validate_with(monkeypatch, 0.2, 0.3)
    drpnet(*DETECTOR, "--out", "a.safetensors")
    validate_with(monkeypatch, 0.3, 0.4, 0.5)
    drpnet(*DETECTOR, "--out", "b.safetensors", "--weights", "a.safetensors")
    card = read_card(Path("b.safetensors"))
    assert card.recipe["started_from_sha256"] == load_detector("a.safetensors").sha256
    validate_with(monkeypatch, 0.3, 0.2, 0.1)
    result = drpnet(*DETECTOR, "--out", "c.safetensors", "--weights", "a.safetensors", code=1)
    assert "a.safetensors are still the best" in result.stderr
    assert not Path("c.safetensors").exists()


def test_interrupted_it_keeps_the_best_so_far(drpnet, monkeypatch):
    scores = []

    def choose(*given):
        scores.append(0.5)
        if len(scores) == 2:
            os.kill(os.getpid(), signal.SIGINT)
        return Cuts(scores[-1], 0.4, 0.7)

    monkeypatch.setattr(train, "choose_detector_cuts", choose)
    result = drpnet(*DETECTOR, "--out", "a.safetensors", "--steps", 100, code=130)
    assert "Interrupted: these are the best weights so far" in result.stderr
    assert load_detector("a.safetensors").card.recipe["validation_score"] == 0.5


def test_interrupted_before_any_validation_it_leaves_nothing(drpnet, monkeypatch):
    monkeypatch.setattr(
        train, "choose_detector_cuts", lambda *given: os.kill(os.getpid(), signal.SIGINT)
    )
    result = drpnet(*DETECTOR, "--out", "a.safetensors", code=130)
    assert "Interrupted" in result.stderr
    assert list(Path().glob("a.*")) == []


def test_interrupted_at_contexts_it_keeps_what_it_knows_of_patches(drpnet, monkeypatch):
    def interrupt(*given):
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(train, "fit_context", interrupt)
    asked = ["train", "classifier", *TOY, "--epochs", 1, "--least-height", 0]
    result = drpnet(*asked, "--out", "c.safetensors", code=130)
    assert "Interrupted: these are the best weights so far" in result.stderr
    assert not load_classifier("c.safetensors").card.context


def test_a_classifier_is_trained_for_a_detector(drpnet):
    result = drpnet(
        "train", "classifier", *TOY, "--epochs", 1, "--least-height", 0, "--out", "c.safetensors"
    )
    assert "; threshold " in result.stdout
    card = read_card(Path("c.safetensors"))
    assert (card.kind, card.particle_px) == ("classifier", 9)
    assert card.recipe["detector_sha256"] == load_detector().sha256


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--out", "default"), 2, "'default' is neither a name for weights nor"),
        (("--out", "folder/mine"), 2, "'folder/mine' is neither a name"),
        (("--out", "a", "--steps", 0), 2, "--steps: Input should be greater than or equal to 1"),
        (("--out", "a", "--device", "tpu"), 2, "device 'tpu' cannot be used"),
        (("--out", "a", "--config", "gone.json"), 1, "gone.json: not a file with a recipe"),
        (("--out", "a", "--config", "list.json"), 1, "list.json: it contains no recipe"),
        (("--out", "a", "--config", "more.json"), 2, "--colour: Extra inputs are not permitted"),
        (("--out", "a", "--structures", "gone"), 1, "gone: there is no such folder"),
        (("--out", "a", "--negatives", "gone"), 1, "gone: there is no such file or folder"),
        (("--out", "a", "--weights", "gone"), 1, "there are no detector weights of this name"),
    ],
)
def test_what_cannot_be_done_is_said(drpnet, arguments, code, message):
    Path("list.json").write_text("[1]")
    Path("more.json").write_text('{"colour": "red"}')
    assert message in drpnet(*DETECTOR, *arguments, code=code).stderr


@pytest.mark.parametrize("option", ["--negatives", "--labelled"])
def test_missing_pictures_are_said_before_any_work(drpnet, monkeypatch, option):
    def work(*arguments):
        raise AssertionError("the training has begun")

    monkeypatch.setattr("napari_drpnet.training.from_truth.pool.measure_reference", work)
    said = drpnet(*DETECTOR, "--out", "a", option, "gone", code=1).stderr
    assert "gone: there is no such file or folder" in said


def test_a_segmenter_learns_from_label_images_alone(drpnet, own_weights, write_discs):
    write_discs("pictures/a.mrc")
    classes = np.full((64, 64), BACKGROUND, np.uint8)
    classes[:, 40:] = CARBON
    Path("labels").mkdir()
    write_class_map("labels/a.png", classes)
    sizes = {"fields": 0, "label-views": 2, "batch": 2, "steps": 4, "validate-every": 2}
    options = [word for name, value in sizes.items() for word in (f"--{name}", value)]
    folders = ("--labels", "labels", "--micrographs", "pictures", "--diameter", 36)
    run = ("train", "segmenter", "--device", "cpu", "--workers", 1, "--patch-diameters", 4)
    result = drpnet(*run, *options, *folders, "--out", "mine")
    assert "Validation score" in result.stdout
    card = load_segmenter("mine").card
    assert card.trained_on == "1 real micrograph with label images"
    assert card.recipe["data"]["labels"] == "labels"
    result = drpnet(*run, *options, "--out", "other", code=2)
    assert "no simulated micrographs, label images or strokes" in result.stderr
