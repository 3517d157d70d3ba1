"""Closed outlines drawn by hand: what lies inside, and places along them."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def inside_outline(centers_yx: ArrayLike, outline_yx: ArrayLike) -> NDArray[np.bool_]:
    """Return which positions lie inside a closed outline.

    Parameters
    ----------
    centers_yx : (n, 2) array_like
        Positions ``(y, x)``.
    outline_yx : (k, 2) array_like
        Corners ``(y, x)`` of the outline, which is closed from the last to the first. Where it
        crosses itself, a place is inside if it is enclosed an odd number of times.

    Returns
    -------
    (n,) bool array
    """
    y, x = np.asarray(centers_yx, float).reshape(-1, 2).T
    corners = np.asarray(outline_yx, float).reshape(-1, 2)
    is_inside = np.zeros(len(y), bool)
    for (y0, x0), (y1, x1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        between = (y0 > y) != (y1 > y)
        crossing_x = x0 + (y[between] - y0) * (x1 - x0) / (y1 - y0 or 1.0)
        is_inside[between] ^= x[between] < crossing_x
    return is_inside


def spread_along(outline_yx: ArrayLike, count: int) -> NDArray[np.float64]:
    """Return places at even distances along a closed outline.

    Parameters
    ----------
    outline_yx : (k, 2) array_like
        Corners ``(y, x)`` of the outline, at least one; it is closed from the last to the first.
    count : int
        Number of places.

    Returns
    -------
    (count, 2) array
        Places ``(y, x)``, beginning with the first corner.
    """
    corners = np.asarray(outline_yx, float).reshape(-1, 2)
    closed = np.concatenate([corners, corners[:1]])
    ways = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(closed, axis=0), axis=1))])
    places = np.linspace(0, ways[-1], count, endpoint=False)
    return np.column_stack([np.interp(places, ways, axis) for axis in closed.T])
