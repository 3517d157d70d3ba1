import numpy as np
import pytest
from numpy.testing import assert_allclose

from napari_drpnet.picking.networks.card import DetectorCard
from napari_drpnet.training.common.targets import distance_target
from napari_drpnet.training.from_labels.held_out import HeldOutLabels, add_mistakes
from napari_drpnet.training.from_labels.targets import LabelledImage

CARD = DetectorCard(particle_px=11, threshold=0.4, licence="BSD-3-Clause", trained_on="nothing")
PARTICLES = np.array([[20.0, 20.0], [20.0, 60.0], [60.0, 20.0]])
OTHER = np.array([[60.0, 60.0]])
IMAGE = np.zeros((80, 80), np.float32)


def draw(*heights):
    centers = np.concatenate([PARTICLES, OTHER])
    cones = [distance_target(center, IMAGE.shape, 11.0) for center in centers]
    return sum(height * cone for height, cone in zip(heights, cones, strict=True))


def ask(labelled, *maps):
    exam = HeldOutLabels(labelled, CARD)
    for number, distance_map in enumerate(maps):
        exam.answer(number, np.ones(len(labelled[number].verdicts), bool), distance_map)
    return exam


def test_a_label_is_right_on_its_side_of_the_threshold():
    exam = ask([LabelledImage(IMAGE, PARTICLES, OTHER)], draw(0.9, 0.5, 0.3, 0.6))
    verdict = exam.judge(0.4)
    assert (verdict.right, verdict.labels) == (2, 4)
    assert verdict.rates.precision == verdict.rates.recall == pytest.approx(2 / 3)
    assert exam.judge(0.25).right == 3


def test_probability_is_a_half_at_the_threshold():
    exam = ask([LabelledImage(IMAGE, PARTICLES, OTHER)], draw(0.4, 0.4, 0.4, 0.4))
    assert exam.judge(0.4).log_loss == pytest.approx(np.log(2), abs=1e-5)
    better = ask([LabelledImage(IMAGE, PARTICLES, OTHER)], draw(0.8, 0.8, 0.8, 0.0))
    assert better.judge(0.4).log_loss < 0.02


def test_a_label_beside_the_summit_stands_as_high():
    labelled = LabelledImage(IMAGE, np.add(PARTICLES, [2.0, -1.0]), np.empty((0, 2)))
    assert ask([labelled], draw(0.5, 0.5, 0.5, 0)).judge(0.45).right == 3


def test_the_threshold_stays_unless_accepted_labels_lie_below():
    labelled = [LabelledImage(IMAGE, PARTICLES, OTHER)] * 2
    assert ask(labelled, draw(0.9, 0.5, 0.3, 0), draw(1, 1, 1, 0)).recommend_threshold() == 0.4
    faint = draw(0.3, 0.3, 0.3, 0)
    assert ask(labelled, faint, faint).recommend_threshold() == pytest.approx(0.3)


def test_mistakes_of_the_detector_are_labels_of_a_complete_micrograph():
    labelled = LabelledImage(IMAGE, PARTICLES, np.empty((0, 2)), complete=True)
    assert_allclose(add_mistakes(labelled, draw(1, 1, 1, 0.5), CARD).rejected_yx, OTHER, atol=0.1)
    assert not len(add_mistakes(labelled, draw(1, 1, 1, 0.1), CARD).rejected_yx)
    empty = LabelledImage(IMAGE, np.empty((0, 2)), np.empty((0, 2)), complete=True)
    assert len(add_mistakes(empty, draw(1, 1, 1, 0.5), CARD).rejected_yx) == 4
    few = LabelledImage(IMAGE, PARTICLES, np.empty((0, 2)))
    assert add_mistakes(few, draw(1, 1, 1, 0.5), CARD) is few
