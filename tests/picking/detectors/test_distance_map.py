import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from napari_drpnet.picking.detectors.distance_map import predict_distance_map, to_published_units
from napari_drpnet.picking.networks.card import DetectorCard, Network
from napari_drpnet.picking.networks.fcrn import FCRN

CARD = DetectorCard(particle_px=11.0, licence="none", trained_on="nothing")


def network(module):
    return Network(module.eval(), CARD, "test", "")


@pytest.fixture(scope="module")
def fcrn():
    torch.manual_seed(3)
    return network(FCRN())


def image(height, width, seed=0):
    return np.random.default_rng(seed).standard_normal((height, width)).astype(np.float32)


def whole_map(pixels, detector):
    with torch.inference_mode():
        return detector.module(torch.from_numpy(pixels)[None, None])[0, 0].numpy()


class Recorder:
    """A job that records its reports."""

    def __init__(self):
        self.reports = []

    def advance(self, done, total, stage):
        self.reports.append((done, total, stage))


@pytest.mark.parametrize("tile", [5, 9, 10, 21, 64, 1000])
@pytest.mark.parametrize("shape", [(57, 83), (64, 31), (1, 90), (20, 1)])
def test_tiles_do_not_show(fcrn, shape, tile):
    pixels = image(*shape)
    tiled = predict_distance_map(pixels, fcrn, tile=tile)
    assert tiled.dtype == np.float32
    assert_allclose(tiled, whole_map(pixels, fcrn), atol=1e-5)


def test_the_default_tile_does_not_show(fcrn):
    pixels = image(301, 523)
    assert_allclose(predict_distance_map(pixels, fcrn), whole_map(pixels, fcrn), atol=1e-5)


def test_bfloat16_is_near_and_leaves_the_weights_alone(fcrn):
    pixels = image(90, 120)
    before = predict_distance_map(pixels, fcrn)
    rounded = predict_distance_map(pixels, fcrn, "bfloat16")
    difference = np.abs(rounded - before).max()
    assert 0 < difference < 0.1 * before.std()
    assert_array_equal(predict_distance_map(pixels, fcrn), before)
    assert fcrn.module.conv_1.weight.dtype == torch.float32


def test_each_tile_is_reported(fcrn):
    job = Recorder()
    predict_distance_map(image(50, 70), fcrn, tile=32, job=job)
    assert job.reports == [(done, 6, "distance map") for done in range(1, 7)]


def test_published_units():
    values = np.array([[-3, 0], [2, 5]], np.float32)
    assert_allclose(to_published_units(values), [[0, 0], [102, 255]])
    assert_array_equal(to_published_units(-np.abs(values)), np.zeros((2, 2)))
    assert to_published_units(values).dtype == np.float32


def test_published_units_without_dirt():
    values = np.array([[-3, 2], [9, 5]], np.float32)
    dirt = values == 9
    assert_allclose(to_published_units(values, dirt), [[0, 102], [255, 255]])
    assert_array_equal(to_published_units(values, ~dirt), to_published_units(values))
    nothing_clean, nothing_dirty = np.ones((2, 2), bool), np.zeros((2, 2), bool)
    assert_array_equal(to_published_units(values, nothing_clean), to_published_units(values))
    assert_array_equal(to_published_units(values, nothing_dirty), to_published_units(values))
    assert_array_equal(to_published_units(values, values > 0), np.zeros((2, 2)))
