from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from napari_drpnet.base.class_maps import MIXED
from napari_drpnet.base.segmentation import BACKGROUND, CARBON, ICE, PARTICLE, UNKNOWN
from napari_drpnet.training.common.class_fields import NO_PARTICLE, ClassField
from napari_drpnet.training.common.recipe import SegmenterRecipe
from napari_drpnet.training.from_truth.fit_segmenter import (
    class_weights,
    fit_segmenter,
    segmentation_loss,
)

EQUAL = torch.ones(4)


def stripes(side=48):
    """A field whose classes are stripes of different levels of both channels."""
    classes = np.repeat(np.array([BACKGROUND, PARTICLE, ICE, CARBON], np.uint8), side // 4)
    classes = np.repeat(classes[:, None], side, axis=1)
    levels = np.array([[0, 0, 2, -2, 0], [0, 0, 0.5, 0.5, -1]], np.float16)
    return ClassField(levels[:, classes], classes, np.empty((0, 2)), np.empty((0, 2)))


def scores_of(classes, sure=8.0):
    known = np.clip(classes.astype(int) - 1, 0, 3)
    return torch.from_numpy(np.moveaxis(np.eye(4)[known] * sure, -1, 1)).float()


def test_weights_grow_with_rarity_up_to_a_limit():
    weights = class_weights(np.array([400, 100, 1, 0]))
    assert weights.dtype == np.float32
    assert weights.mean() == pytest.approx(1)
    np.testing.assert_allclose(weights / weights[0], [1, 2, 2.5, 2.5], rtol=1e-6)


def test_the_loss_of_the_truth_is_small_and_that_of_an_error_large():
    classes = stripes().classes[None]
    right = segmentation_loss(scores_of(classes), torch.from_numpy(classes), EQUAL)
    wrong = segmentation_loss(scores_of(classes[:, ::-1].copy()), torch.from_numpy(classes), EQUAL)
    assert right < 0.02
    assert wrong > 5


def test_ignored_pixels_do_not_count():
    classes = stripes().classes[None].copy()
    scores = scores_of(classes)
    before = segmentation_loss(scores, torch.from_numpy(classes), EQUAL)
    classes[:, :, :10] = MIXED
    scores[:, :, :, :10] = torch.randn(1, 4, 48, 10)
    after = segmentation_loss(scores, torch.from_numpy(classes), EQUAL)
    assert after == pytest.approx(float(before), rel=0.05)
    nothing = torch.full((1, 8, 8), MIXED, dtype=torch.uint8)
    assert segmentation_loss(torch.zeros(1, 4, 8, 8), nothing, EQUAL) == 0


def test_where_there_are_no_particles_only_these_are_penalised():
    classes = torch.full((1, 8, 8), NO_PARTICLE, dtype=torch.uint8)
    loss = {
        number: float(segmentation_loss(scores_of(np.full((1, 8, 8), number)), classes, EQUAL))
        for number in (BACKGROUND, PARTICLE, ICE, CARBON)
    }
    assert loss[PARTICLE] > 5
    assert max(loss[BACKGROUND], loss[ICE], loss[CARBON]) < 0.01


def test_a_network_learns_the_classes_of_levels():
    torch.manual_seed(1)
    network = nn.Sequential(nn.Conv2d(2, 16, 1), nn.ReLU(), nn.Conv2d(16, 4, 1))
    recipe = SegmenterRecipe(steps=150, batch=4, learning_rate=0.03, patch_diameters=2.0)
    field = stripes()
    reports = list(fit_segmenter(network, [field], recipe, 11.0))
    assert reports[-1].step == 150
    assert reports[-1].loss < reports[0].loss
    with torch.inference_mode():
        found = network(torch.from_numpy(field.inputs[None].astype(np.float32)))[0].argmax(0) + 1
    assert (found.numpy() == field.classes).mean() > 0.98


@pytest.mark.parametrize(("share", "least", "most"), [(0.0, 0.3, 0.7), (1.0, 0.9, 1.0)])
def test_a_share_of_the_patches_is_centred_on_dirt(share, least, most):
    field = stripes(96)
    middles = []

    class Watch(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Conv2d(2, 4, 1)

        def forward(self, images):
            dirty = (images[:, 1, 8, 8] == -1) | (images[:, 0, 8, 8] == -2)
            middles.extend(dirty.tolist())
            return self.layer(images)

    recipe = SegmenterRecipe(steps=20, batch=8, dirt_share=share, patch_diameters=1.5)
    list(fit_segmenter(Watch(), [field], recipe, 11.0))
    assert least <= np.mean(middles) <= most


def test_patches_of_strokes_show_them():
    field = stripes(96)
    strokes = np.where(field.classes == CARBON, np.uint8(CARBON), np.uint8(UNKNOWN))
    shown = []

    class Watched(nn.Conv2d):
        def forward(self, images):
            shown.extend((images[:, 1] == -1).any(dim=(1, 2)).tolist())
            return super().forward(images)

    recipe = SegmenterRecipe(steps=20, batch=4, dirt_share=0, patch_diameters=1.5)
    list(fit_segmenter(Watched(2, 4, 1), [replace(field, classes=strokes)], recipe, 11.0))
    assert len(shown) == 80
    assert all(shown)


def test_a_field_smaller_than_a_patch_does_not_shrink_the_patches():
    small, large = stripes(16), stripes(64)
    sides = []

    class Watched(nn.Conv2d):
        def forward(self, images):
            sides.append(images.shape[-2:])
            return super().forward(images)

    recipe = SegmenterRecipe(steps=3, batch=4, patch_diameters=4.0)
    list(fit_segmenter(Watched(2, 4, 1), [small, large], recipe, 11.0))
    assert set(sides) == {(44, 44)}
