"""How sigma, threshold and accept are chosen."""

import numpy as np
import pytest
import torch
from torch import nn

from napari_drpnet.picking.networks.card import DetectorCard, Network
from napari_drpnet.training.common.fields import Field
from napari_drpnet.training.common.labels import LabelledCandidates
from napari_drpnet.training.from_truth import cuts as choosing
from napari_drpnet.training.from_truth.cuts import (
    choose_detector_cuts,
    choose_least_f1,
    choose_threshold,
    f1,
)


def found(height, right, particles):
    return LabelledCandidates(
        np.zeros((len(height), 2)), np.array(height, float), np.array(right, bool), particles
    )


def test_f1_counts_what_is_missed_and_what_is_wrong():
    record = found([0.9, 0.8, 0.3], [True, False, True], particles=4)
    assert f1(record, record.height >= 0.5) == pytest.approx(2 * 1 / (4 + 2))
    assert f1(record, record.height >= 0.1) == pytest.approx(2 * 2 / (4 + 3))
    assert f1(found([], [], 0), np.zeros(0, bool)) == 1


def test_the_threshold_separates_and_false_picks_on_empty_fields_cost():
    full = found([0.9, 0.8, 0.35, 0.3], [True, True, False, False], particles=2)
    threshold, score = choose_threshold([full])
    assert 0.35 < threshold <= 0.8
    assert score == 1
    empty = found(np.full(20, 0.6), np.zeros(20, bool), particles=0)
    threshold, score = choose_threshold([full, empty])
    assert 0.6 < threshold <= 0.8
    assert score == 1


def test_fields_that_promise_less_than_empty_ones_are_left_empty():
    full = found([0.9] * 4, [True] * 4, particles=4)
    faint = found([0.9] * 4, [True, True, False, True], particles=3)
    empty = found(np.full(60, 0.6), np.zeros(60, bool), particles=0)
    probability = [np.full(4, 0.9), np.full(4, 0.6), np.full(60, 0.3)]
    least_f1, score = choose_least_f1([full, faint, empty], probability)
    # All 60 of the empty field would be accepted at 0.25; its expected F1 is 2 × 0.3 / 1.3.
    assert 0.46 < least_f1 <= 0.75
    assert score == pytest.approx((1 + 6 / 7) / 2)


def test_of_values_as_good_the_greatest_is_chosen():
    full = found([0.9] * 4, [True] * 4, particles=4)
    least_f1, score = choose_least_f1([full], [np.full(4, 0.99)])
    assert least_f1 == 0.7
    assert score == 1


def test_without_particles_only_false_picks_count():
    empty = found(np.full(20, 0.6), np.zeros(20, bool), particles=0)
    threshold, score = choose_threshold([empty])
    assert threshold > 0.6
    assert score == 0


class Same(nn.Module):
    """A detector that takes the image for the map."""

    halo, stride, tile = 0, 1, 256

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))

    def forward(self, image):
        return image * self.weight


def test_a_detector_draws_each_field_once_and_gets_the_sigma_that_serves_best(monkeypatch):
    """Faint blobs among single bright pixels: without smoothing those are higher."""
    rng = np.random.default_rng(3)
    y, x = np.ogrid[:90, :110]
    fields = []
    for _ in range(3):
        centers = np.array([(20.0, 30.0), (60.0, 40.0), (45.0, 85.0)]) + rng.uniform(-3, 3, (3, 2))
        image = sum(0.6 * np.exp(-((y - cy) ** 2 + (x - cx) ** 2) / 18) for cy, cx in centers)
        for _ in range(12):
            image[int(rng.integers(90)), int(rng.integers(110))] += 0.9
        fields.append(Field(image.astype(np.float16), centers))
    drawn = []

    def draw(image, detector):
        drawn.append(image.shape)
        return image

    monkeypatch.setattr(choosing, "predict_distance_map", draw)
    card = DetectorCard(particle_px=10.0, licence="none", trained_on="nothing")
    cuts = choose_detector_cuts(fields, Network(Same(), card, "same", ""))
    assert len(drawn) == len(fields)
    assert cuts.sigma_px > 0
    assert cuts.score == pytest.approx(1)
    assert 0.05 <= cuts.threshold < 0.6
