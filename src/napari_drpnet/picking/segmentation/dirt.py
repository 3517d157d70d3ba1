"""Dirt: the pixels of a segmentation that are ice or carbon."""

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.segmentation import Segmentation
from napari_drpnet.picking.segmentation.regions import keep_regions, particle_area

Mask = NDArray[np.bool_]


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
        Mask in the frame of the segmentation; pixels of unknown class are not dirt.
    """
    dirt = segmentation.dirt
    mask = (dirt >= dirt_probability) & (dirt > 0)
    return keep_regions(mask, least_speck * particle_area(segmentation.diameter_px))
