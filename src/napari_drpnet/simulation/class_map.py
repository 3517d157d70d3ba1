"""True classes of the pixels of a simulated micrograph."""

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.segmentation import BACKGROUND, CARBON, ICE, PARTICLE, UNKNOWN

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
ClassMap = NDArray[np.uint8]

#: Least projected potential in a silhouette, as a share of the maximum of the object.
_LEAST_SHARE = 0.1


def silhouette(projected: Floats, smoothing_px: float, least: float = 0.0) -> Mask:
    """Return where the projection of one object exceeds 10 % of its maximum.

    Parameters
    ----------
    projected : (h, w) float array
        Projected potential of one object as a sum of points.
    smoothing_px : float
        Standard deviation in pixels of a Gaussian that closes the gaps between points.
    least : float
        Least value in a silhouette, in addition to the share of the maximum.

    Returns
    -------
    (h, w) bool array
    """
    from scipy.ndimage import gaussian_filter

    smooth = gaussian_filter(projected, smoothing_px, mode="constant", truncate=3.0)
    return np.asarray(smooth > max(least, _LEAST_SHARE * smooth.max()))


def class_map(particle: Mask, ice: Mask, carbon: Mask, seen: Mask) -> ClassMap:
    """Return the class of each pixel; ice covers particles, and carbon covers both.

    Parameters
    ----------
    particle, ice, carbon : (ny, nx) bool array
        Masks of the particles, of all dirt that is no film, and of the support film.
    seen : (ny, nx) bool array
        Mask of the pixels with any signal; the others are of unknown class.

    Returns
    -------
    (ny, nx) uint8 array
        Class numbers as in `napari_drpnet.base.segmentation`.
    """
    classes = np.full(particle.shape, BACKGROUND, np.uint8)
    classes[particle] = PARTICLE
    classes[ice] = ICE
    classes[carbon] = CARBON
    classes[~seen] = UNKNOWN
    return classes
