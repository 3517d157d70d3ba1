"""Connected regions of a mask, and the unit of their areas."""

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Labels = NDArray[np.int32]


def particle_area(diameter_px: float) -> float:
    """Return the area of a disc of one particle diameter, in pixels."""
    return float(np.pi / 4 * diameter_px**2)


def keep_regions(mask: Mask, least_px: float, greatest_px: float = np.inf) -> Mask:
    """Return the mask of the connected regions whose area is within limits; see `label_regions`."""
    return label_regions(mask, least_px, greatest_px) > 0


def label_regions(mask: Mask, least_px: float, greatest_px: float = np.inf) -> Labels:
    """Return the number of the connected region of each pixel.

    Parameters
    ----------
    mask : (h, w) bool array
        Mask of the regions; pixels are connected along edges.
    least_px, greatest_px : float
        Limits of the area, pixels.

    Returns
    -------
    (h, w) int32 array
        Numbers from 1 on; 0 outside of all regions whose area is within the limits.
    """
    from scipy import ndimage

    labels, _ = ndimage.label(mask)
    areas = np.bincount(labels.ravel())
    kept = (areas >= least_px) & (areas <= greatest_px)
    kept[0] = False
    numbers = np.where(kept, np.cumsum(kept), 0).astype(np.int32)
    return np.asarray(numbers[labels])
