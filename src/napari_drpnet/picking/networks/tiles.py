"""Output of a network for a whole micrograph, computed tile by tile on any device."""

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

Precision = Literal["float32", "bfloat16"]

#: Side of the output of a tile, network pixels, by device; on other devices the network sets it.
_TILE = {"cuda": 2048, "mps": 1024}
_LEAST_TILE = 64
#: Messages of errors about insufficient memory, for which torch has no common type. Others also
#: contain the word, such as those about memory formats and illegal accesses.
_OUT_OF_MEMORY = re.compile("out of memory|not enough memory|allocate memory|alloc_failed", re.I)


def run_tiled(
    module: "nn.Module",
    image: NDArray[np.float32],
    precision: Precision = "float32",
    tile: int | None = None,
    job: Job | None = None,
    what: str = "network",
) -> NDArray[np.float32]:
    """Run a network over an image in overlapping tiles.

    Parameters
    ----------
    module : torch.nn.Module
        Network in evaluation mode, on its device, with the attributes `halo`, `stride` and `tile`
        that `networks.build` describes. It maps images ``(n, c, h, w)`` to ``(n, k, h, w)``.
    image : (c, h, w) float32 array
        Input channels.
    precision : {'float32', 'bfloat16'}
        Arithmetic of the convolutions.
    tile : int, optional
        Side of the output of a tile, network pixels. Default: a value for the device. It is halved
        if there is not enough memory.
    job : Job, optional
        Progress callback, called after each tile; it may cancel the work.
    what : str
        Name of the work in progress reports.

    Returns
    -------
    (k, h, w) float32 array
        Output of the network.

    Raises
    ------
    Cancelled
        If the work was cancelled.
    MemoryError
        If not even the smallest tile fits into memory.

    Notes
    -----
    The input of a tile is its output region plus the halo of the network, cut off at the edge of
    the image, so that zero padding applies only there. Therefore the result does not depend on
    the tiles.
    """
    import torch

    device = next(module.parameters()).device
    dtype = torch.float32 if precision == "float32" else torch.bfloat16
    module = _in_precision(module, dtype)
    source = torch.from_numpy(np.ascontiguousarray(image))[None]
    side = tile or _TILE.get(device.type, cast("int", module.tile))
    job = job or SilentJob()
    while True:
        try:
            with torch.inference_mode():
                return _run_tiles(module, source, side, device, dtype, job, what)
        except RuntimeError as error:
            if not _OUT_OF_MEMORY.search(str(error)):
                raise
            if side <= _LEAST_TILE:
                raise MemoryError(
                    f"not enough memory on {device} for a tile of {side} px; "
                    "free some, or use another device"
                ) from error
        # Outside the except clause the error, and the memory of the failed tile, are released.
        side = max(side // 2, _LEAST_TILE)
        if device.type == "cuda":
            torch.cuda.empty_cache()


def _in_precision(module: "nn.Module", dtype: "torch.dtype") -> "nn.Module":
    """Return the module, or a copy of it that is converted to a dtype."""
    if next(module.parameters()).dtype == dtype:
        return module
    # A copy, because `to` works in place and would round the weights of the caller.
    return deepcopy(module).to(dtype)


def _run_tiles(
    module: "nn.Module",
    source: "Tensor",
    side: int,
    device: "torch.device",
    dtype: "torch.dtype",
    job: Job,
    what: str,
) -> NDArray[np.float32]:
    """Run the module over all tiles of an image ``(1, c, h, w)``, and join their outputs."""
    import torch

    height, width = source.shape[-2:]
    output = np.empty((0, height, width), np.float32)
    halo = cast("int", module.halo)
    side = -(-side // cast("int", module.stride)) * cast("int", module.stride)
    tiles = list(_tiles(height, width, side, halo))
    for done, (input_y, input_x, kept_y, kept_x, rows, columns) in enumerate(tiles, 1):
        part = source[..., input_y, input_x].to(device, dtype, memory_format=torch.channels_last)
        kept = module(part)[0, :, kept_y, kept_x].float().cpu().numpy()
        if done == 1:  # only now the number of output channels is known
            output = np.empty((len(kept), height, width), np.float32)
        output[:, rows, columns] = kept
        job.advance(done, len(tiles), what)
    return output


def _tiles(
    height: int, width: int, side: int, halo: int
) -> Iterator[tuple[slice, slice, slice, slice, slice, slice]]:
    """Yield rows and columns of each tile, those of its output to keep, and those of the target."""
    for input_y, kept_y, rows in _intervals(height, side, halo):
        for input_x, kept_x, columns in _intervals(width, side, halo):
            yield input_y, input_x, kept_y, kept_x, rows, columns


def _intervals(length: int, side: int, halo: int) -> Iterator[tuple[slice, slice, slice]]:
    """Yield the input, the part of the output to keep, and the target along one axis."""
    for start in range(0, length, side):
        stop = min(start + side, length)
        first = max(0, start - halo)
        source = slice(first, min(length, stop + halo))
        yield source, slice(start - first, stop - first), slice(start, stop)
