from dataclasses import replace

import numpy as np
import pytest

from napari_drpnet.base.jobs import Cancelled
from napari_drpnet.images.micrograph import read_micrograph
from napari_drpnet.picking.detection import detect, load_networks
from napari_drpnet.picking.parameters import (
    ClassifierParameters,
    ParticleParameters,
    PickParameters,
)
from napari_drpnet.picking.pick import judge, rank_candidates, resolve, weigh
from napari_drpnet.project.stages import judging
from napari_drpnet.project.stages.judging import Verdicts


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
        parameters = resolve(parameters, networks)
        detection = detect(read_micrograph(tmp_path / "a.mrc"), parameters, networks)
        return detection, networks, rank_candidates(detection, parameters)

    return analyse


@pytest.fixture
def asked(monkeypatch):
    """How many places the classifier was asked about, call by call."""
    counts = []

    def count(picks, *others):
        counts.append(len(picks))
        return weigh(picks, *others)

    monkeypatch.setattr(judging, "weigh", count)
    return counts


def test_verdicts_are_those_of_the_classifier(analysed):
    detection, networks, picks = analysed()
    expected = judge(picks, detection, networks).probability
    assert len(set(expected)) > 1
    judged = Verdicts(detection, networks).judge(picks)
    np.testing.assert_array_equal(judged.probability, expected)
    np.testing.assert_array_equal(judged.centers_yx, picks.centers_yx)


def test_each_place_is_judged_once(analysed, asked):
    detection, networks, picks = analysed()
    verdicts = Verdicts(detection, networks)
    first = picks.where(np.arange(len(picks)) % 2 == 0)
    verdicts.judge(first)
    judged = verdicts.judge(picks)
    expected = judge(picks, detection, networks).probability
    np.testing.assert_allclose(judged.probability, expected, atol=1e-6)
    frame = detection.classifier_view.frame
    pixels = np.round(frame.to_network(picks.centers_yx))
    verdicts.judge(replace(picks, centers_yx=frame.to_full(pixels + 0.4)))
    assert asked == [len(first), len(picks) - len(first)]


def test_without_a_classifier_nothing_is_known(analysed):
    detection, networks, picks = analysed("none")
    assert np.isnan(Verdicts(detection, networks).judge(picks).probability).all()


def test_no_picks_cost_nothing(analysed, asked):
    detection, networks, picks = analysed()
    nobody = picks.where(np.zeros(len(picks), bool))
    assert len(Verdicts(detection, networks).judge(nobody)) == 0
    assert asked == []


def test_a_cancelled_classifier_leaves_nothing_half_known(analysed, asked):
    detection, networks, picks = analysed()
    verdicts = Verdicts(detection, networks)

    class Impatient:
        def advance(self, done, total, stage):
            raise Cancelled

    with pytest.raises(Cancelled):
        verdicts.judge(picks, Impatient())
    assert np.isfinite(verdicts.judge(picks).probability).all()
    assert asked == [len(picks), len(picks)]
