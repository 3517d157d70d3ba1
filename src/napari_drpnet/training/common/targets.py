"""Target map of the detector."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def distance_target(
    centers_yx: ArrayLike, shape: tuple[int, int], diameter_px: float
) -> NDArray[np.float32]:
    """Draw a cone at each particle: 1 at the centre, 0 from the radius on.

    Parameters
    ----------
    centers_yx : (n, 2) array
        Centres of the particles ``(y, x)``, pixels of the target.
    shape : tuple of int
        Shape ``(h, w)`` of the target.
    diameter_px : float
        Particle diameter, pixels of the target.

    Returns
    -------
    (h, w) float32 array
        ``max(0, 1 − r / R)``, with the distance r to the nearest centre and the particle radius
        R: the distance transform of a disc, scaled to [0, 1].
    """
    from scipy.spatial import cKDTree

    centers = np.asarray(centers_yx, float).reshape(-1, 2)
    if len(centers) == 0:
        return np.zeros(shape, np.float32)
    grid = np.moveaxis(np.indices(shape), 0, -1)
    radius = diameter_px / 2
    distance, _ = cKDTree(centers).query(grid, distance_upper_bound=radius)
    return np.asarray(1 - np.minimum(distance / radius, 1), np.float32)
