"""Advice about unusual micrographs and picks, with cause and remedy."""

from dataclasses import replace

import numpy as np
import pytest

from napari_drpnet.base.geometry import Frame
from napari_drpnet.base.picks import Picks
from napari_drpnet.images.equalise import SPECTRUM_SIZE
from napari_drpnet.images.preprocess import NetworkImage
from napari_drpnet.picking.advice import advise
from napari_drpnet.picking.cuts import accept
from napari_drpnet.picking.detection import UNSURE, Detection
from napari_drpnet.picking.detectors.distance_map_family import DistanceMap
from resolving import resolved

SHAPE = (1000, 1200)
FRAME = Frame.with_scale(SHAPE, 4.0)
VIEW = NetworkImage(np.zeros(FRAME.network_shape, np.float32), FRAME, "dark", "robust")
EVIDENCE = DistanceMap(np.zeros(FRAME.network_shape, np.float32), "absolute")
DETECTION = Detection(VIEW, EVIDENCE, VIEW, 80.0, 1.0)


def settings(*, diameter=160.0, polarity="auto", accept=0.5, least_f1=0.0, **peaks):
    return resolved(
        particle={"diameter_angstrom": diameter, "polarity": polarity},
        peaks={"threshold": 0.1, "score": "height", **peaks},
        classifier={"accept": accept, "least_f1": least_f1},
    )


def picks_of(probability, height=0.5):
    count = len(probability)
    heights = np.broadcast_to(np.asarray(height, float), count)
    centers = np.zeros((count, 2))
    return Picks(centers, heights, heights, np.array(probability, float), np.zeros(count, bool))


GOOD = picks_of(np.full(200, 0.9))


def about(topic, *, picks=GOOD, detection=DETECTION, pixel_size=2.0, **given):
    """Return the advice about a topic, and check that there is none about others."""
    parameters = settings(**given)
    accepted = None if picks is None else accept(picks, parameters)
    advice = advise(accepted, detection, parameters, pixel_size)
    assert {each.topic for each in advice} <= {topic}
    return advice[0].text if advice else ""


def test_there_is_no_advice_if_nothing_is_unusual():
    assert about("") == ""
    assert about("", accept=None, least_f1=0.5) == ""


def test_no_candidate_reaches_the_threshold():
    text = about("picks", picks=picks_of([0.9, 0.8], height=[0.07, 0.05]))
    assert "No candidate reaches the threshold of 0.1 (the highest has 0.07)" in text
    assert "Check the particle diameter and the polarity, or lower the threshold." in text
    assert "(the highest" not in about("picks", picks=picks_of([]))


def test_the_level_multiplies_the_threshold():
    assert "threshold of 0.3 " in about("picks", picks=picks_of([0.9], height=0.2), level=3)
    assert "threshold of 0.3 " not in about("picks", picks=picks_of([0.9], height=0.4), level=3)


def test_none_is_accepted_by_a_given_number():
    text = about("picks", picks=picks_of([0.2, 0.31]))
    assert text.startswith("None of 2 candidates is accepted: the highest P(particle) is 0.31")
    assert "accept is 0.50" in text
    assert "lower accept" in text


def test_few_of_many_are_accepted():
    many = [0.8] + [0.2] * 199
    assert about("picks", picks=picks_of(many)).startswith("Only 1 of 200 candidates is accepted")
    assert about("picks", picks=picks_of([0.8] * 4 + [0.2] * 196)) == ""
    assert about("picks", picks=picks_of([0.8] + [0.2] * 50)) == ""


def test_the_automatic_rule_accepts_nothing():
    text = about("picks", picks=picks_of([0.1] * 30), accept=None, least_f1=0.5)
    assert "promises an F1 of only 0.18, and 0.50 is asked for" in text
    assert "looks empty" in text
    assert "give accept a number, or lower least F1" in text
    assert about("picks", picks=picks_of([0.6] * 30), accept=None, least_f1=0.5) == ""


@pytest.mark.parametrize("probability", [np.nan, 0.9])
def test_a_low_maximum_count_is_the_cause(probability):
    text = about("picks", picks=picks_of([probability] * 300), max_count=2)
    assert text == "Only 2 of 300 candidates are accepted: the maximum count is 2. Raise it."


def test_an_uncertain_polarity():
    unsure = replace(DETECTION, polarity_confidence=UNSURE / 2)
    text = about("polarity", detection=unsure)
    assert "uncertain whether particles are dark or bright; they were taken for dark" in text
    assert text.endswith("Set the polarity.")
    assert about("polarity", detection=unsure, polarity="dark") == ""
    assert about("polarity", detection=replace(DETECTION, polarity_confidence=UNSURE)) == ""


def test_a_diameter_in_nanometres():
    text = about("diameter", diameter=16.0)
    assert "16 Å is smaller than what can be seen in ice" in text
    assert "If you meant 16 nm, give 160 Å." in text
    assert about("diameter", diameter=40.0) == ""


def test_a_particle_as_wide_as_the_micrograph():
    text = about("diameter", detection=replace(DETECTION, diameter_px=400.0))
    assert "only 2.5 particle diameters wide" in text
    assert "Check the particle diameter and the pixel size." in text
    assert about("diameter", detection=replace(DETECTION, diameter_px=250.0)) == ""


@pytest.mark.parametrize(("pixel_size", "odd"), [(0.1, True), (0.2, False), (15, False), (20, 1)])
def test_a_pixel_size_that_no_microscope_has(pixel_size, odd):
    text = about("pixel size", pixel_size=pixel_size)
    assert bool(text) == odd
    assert not odd or (f"{pixel_size:g} Å is unusual" in text and "headers are often wrong" in text)


def test_a_particle_of_few_pixels():
    text = about("scale", detection=replace(DETECTION, diameter_px=5.0))
    assert "only 5.0 pixels wide" in text
    assert "binned less, or check diameter and pixel size" in text
    assert about("scale", detection=replace(DETECTION, diameter_px=6.0)) == ""


def test_a_spectrum_that_cannot_be_evened_out():
    gain = np.ones(SPECTRUM_SIZE, np.float32)
    plain = replace(DETECTION, view=replace(VIEW, gain=gain))
    assert about("spectrum", detection=plain) == ""
    gain = np.full(SPECTRUM_SIZE, 4.0, np.float32)
    text = about("spectrum", detection=replace(DETECTION, view=replace(VIEW, gain=gain)))
    assert "filtering or denoising" in text
    assert "Give the micrograph as it was before" in text


@pytest.mark.parametrize(("rows", "share"), [(0, ""), (2, ""), (50, "20%"), (125, "50%")])
def test_a_blank_area(rows, share):
    valid = np.ones(FRAME.network_shape, bool)
    valid[:rows] = False
    text = about("blank area", detection=replace(DETECTION, view=replace(VIEW, valid=valid)))
    assert text.startswith(f"{share} of the micrograph is blank" if share else "")
    assert bool(text) == bool(share)
    assert not text or "left out" in text


def test_dirt_nearly_everywhere():
    mostly = np.ones(FRAME.network_shape, bool)
    mostly[:10] = False
    detection = replace(DETECTION, mask=mostly)
    share = f"{mostly.mean():.0%} of the micrograph is dirt"
    assert about("dirt", detection=detection).startswith(f"{share}, so nothing was rejected")
    without_picks = about("dirt", detection=detection, picks=None)
    assert without_picks.startswith(f"{share}. It may be a frame of carbon")
    assert "the mask is wrong" in without_picks
    assert "pick" not in without_picks.split("mask is wrong")[0]
    assert not about("dirt", detection=replace(DETECTION, mask=~mostly))


def test_several_things_at_once():
    odd = replace(DETECTION, polarity_confidence=0.0, diameter_px=3.0)
    parameters = settings(diameter=6.0)
    advice = advise(accept(picks_of([]), parameters), odd, parameters, 2.0)
    assert [each.topic for each in advice] == ["picks", "polarity", "diameter", "scale"]
    assert all(each.text.endswith(".") for each in advice)
