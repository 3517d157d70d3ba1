from dataclasses import replace

import numpy as np
import pytest

from napari_drpnet.base.jobs import Cancelled
from napari_drpnet.images.micrograph import read_micrograph
from napari_drpnet.picking.candidates import rank_candidates
from napari_drpnet.picking.classification import classify as module
from napari_drpnet.picking.classification.classify import PatchCache, classify, patch_log_odds
from napari_drpnet.picking.detection import detect
from napari_drpnet.picking.loading import load_networks
from napari_drpnet.picking.parameters import (
    ClassifierParameters,
    ParticleParameters,
    PickParameters,
)


@pytest.fixture
def analysed(tmp_path, write_discs):
    """A function that detects in one micrograph, with the shipped classifier or without."""
    write_discs(tmp_path / "a.mrc")

    def analyse(classifier="default"):
        parameters = PickParameters(
            particle=ParticleParameters(diameter_angstrom=36.0),
            classifier=ClassifierParameters(classifier=classifier),
        )
        networks = load_networks(parameters)
        parameters = networks.resolve(parameters)
        detection = detect(read_micrograph(tmp_path / "a.mrc"), parameters, networks)
        return detection, networks, rank_candidates(detection, parameters)

    return analyse


@pytest.fixture
def asked(monkeypatch):
    """How many places the classifier was asked about, call by call."""
    counts = []

    def count(picks, *others):
        counts.append(len(picks))
        return patch_log_odds(picks, *others)

    monkeypatch.setattr(module, "patch_log_odds", count)
    return counts


def test_cached_probabilities_are_those_of_the_classifier(analysed):
    detection, networks, picks = analysed()
    expected = classify(picks, detection, networks).probability
    assert len(set(expected)) > 1
    cached = classify(picks, detection, networks, known=PatchCache(detection))
    np.testing.assert_array_equal(cached.probability, expected)
    np.testing.assert_array_equal(cached.centers_yx, picks.centers_yx)


def test_each_place_is_classified_once(analysed, asked):
    detection, networks, picks = analysed()
    known = PatchCache(detection)
    first = picks.where(np.arange(len(picks)) % 2 == 0)
    classify(first, detection, networks, known=known)
    cached = classify(picks, detection, networks, known=known)
    assert asked == [len(first), len(picks) - len(first)]
    frame = detection.classifier_view.frame
    pixels = np.round(frame.to_network(picks.centers_yx))
    moved = replace(picks, centers_yx=frame.to_full(pixels + 0.4))
    classify(moved, detection, networks, known=known)
    assert asked == [len(first), len(picks) - len(first)]
    expected = classify(picks, detection, networks).probability
    np.testing.assert_allclose(cached.probability, expected, atol=1e-6)


def test_without_a_classifier_there_is_no_probability(analysed):
    detection, networks, picks = analysed("none")
    assert np.isnan(classify(picks, detection, networks).probability).all()


def test_no_picks_cost_nothing(analysed, asked):
    detection, networks, picks = analysed()
    nobody = picks.where(np.zeros(len(picks), bool))
    assert len(classify(nobody, detection, networks, known=PatchCache(detection))) == 0
    assert asked == []


def test_a_cancelled_classifier_leaves_nothing_half_known(analysed, asked):
    detection, networks, picks = analysed()
    known = PatchCache(detection)

    class Impatient:
        def advance(self, done, total, stage):
            raise Cancelled

    with pytest.raises(Cancelled):
        classify(picks, detection, networks, Impatient(), known=known)
    assert np.isfinite(classify(picks, detection, networks, known=known).probability).all()
    assert asked == [len(picks), len(picks)]
