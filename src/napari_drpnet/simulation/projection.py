"""Compiled loop that projects clouds of points; importing it costs the import of numba."""

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.compiled import compiled

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


@compiled
def spread_points(positions_yx: Floats, weights: Floats, low: Indices, high: Indices) -> Floats:
    """Spread each point over the four pixels around it, in proportion to its nearness.

    Parameters
    ----------
    positions_yx : (n, 2) float array
        Positions ``(y, x)``, pixels.
    weights : (n,) float array
        What each point carries.
    low, high : (2,) int array
        First pixel of a window, and the one behind its last.

    Returns
    -------
    (high - low) float64 array
        Sums over the window; what falls outside is left out.
    """
    rows, columns = high[0] - low[0], high[1] - low[1]
    total = np.zeros((rows, columns))
    for dy in range(2):
        for dx in range(2):
            part = np.zeros((rows, columns))
            for n in range(len(weights)):
                y, x = positions_yx[n, 0], positions_yx[n, 1]
                row, column = int(np.floor(y)), int(np.floor(x))
                share = abs(1 - dy - (y - row)) * abs(1 - dx - (x - column))
                row, column = row + dy - low[0], column + dx - low[1]
                if 0 <= row < rows and 0 <= column < columns:
                    part[row, column] += share * weights[n]
            total += part
    return total
