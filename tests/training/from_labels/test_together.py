from dataclasses import replace

import numpy as np
import pytest
import torch

from napari_drpnet.picking.networks.card import ClassifierCard, DetectorCard, Network
from napari_drpnet.picking.networks.patch_classifier import PatchClassifier
from napari_drpnet.training.common.targets import distance_target
from napari_drpnet.training.from_labels.targets import LabelledImage
from napari_drpnet.training.from_labels.together import find_right, sees_the_same

ABOUT = {"particle_px": 11.0, "licence": "none", "trained_on": "nothing"}
DETECTOR = DetectorCard(threshold=0.4, **ABOUT)
PARTICLES = np.array([[20.0, 20.0], [20.0, 60.0], [60.0, 20.0]])
OTHER = np.array([[60.0, 60.0]])
LABELLED = LabelledImage(np.zeros((80, 80), np.float32), PARTICLES, OTHER)


@pytest.fixture
def classifier():
    """One that always says P = 0.73."""
    module = PatchClassifier(16, 1).eval()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.zero_()
        module.head[-1].bias[1] = 1
    card = ClassifierCard(threshold=0.2, accept=0.5, patch_px=16, pool_stride=1, **ABOUT)
    return Network(module, card, "constant", "")


def draw(*heights):
    centers = np.concatenate([PARTICLES, OTHER])
    cones = [distance_target(center[None], (80, 80), 11.0) for center in centers]
    return sum(height * cone for height, cone in zip(heights, cones, strict=True))


def test_a_label_is_right_where_it_is_picked_as_it_says(classifier):
    right = find_right(LABELLED, draw(0.9, 0.3, 0.1, 0.5), DETECTOR, classifier)
    assert right.tolist() == [True, True, False, False]
    right = find_right(LABELLED, draw(0.9, 0.9, 0.9, 0.1), DETECTOR, classifier)
    assert right.all()


@pytest.mark.parametrize(("accept", "least_f1"), [(0.8, 0.0), (None, 0.9)])
def test_the_cut_of_the_classifier_counts(classifier, accept, least_f1):
    card = classifier.card.model_copy(update={"accept": accept, "least_f1": least_f1})
    strict = replace(classifier, card=card)
    right = find_right(LABELLED, draw(0.9, 0.9, 0.9, 0.9), DETECTOR, strict)
    assert right.tolist() == [False, False, False, True]


@pytest.mark.parametrize(
    "other", [{"particle_px": 12.0}, {"architecture": "multiscale"}, {"spectrum": (1.0,) * 16}]
)
def test_a_classifier_of_other_views_or_heights_is_not_asked(classifier, other):
    assert sees_the_same(classifier, DETECTOR)
    assert not sees_the_same(classifier, DETECTOR.model_copy(update=other))
