"""Dirt in a micrograph, found by whatever knows it."""

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.class_maps import resample_mask
from napari_drpnet.base.dirt import Dirt
from napari_drpnet.picking.detection import Detection
from napari_drpnet.picking.resolve import ResolvedParameters
from napari_drpnet.picking.segmentation.dirt import dirt_mask

Mask = NDArray[np.bool_]


def find_dirt(detection: Detection, parameters: ResolvedParameters) -> Dirt | None:
    """Find the dirt of a micrograph: by the segmenter, a mask, and the detector if it knows any.

    Parameters
    ----------
    detection : Detection
        Result of `detect`.
    parameters : ResolvedParameters
        Parameters of the segmenter.

    Returns
    -------
    Dirt or None
        Dirt in the frame of the view; None if nothing knows about dirt.
    """
    view = detection.view
    masks = list(_masks(detection, parameters))
    if not masks:
        return None
    return Dirt.of(np.logical_or.reduce(masks), view.frame, view.valid)


def _masks(detection: Detection, parameters: ResolvedParameters) -> list[Mask]:
    """Return the masks of all that knows about dirt, in the frame of the view."""
    found = [] if detection.evidence.dirt is None else [detection.evidence.dirt]
    if detection.segmentation is not None:
        limits = parameters.segmenter
        found.append(dirt_mask(detection.segmentation, limits.dirt_probability, limits.least_speck))
    if detection.mask is not None:
        found.append(detection.mask)
    shape = detection.view.frame.network_shape
    return [resample_mask(mask, shape) for mask in found]
