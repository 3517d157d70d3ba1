"""Compiled loop over the pixels of a micrograph that gathers statistics of blocks.

Importing this module costs the import of numba; see `peak_loops`.
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
    """Return size, sum, sum of squares, least and greatest value of each block.

    Parameters
    ----------
    pixels : (ny, nx) real array
        The micrograph.
    rows, columns : (m + 1,) and (n + 1,) int array
        Where blocks begin, and the end.
    stride : int
        Only every so many pixels of every so many rows of a block are looked at.

    Returns
    -------
    five (m, n) float64 arrays
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
