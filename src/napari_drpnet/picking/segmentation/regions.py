"""Connected regions of a mask, and the unit of their areas."""

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


def particle_area(diameter_px: float) -> float:
    """Return the area of a disc of one particle diameter, in pixels."""
    return float(np.pi / 4 * diameter_px**2)


def keep_regions(mask: Mask, least_px: float, greatest_px: float = np.inf) -> Mask:
    """Return the mask of the connected regions whose area is within limits.

    Parameters
    ----------
    mask : (h, w) bool array
        Mask of the regions; pixels are connected along edges.
    least_px, greatest_px : float
        Limits of the area, pixels.
    """
    from scipy import ndimage

    labels, count = ndimage.label(mask)
    if not count:
        return mask
    areas = np.bincount(labels.ravel())
    kept = (areas >= least_px) & (areas <= greatest_px)
    kept[0] = False
    return np.asarray(kept[labels])
