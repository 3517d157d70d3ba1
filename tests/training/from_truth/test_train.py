"""Complete training runs of toy size."""

import numpy as np
import pytest
import torch

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.jobs import Cancelled
from napari_drpnet.picking.detectors.distance_map import predict_distance_map
from napari_drpnet.picking.networks.build import SEGMENTERS
from napari_drpnet.picking.networks.weights import load_classifier, load_detector
from napari_drpnet.training.common.recipe import STANDARD, ClassifierRecipe, DetectorRecipe
from napari_drpnet.training.common.trained import NotBetterError, save_trained
from napari_drpnet.training.from_truth import train
from napari_drpnet.training.from_truth.cuts import Cuts
from napari_drpnet.training.from_truth.runs import load_map_detector, load_start
from napari_drpnet.training.from_truth.train import train_classifier, train_detector
from segmenting import toy_segmenter, write_segmenter


def recipe(**changes):
    usual = {"architecture": "fcrn", "steps": 6, "batch": 2, "validate_every": 2}
    return DetectorRecipe.model_validate({**usual, "patch_diameters": 4.0, **changes})


@pytest.fixture
def scores(monkeypatch):
    """A function that sets the scores of the following validations."""

    def give(*scores):
        following = iter(scores)
        choose = lambda *given: Cuts(next(following), 0.4, 0.7, 0.5)  # noqa: E731
        monkeypatch.setattr(train, "choose_detector_cuts", choose)
        monkeypatch.setattr(train, "choose_classifier_cuts", choose)

    return give


class StopAt:
    def __init__(self, step):
        self.step = step

    def advance(self, done, total, stage):
        if done == self.step:
            raise Cancelled


@pytest.mark.parametrize("architecture", ["fcrn", "multiscale"])
def test_a_detector_is_trained_saved_and_loaded(tmp_path, toy_pool, architecture):
    reports = []
    trained = train_detector(recipe(architecture=architecture), toy_pool, on_report=reports.append)
    assert [report.step for report in reports] == [2, 4, 6]
    assert {report.steps for report in reports} == {6}
    assert trained.score == pytest.approx(max(report.score for report in reports), abs=1e-4)
    path = tmp_path / "new" / "mine.safetensors"
    save_trained(trained, path)
    network = load_detector(str(path))
    assert network.card == trained.card
    assert network.card.architecture == architecture
    assert network.card.trained_on == "toys"
    image = toy_pool.validation[0].image.astype(np.float32)
    assert predict_distance_map(image, network).shape == image.shape
    beside = DetectorRecipe.model_validate_json(path.with_suffix(".recipe.json").read_text())
    assert beside == trained.recipe == recipe(architecture=architecture)
    assert network.card.recipe["steps"] == 6
    assert network.card.recipe["data"]["structures"] is None
    assert network.card.recipe["hard"] == STANDARD.model_dump()


def test_the_same_recipe_gives_the_same_weights(toy_pool):
    first, again, other = (
        train_detector(recipe(architecture="multiscale", seed=seed), toy_pool) for seed in (1, 1, 2)
    )
    assert first.card == again.card
    assert all(torch.equal(first.state[name], again.state[name]) for name in first.state)
    assert not torch.equal(first.state["out.weight"], other.state["out.weight"])


def test_the_best_state_is_kept(toy_pool, scores):
    scores(0.2, 0.5, 0.3)
    trained = train_detector(recipe(), toy_pool)
    assert trained.score == 0.5
    scores(0.2, 0.5)
    stopped = train_detector(recipe(), toy_pool, job=StopAt(5))
    assert (trained.interrupted, stopped.interrupted) == (False, True)
    assert all(torch.equal(trained.state[name], stopped.state[name]) for name in trained.state)
    assert (trained.card.threshold, trained.card.sigma_px) == (0.4, 0.7)


def test_cancelled_before_the_first_validation_there_is_no_result(toy_pool):
    with pytest.raises(Cancelled):
        train_detector(recipe(), toy_pool, job=StopAt(1))


def test_a_run_starts_from_weights_and_says_so(tmp_path, toy_pool, scores):
    path = tmp_path / "first.safetensors"
    scores(0.1, 0.2, 0.3)
    first = train_detector(recipe(), toy_pool)
    card = first.card.model_copy(update={"licence": "Academic use only"})
    save_trained(type(first)(first.state, card, first.recipe, False), path)
    scores(0.3, 0.3, 0.35, 0.2)  # the first score is that of the start
    onward = recipe(weights=str(path), learning_rate=1e-9)
    second = train_detector(onward, toy_pool, load_start(onward))
    assert second.card.licence == "Academic use only"
    assert second.card.trained_on == "toys; then toys"
    assert second.card.recipe["weights"] == "first.safetensors"
    assert second.card.recipe["started_from_sha256"] == load_detector(str(path)).sha256
    for name, tensor in first.state.items():
        torch.testing.assert_close(second.state[name], tensor, rtol=0, atol=1e-6)
    scores(0.3, 0.3, 0.2, 0.1)
    with pytest.raises(NotBetterError, match="still the best"):
        train_detector(onward, toy_pool, load_start(onward))
    scores(0.3, 0.2)
    with pytest.raises(Cancelled):  # with nothing better than the start
        train_detector(onward, toy_pool, load_start(onward), job=StopAt(3))
    with pytest.raises(InputFileError, match="its architecture is fcrn, not multiscale"):
        load_start(recipe(weights=str(path), architecture="multiscale"))
    assert load_start(recipe()) is None


def test_a_segmenter_is_no_detector_to_start_from(tmp_path, monkeypatch):
    monkeypatch.setitem(SEGMENTERS, "toy", toy_segmenter)
    path = write_segmenter(tmp_path / "segmenter.safetensors")
    with pytest.raises(InputFileError, match="these are segmenter weights"):
        load_start(recipe(weights=path))
    with pytest.raises(InputFileError, match="these are segmenter weights"):
        load_map_detector(path)
    assert load_map_detector("multiscale").card.kind == "detector"


def test_a_classifier_is_trained_on_what_a_detector_finds(tmp_path, toy_pool, use_toy_weights):
    detector = load_detector()
    usual = ClassifierRecipe(epochs=1, batch=16, validate_every=5, least_height=0.0)
    reports = []
    trained = train_classifier(usual, toy_pool, detector, on_report=reports.append)
    assert reports[-1].step == reports[-1].steps
    assert reports[-1].score is not None
    path = tmp_path / "mine.safetensors"
    save_trained(trained, path)
    network = load_classifier(str(path))
    assert network.card.patch_px == 40
    assert network.card.particle_px == detector.card.particle_px
    assert network.card.recipe["detector_sha256"] == detector.sha256
    assert network.card.accept is None
    assert network.card.threshold == usual.least_height
    assert load_start(ClassifierRecipe(weights=str(path))).card == network.card
    with pytest.raises(InputFileError, match="its patch_px is 40, not 48"):
        load_start(ClassifierRecipe(weights=str(path), patch_px=48))


def test_the_search_for_candidates_can_be_cancelled(toy_pool, use_toy_weights):
    reported = []

    class Watcher:
        def advance(self, *given):
            reported.append(given)
            if len(reported) == 3:
                raise Cancelled

    with pytest.raises(Cancelled):
        train_classifier(ClassifierRecipe(), toy_pool, load_detector(), job=Watcher())
    assert reported == [(done, 4, "finding candidates") for done in (1, 2, 3)]


def test_nothing_to_learn_from_is_said(toy_pool, use_toy_weights):
    with pytest.raises(ValueError, match="on 0 patches"):
        train_classifier(ClassifierRecipe(least_height=1e6), toy_pool, load_detector())
