import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from torch import nn

from napari_drpnet.base.jobs import Cancelled
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
    """A job that notes what it is told, and cancels after some reports."""

    def __init__(self, cancel_after=None):
        self.reports = []
        self.cancel_after = cancel_after

    def advance(self, done, total, stage):
        self.reports.append((done, total, stage))
        if len(self.reports) == self.cancel_after:
            raise Cancelled


class SmallMemory(nn.Module):
    """Doubles an image, unless it has more pixels than fit."""

    halo, stride, tile = 2, 1, 256

    def __init__(self, pixels, message="CUDA out of memory. Tried to allocate 2.00 GiB"):
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(2.0))
        self.pixels, self.message = pixels, message

    def forward(self, batch):
        if batch.numel() > self.pixels:
            raise RuntimeError(self.message)
        return self.factor * batch


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


def test_images_of_any_layout(fcrn):
    pixels = image(40, 50)
    expected = predict_distance_map(pixels, fcrn)
    pixels.flags.writeable = False
    assert_array_equal(predict_distance_map(np.asfortranarray(pixels), fcrn), expected)


@pytest.mark.parametrize(
    "message",
    [
        "CUDA out of memory. Tried to allocate 2.00 GiB",
        "MPS backend out of memory (MPS allocated: 8 GB)",
        "[enforce fail at alloc_cpu.cpp:124] err == 0. DefaultCPUAllocator: can't allocate memory",
        "DefaultCPUAllocator: not enough memory: you tried to allocate 123 bytes.",
        "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
    ],
)
def test_tiles_shrink_until_they_fit(message):
    pixels = image(300, 200)
    detector = network(SmallMemory(80 * 80, message))
    assert_array_equal(predict_distance_map(pixels, detector), 2 * pixels)


def test_not_even_the_least_tile_fits():
    detector = network(SmallMemory(10))
    with pytest.raises(MemoryError, match="not enough memory on cpu for a tile of 64 px"):
        predict_distance_map(image(300, 200), detector)


@pytest.mark.parametrize(
    "message", ["unsupported memory format", "CUDA error: an illegal memory access", "bad luck"]
)
def test_other_errors_are_not_taken_for_lack_of_memory(message):
    detector = network(SmallMemory(10, message))
    with pytest.raises(RuntimeError, match=message):
        predict_distance_map(image(300, 200), detector)


def test_each_tile_is_reported(fcrn):
    job = Recorder()
    predict_distance_map(image(50, 70), fcrn, tile=32, job=job)
    assert job.reports == [(done, 6, "distance map") for done in range(1, 7)]


def test_cancelling_stops_before_the_next_tile():
    seen = []

    class Witness(SmallMemory):
        def forward(self, batch):
            seen.append(batch.shape)
            return super().forward(batch)

    job = Recorder(cancel_after=3)
    with pytest.raises(Cancelled):
        predict_distance_map(image(64, 64), network(Witness(10**6)), tile=16, job=job)
    assert len(seen) == len(job.reports) == 3


def test_published_units():
    values = np.array([[-3, 0], [2, 5]], np.float32)
    assert_allclose(to_published_units(values), [[0, 0], [102, 255]])
    assert_array_equal(to_published_units(-np.abs(values)), np.zeros((2, 2)))
    assert to_published_units(values).dtype == np.float32
