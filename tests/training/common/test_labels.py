"""Labels of candidates: by truth, and by the detector's confidence."""

import numpy as np
import pytest
import torch
from torch import nn

from napari_drpnet.picking.networks.card import DetectorCard, Network
from napari_drpnet.training.common.fields import Field
from napari_drpnet.training.common.labels import cut_patches, label_by_confidence, label_candidates

CARD = DetectorCard(particle_px=10.0, licence="none", trained_on="nothing")


class Same(nn.Module):
    """A detector that takes the image for the map."""

    halo, stride, tile = 0, 1, 256

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))

    def forward(self, image):
        return image * self.weight


def field(peaks, truth):
    image = np.zeros((60, 80), np.float16)
    for y, x, value in peaks:
        image[y, x] = value
    return Field(image, np.array(truth, float).reshape(-1, 2))


def test_candidates_are_held_against_the_truth():
    peaks = [(20, 20, 1.0), (20, 23, 0.9), (40, 40, 0.8), (30, 60, 0.05), (2, 40, 0.7)]
    shown = field(peaks, [(21, 20), (30, 62), (1, 40)])
    found = label_candidates(shown, Network(Same(), CARD, "same", ""), 0.0, least_height=0.1)
    assert found.height.tolist() == pytest.approx([1.0, 0.8], abs=1e-3)
    assert found.right.tolist() == [True, False]
    assert found.particles == 2  # the third lies at the edge
    patches = cut_patches([shown], [found], 8)
    assert patches.patches.shape == (2, 8, 8)
    assert patches.patches[0, 4, 4] == 1
    assert patches.labels.tolist() == [1, 0]


def test_confident_peaks_are_particles_and_weak_lonely_ones_are_not():
    score = np.array([9.0, 7.0, 5.0, 1.5, 1.5])
    centers = np.array([(0, 0), (50, 0), (100, 0), (2, 0), (200, 0)], float)
    deviation = np.array([5.0, 6.0, 7.0, 5.0, 5.0])
    labels = label_by_confidence(score, centers, deviation, threshold=2.0 / 1.5, diameter_px=30)
    assert labels.tolist() == [1, -1, -1, -1, 0]


def test_a_flat_box_is_no_particle_however_high_its_peak():
    score = np.array([9.0, 8.5, 8.0, 1.0])
    centers = np.arange(8, dtype=float).reshape(4, 2) * 100
    deviation = np.array([5.0, 0.1, 6.0, 7.0])
    labels = label_by_confidence(score, centers, deviation, 1.0, 20, low_percentile=30)
    assert labels.tolist() == [1, 0, 1, 0]


def test_the_classes_are_balanced_and_nothing_gives_nothing():
    rng = np.random.default_rng(0)
    score, centers = rng.uniform(0, 6, 200), rng.uniform(0, 4000, (200, 2))
    labels = label_by_confidence(score, centers, rng.uniform(1, 2, 200), 1.0, 100)
    assert (labels == 1).sum() == (labels == 0).sum() > 0
    nothing = label_by_confidence(np.empty(0), np.empty((0, 2)), np.empty(0), 1.0, 100)
    assert nothing.shape == (0,)
