"""Painted micrographs as the last layer of a segmenter sees them, and weights of classes."""

import numpy as np
import pytest
import torch

from napari_drpnet.base.class_maps import MIXED
from napari_drpnet.base.segmentation import BACKGROUND, ICE, PARTICLE, UNKNOWN
from napari_drpnet.picking.networks.build import SEGMENTERS
from napari_drpnet.training.from_strokes.fit import LastLayer
from napari_drpnet.training.from_strokes.painted import (
    PaintedImage,
    PaintedPixels,
    class_weights,
)

SHAPE = (100, 84)


@pytest.fixture(scope="module", params=["frrn-small", "multiscale"])
def module(request):
    torch.manual_seed(0)
    return SEGMENTERS[request.param](2, 4).eval()


@pytest.fixture
def inputs():
    return np.random.default_rng(0).normal(0, 1, (2, *SHAPE)).astype(np.float32)


def dots(*places):
    """Return strokes of single pixels, each given by row, column and class."""
    strokes = np.zeros(SHAPE, np.uint8)
    for row, column, number in places:
        strokes[row, column] = number
    return strokes


def test_features_and_last_layer_are_the_network(module, inputs):
    image = PaintedImage(inputs, dots((90, 10, ICE), (3, 80, PARTICLE), (50, 50, MIXED)))
    pixels = PaintedPixels.of(image, module)
    with torch.no_grad():
        scores = module(torch.from_numpy(inputs)[None])[0].numpy()
    assert pixels.classes.tolist() == [PARTICLE, ICE]
    found = LastLayer.of(module.out).scores(pixels.features)
    np.testing.assert_allclose(found, scores[:, [3, 90], [80, 10]].T, atol=1e-5)


def test_the_network_stays_on_its_device(module, inputs, monkeypatch):
    """It is the one in use; on a GPU, a layer on the CPU would break the next segmentation."""

    def move(*arguments):
        raise AssertionError("a module was moved")

    monkeypatch.setattr(torch.nn.Module, "cpu", move)
    monkeypatch.setattr(torch.nn.Module, "to", move)
    PaintedPixels.of(PaintedImage(inputs, dots((90, 10, ICE))), module)


def test_blank_pixels_do_not_count_in_shares_and_spread(module, inputs):
    inputs[:, :50] = 40.0
    valid = np.ones(SHAPE, bool)
    valid[:60] = False
    strokes = dots((90, 10, ICE))
    blank, whole = (
        PaintedPixels.of(PaintedImage(inputs, strokes, mask), module) for mask in (valid, None)
    )
    assert blank.shares.sum() == pytest.approx(1)
    assert whole.shares.sum() == pytest.approx(1)
    assert (blank.square < whole.square).mean() > 0.8


def test_a_class_map_has_the_chosen_pixels_only(module, inputs):
    image = PaintedImage(inputs, dots((1, 2, ICE), (5, 6, PARTICLE)))
    pixels = PaintedPixels.of(image, module)
    chosen = np.zeros(SHAPE, bool)
    chosen[5] = True
    classes = pixels.class_map(np.array([BACKGROUND, ICE], np.uint8), chosen)
    assert classes[5, 6] == ICE
    assert (classes != UNKNOWN).sum() == 1


def test_classes_weigh_as_their_areas_to_a_power(module, inputs):
    pixels = [PaintedPixels.of(PaintedImage(inputs, dots((1, 1, ICE))), module)]
    painted = [np.array([BACKGROUND, ICE], np.uint8)]
    equal = class_weights(pixels, painted, 0.0)
    assert equal.tolist() == [0.5, 0, 0.5, 0]
    areas = class_weights(pixels, painted, 1.0)
    shares = np.maximum(pixels[0].shares[[0, 2]], 0.03)
    np.testing.assert_allclose(areas[[0, 2]], shares / shares.sum())
