"""The distance map of a whole micrograph, tile by tile, on any device."""

import re
from collections.abc import Iterator
from copy import deepcopy
from typing import TYPE_CHECKING, Literal, cast

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.jobs import Job, SilentJob

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from napari_drpnet.picking.networks.card import DetectorNetwork

Map = NDArray[np.float32]

#: Brightest value of the distance map, by the units of the detector.
MAP_LIMITS = {"absolute": 1.0, "published": 255.0}
Precision = Literal["float32", "bfloat16"]

#: Of the output, network pixels; on other devices than these the network says what it likes.
_TILE = {"cuda": 2048, "mps": 1024}
_LEAST_TILE = 64
#: Torch has no one type for it on all devices. Not every error about memory is one: there are
#: unsupported memory formats and illegal accesses too.
_OUT_OF_MEMORY = re.compile("out of memory|not enough memory|allocate memory|alloc_failed", re.I)


def predict_distance_map(
    image: NDArray[np.float32],
    detector: "DetectorNetwork",
    precision: Precision = "float32",
    tile: int | None = None,
    job: Job | None = None,
) -> Map:
    """Run the detector over an image in overlapping tiles.

    Parameters
    ----------
    image : (h, w) float32 array
        As `preprocess` makes it for this detector.
    detector : DetectorNetwork
        From `load_detector`; it says on which device it lives.
    precision : {'float32', 'bfloat16'}
        Arithmetic of the convolutions.
    tile : int, optional
        Side of a tile's output, network pixels; by default as the device likes it. Where memory
        runs out it is halved, and the work goes on.
    job : Job, optional
        Told after each tile; may cancel.

    Returns
    -------
    (h, w) float32 array
        In the detector's own units.

    Raises
    ------
    Cancelled
        When the job says so.
    MemoryError
        When not even the least tile fits into memory.

    Notes
    -----
    Each tile sees its output region plus the network's halo, cut off at the image's edge: there
    alone zero padding sets in, as it does for the whole image. So the result does not depend on
    the tiles.
    """
    import torch

    device = next(detector.module.parameters()).device
    dtype = torch.float32 if precision == "float32" else torch.bfloat16
    module = _in_precision(detector.module, dtype)
    source = torch.from_numpy(np.ascontiguousarray(image))[None, None]
    side = tile or _TILE.get(device.type, cast("int", module.tile))
    job = job or SilentJob()
    while True:
        try:
            with torch.inference_mode():
                return _run_tiles(module, source, side, device, dtype, job)
        except RuntimeError as error:
            if not _OUT_OF_MEMORY.search(str(error)):
                raise
            if side <= _LEAST_TILE:
                raise MemoryError(
                    f"not enough memory on {device} for a tile of {side} px; "
                    "free some, or use another device"
                ) from error
        # Out here the error is gone, and with it what the failed tile held.
        side = max(side // 2, _LEAST_TILE)
        if device.type == "cuda":
            torch.cuda.empty_cache()


def to_published_units(distance_map: Map) -> Map:
    """Rescale a map as the published code does: negative values to 0, its maximum to 255."""
    highest = float(distance_map.max(initial=0))
    if highest <= 0:
        return np.zeros_like(distance_map)
    return np.maximum(distance_map, 0) * np.float32(255 / highest)


def _in_precision(module: "nn.Module", dtype: "torch.dtype") -> "nn.Module":
    """Return the module with weights of a dtype: itself, or a converted copy."""
    if next(module.parameters()).dtype == dtype:
        return module
    # A copy, because `to` works in place and bfloat16 would round the caller's weights for good.
    return deepcopy(module).to(dtype)


def _run_tiles(
    module: "nn.Module",
    source: "Tensor",
    side: int,
    device: "torch.device",
    dtype: "torch.dtype",
    job: Job,
) -> Map:
    import torch

    height, width = source.shape[-2:]
    output = np.empty((height, width), np.float32)
    halo = cast("int", module.halo)
    side = -(-side // cast("int", module.stride)) * cast("int", module.stride)
    tiles = list(_tiles(height, width, side, halo))
    for done, (seen_y, seen_x, kept_y, kept_x, target) in enumerate(tiles, 1):
        part = source[..., seen_y, seen_x].to(device, dtype, memory_format=torch.channels_last)
        output[target] = module(part)[0, 0, kept_y, kept_x].float().cpu().numpy()
        job.advance(done, len(tiles), "distance map")
    return output


def _tiles(
    height: int, width: int, side: int, halo: int
) -> Iterator[tuple[slice, slice, slice, slice, tuple[slice, slice]]]:
    """Yield what each tile sees, which part of that it keeps, and where it goes."""
    for seen_y, kept_y, rows in _intervals(height, side, halo):
        for seen_x, kept_x, columns in _intervals(width, side, halo):
            yield seen_y, seen_x, kept_y, kept_x, (rows, columns)


def _intervals(length: int, side: int, halo: int) -> Iterator[tuple[slice, slice, slice]]:
    for start in range(0, length, side):
        stop = min(start + side, length)
        first = max(0, start - halo)
        seen = slice(first, min(length, stop + halo))
        yield seen, slice(start - first, stop - first), slice(start, stop)
