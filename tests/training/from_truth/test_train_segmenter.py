"""Complete training runs of a segmenter of toy size."""

from dataclasses import replace

import numpy as np
import pytest

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.jobs import Cancelled
from napari_drpnet.base.segmentation import BACKGROUND, CARBON, CLASSES, ICE, PARTICLE, UNKNOWN
from napari_drpnet.picking.networks.build import SEGMENTERS
from napari_drpnet.picking.networks.card import DetectorCard, Network
from napari_drpnet.picking.networks.weights import load_segmenter
from napari_drpnet.training.common.class_fields import ClassField
from napari_drpnet.training.common.recipe import SegmenterRecipe
from napari_drpnet.training.common.trained import NotBetterError, save_trained
from napari_drpnet.training.from_truth import train_segmenter as module
from napari_drpnet.training.from_truth.class_pool import ClassPool
from napari_drpnet.training.from_truth.cuts import Cuts
from napari_drpnet.training.from_truth.runs import load_start
from napari_drpnet.training.from_truth.train_segmenter import (
    train_segmenter,
    validate,
)

NOWHERE = np.empty((0, 2))


@pytest.fixture(scope="module")
def pool():
    """Fields whose classes are stripes of different levels of both channels."""
    classes = np.repeat(np.array([BACKGROUND, PARTICLE, ICE, CARBON], np.uint8), 12)
    classes = np.repeat(classes[:, None], 48, axis=1)
    levels = np.array([[0, 0, 2, -2, 0], [0, 0, 0.5, 0.5, -1]], np.float16)
    field = ClassField(levels[:, classes], classes, NOWHERE, NOWHERE)
    return ClassPool([field], [field], "stripes", None)


@pytest.fixture
def detector():
    card = DetectorCard(particle_px=11.0, licence="", trained_on="")
    return Network(None, card, "toy", "abc")


def trained_module(trained):
    module = SEGMENTERS[trained.card.architecture](2, len(CLASSES))
    module.load_state_dict(trained.state)
    return module.eval()


def recipe(**changes):
    usual = {"steps": 6, "batch": 2, "validate_every": 3, "patch_diameters": 3.0}
    return SegmenterRecipe.model_validate({**usual, **changes})


@pytest.mark.parametrize("architecture", ["frrn-small", "multiscale"])
def test_a_segmenter_is_trained_saved_and_loaded(tmp_path, pool, detector, architecture):
    reports = []
    used = recipe(architecture=architecture)
    trained = train_segmenter(used, pool, detector, on_report=reports.append)
    assert [report.step for report in reports] == [3, 6]
    assert trained.score == pytest.approx(max(report.score for report in reports), abs=1e-4)
    path = tmp_path / "mine.safetensors"
    save_trained(trained, path)
    network = load_segmenter(str(path))
    assert network.card == trained.card
    assert network.card.classes == CLASSES
    assert network.card.trained_on == "stripes"
    assert network.card.recipe["detector_sha256"] == "abc"
    assert SegmenterRecipe.model_validate_json(path.with_suffix(".recipe.json").read_text()) == used
    # The centres of the particles are unknown, so the usual values are recommended.
    assert (network.card.threshold, network.card.least_area) == (0.3, 0.2)
    assert validate(pool, network).score == pytest.approx(trained.score, abs=1e-4)


def test_held_out_strokes_have_half_of_the_weight_and_are_on_the_card(pool, detector):
    classes = pool.fields[0].classes.copy()
    classes[:, 6:] = UNKNOWN
    strokes = replace(pool, held_out=[replace(pool.fields[0], classes=classes)])
    trained = train_segmenter(recipe(), strokes, detector)
    only = [replace(strokes, **{name: []}) for name in ("validation", "held_out")]
    network = Network(trained_module(trained), trained.card, "mine", "")
    scores = [validate(each, network).score for each in only]
    assert trained.score == pytest.approx(sum(scores) / 2, abs=1e-4)
    assert set(trained.card.recipe["held_out_strokes"]) == set(CLASSES)


def test_the_values_chosen_for_the_best_state_are_recommended(pool, detector, monkeypatch):
    given, stages = [], []

    class Job:
        def advance(self, done, total, stage):
            stages.append(stage)
            if stage == "values":
                raise Cancelled  # too late: the values are needed

    def choose(fields, segmenter, detector, job):
        given.append((fields, segmenter.card.particle_px, detector.name))
        job.advance(1, 1, "values")
        return {"dirt_probability": 0.83, "threshold": 0.41}

    monkeypatch.setattr(module, "choose_values", choose)
    card = train_segmenter(recipe(), pool, detector, job=Job()).card
    assert (card.dirt_probability, card.threshold) == (0.83, 0.41)
    assert given == [(pool.validation, 11.0, "toy")]  # once, not at each validation
    assert stages[-1] == "values"


def test_it_starts_from_weights_and_replaces_them_only_by_better_ones(
    tmp_path, pool, detector, monkeypatch
):
    scores = iter([0.2, 0.3, 0.3, 0.25, 0.1, 0.3, 0.35, 0.1])
    monkeypatch.setattr(module, "validate", lambda *given: Cuts(next(scores), 0.3))
    path = tmp_path / "first.safetensors"
    save_trained(train_segmenter(recipe(), pool, detector), path)
    onward = recipe(weights=str(path))
    with pytest.raises(NotBetterError, match="still the best"):
        train_segmenter(onward, pool, detector)
    second = train_segmenter(onward, pool, detector, load_start(onward))
    assert second.card.trained_on == "stripes; then stripes"
    assert second.card.recipe["started_from_sha256"] == load_segmenter(str(path)).sha256
    assert second.score == 0.35
    with pytest.raises(InputFileError, match="its architecture is frrn-small, not multiscale"):
        load_start(recipe(weights=str(path), architecture="multiscale"))
    assert load_start(recipe()) is None
