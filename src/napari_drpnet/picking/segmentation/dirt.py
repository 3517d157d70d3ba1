"""Dirt: the pixels of a segmentation that are ice or carbon."""

from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.segmentation import Segmentation
from napari_drpnet.picking.segmentation.regions import keep_regions, particle_area

Mask = NDArray[np.bool_]

#: The last mask of each segmentation with its limits, because several stages ask for the same one.
_KEPT: "WeakKeyDictionary[Segmentation, tuple[tuple[float, float], Mask]]" = WeakKeyDictionary()


def dirt_mask(segmentation: Segmentation, dirt_probability: float, least_speck: float) -> Mask:
    """Return the mask of the dirt of a micrograph.

    Parameters
    ----------
    segmentation : Segmentation
        Probabilities of the classes.
    dirt_probability : float
        Least P(ice) + P(carbon) of a dirty pixel.
    least_speck : float
        Least area of a connected region of dirty pixels, in areas of a disc of one particle
        diameter; smaller ones are not dirt.

    Returns
    -------
    (h, w) bool array
        Mask in the frame of the segmentation, which must not be changed. Pixels of unknown class
        are not dirt.
    """
    limits = dirt_probability, least_speck
    kept = _KEPT.get(segmentation)
    if kept is None or kept[0] != limits:
        dirt = segmentation.dirt
        mask = (dirt >= dirt_probability) & (dirt > 0)
        mask = keep_regions(mask, least_speck * particle_area(segmentation.diameter_px))
        mask.flags.writeable = False
        kept = _KEPT[segmentation] = limits, mask
    return kept[1]
