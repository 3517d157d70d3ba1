import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from torch import nn

from napari_drpnet.base.jobs import Cancelled
from napari_drpnet.picking.networks.build import SEGMENTERS
from napari_drpnet.picking.networks.frrn import FRRN, WIDTHS, Widths
from napari_drpnet.picking.networks.tiles import run_tiled


def image(*shape):
    return np.random.default_rng(0).standard_normal(shape).astype(np.float32)


def randomised(module):
    """Give batch normalisation statistics and weights that differ between channels."""
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.normal_(layer.running_mean, std=0.2)
            nn.init.uniform_(layer.running_var, 0.5, 2)
            nn.init.uniform_(layer.weight, 0.5, 1.5)
            nn.init.normal_(layer.bias, std=0.2)
    return module.eval()


class Recorder:
    """A job that records its reports, and cancels after some of them."""

    def __init__(self, cancel_after=None):
        self.reports = []
        self.cancel_after = cancel_after

    def advance(self, done, total, stage):
        self.reports.append((done, total, stage))
        if len(self.reports) == self.cancel_after:
            raise Cancelled


class SmallMemory(nn.Module):
    """Module that returns an image doubled and halved, unless it does not fit into memory."""

    halo, stride, tile = 2, 1, 256

    def __init__(self, pixels, message="CUDA out of memory. Tried to allocate 2.00 GiB"):
        super().__init__()
        self.factors = nn.Parameter(torch.tensor([2.0, 0.5])[:, None, None])
        self.pixels, self.message = pixels, message
        self.calls = 0

    def forward(self, batch):
        self.calls += 1
        if batch.numel() > self.pixels:
            raise RuntimeError(self.message)
        return self.factors * batch


def both(pixels):
    return np.concatenate([2 * pixels, pixels / 2])


@pytest.mark.parametrize("tile", [5, 30, 64, 1000])
@pytest.mark.parametrize("architecture", ["frrn-small", "multiscale"])
def test_the_tiles_of_a_segmenter_do_not_show(architecture, tile):
    torch.manual_seed(0)
    module = randomised(SEGMENTERS[architecture](2, 4))
    pixels = image(2, 43, 131)
    with torch.inference_mode():
        whole = module(torch.from_numpy(pixels)[None])[0].numpy()
    tiled = run_tiled(module, pixels, tile=tile)
    assert tiled.dtype == np.float32
    assert tiled.shape == (4, 43, 131)
    assert_allclose(tiled, whole, atol=1e-4)


@pytest.mark.parametrize(
    "architecture", ["frrn-small", "frrn-a", pytest.param("frrn-b", marks=pytest.mark.slow)]
)
def test_two_tiles_of_which_each_misses_an_edge(architecture):
    torch.manual_seed(0)
    check_two_tiles(randomised(SEGMENTERS[architecture](2, 4)))


def test_two_tiles_of_the_stages_of_frrn_b():
    """The same with few channels, which is fast."""
    torch.manual_seed(0)
    stages = tuple(stage._replace(channels=4) for stage in WIDTHS["frrn-b"].stages)
    check_two_tiles(randomised(FRRN(Widths(4, 3, 4, stages), 2, 4)))


def check_two_tiles(module):
    tile = module.halo + module.stride
    pixels = image(2, 1, 2 * tile - 3)
    job = Recorder()
    with torch.inference_mode():
        whole = module(torch.from_numpy(pixels)[None])[0].numpy()
    assert_allclose(run_tiled(module, pixels, tile=tile, job=job), whole, atol=1e-4)
    assert len(job.reports) == 2


def test_images_of_any_layout():
    pixels = image(1, 40, 50)
    pixels.flags.writeable = False
    assert_array_equal(run_tiled(SmallMemory(10**6), np.asfortranarray(pixels)), both(pixels))


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
    pixels = image(1, 300, 200)
    assert_array_equal(run_tiled(SmallMemory(80 * 80, message), pixels), both(pixels))


def test_not_even_the_least_tile_fits():
    with pytest.raises(MemoryError, match="not enough memory on cpu for a tile of 64 px"):
        run_tiled(SmallMemory(10), image(1, 300, 200))


@pytest.mark.parametrize(
    "message", ["unsupported memory format", "CUDA error: an illegal memory access", "bad luck"]
)
def test_other_errors_are_not_taken_for_lack_of_memory(message):
    with pytest.raises(RuntimeError, match=message):
        run_tiled(SmallMemory(10, message), image(1, 300, 200))


def test_each_tile_is_reported():
    job = Recorder()
    run_tiled(SmallMemory(10**6), image(1, 50, 70), tile=32, job=job, what="classes")
    assert job.reports == [(done, 6, "classes") for done in range(1, 7)]


def test_cancelling_stops_before_the_next_tile():
    module, job = SmallMemory(10**6), Recorder(cancel_after=3)
    with pytest.raises(Cancelled):
        run_tiled(module, image(1, 64, 64), tile=16, job=job)
    assert module.calls == len(job.reports) == 3
