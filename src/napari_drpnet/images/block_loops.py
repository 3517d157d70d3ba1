"""Compiled loop that computes statistics of blocks of pixels.

Importing this module imports numba, which is slow.
"""

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.compiled import compiled

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


@compiled
def sum_blocks(
    pixels: NDArray[np.generic], rows: Indices, columns: Indices, stride: int
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Return the count, sum, sum of squares, minimum and maximum of the pixels of each block.

    Parameters
    ----------
    pixels : (ny, nx) real array
        Pixels of the micrograph.
    rows, columns : (m + 1,) and (n + 1,) int array
        First row and first column of each block, followed by the end of the last block.
    stride : int
        Sampling step along both axes: every `stride`-th pixel of every `stride`-th row is used.

    Returns
    -------
    tuple of five (m, n) float64 arrays
    """
    shape = (len(rows) - 1, len(columns) - 1)
    size, total, squares = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    low, high = np.full(shape, np.inf), np.full(shape, -np.inf)
    for block_y in range(shape[0]):
        for y in range(rows[block_y], rows[block_y + 1], stride):
            for block_x in range(shape[1]):
                first, last = columns[block_x], columns[block_x + 1]
                mean, square = 0.0, 0.0
                least, greatest = np.inf, -np.inf
                for x in range(first, last, stride):
                    value = np.float64(pixels[y, x])
                    size[block_y, block_x] += 1
                    mean += value
                    square += value * value
                    least = min(least, value)
                    greatest = max(greatest, value)
                total[block_y, block_x] += mean
                squares[block_y, block_x] += square
                low[block_y, block_x] = min(low[block_y, block_x], least)
                high[block_y, block_x] = max(high[block_y, block_x], greatest)
    return size, total, squares, low, high
