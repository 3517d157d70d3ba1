"""Compiled loop that projects point clouds. Importing this module imports numba, which is slow."""

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.compiled import compiled

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


@compiled
def spread_points(positions_yx: Floats, weights: Floats, low: Indices, high: Indices) -> Floats:
    """Distribute the weight of each point over the four nearest pixels by bilinear weights.

    Parameters
    ----------
    positions_yx : (n, 2) float array
        Positions ``(y, x)`` in pixels.
    weights : (n,) float array
        Weight of each point.
    low, high : (2,) int array
        First pixel ``(y, x)`` of a window, and the first beyond its end.

    Returns
    -------
    float64 array of shape ``high - low``
        Sum of the weights in each pixel of the window. Weights outside it are dropped.
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
