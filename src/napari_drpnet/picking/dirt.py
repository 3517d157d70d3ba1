"""Dirt in a micrograph, from whatever knows it: its mask, its area, its distance from picks."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.class_maps import MOST_DIRT, resample_mask
from napari_drpnet.base.geometry import Frame, distance_to_dirt
from napari_drpnet.picking.detection import Detection
from napari_drpnet.picking.resolve import ResolvedParameters
from napari_drpnet.picking.segmentation.dirt import dirt_mask

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]

#: Greatest clearance that is stored, particle diameters.
FARTHEST = 99.0


@dataclass(frozen=True, eq=False)
class Dirt:
    """Dirt in a micrograph.

    Parameters
    ----------
    mask : (h, w) bool array
        Mask of the dirty pixels.
    frame : Frame
        Relation of the pixels of the mask to those of the micrograph.
    area : float
        Share of dirt in the valid area of the micrograph.
    """

    mask: Mask
    frame: Frame
    area: float

    @classmethod
    def of(cls, mask: Mask, frame: Frame, valid: Mask | None) -> Self:
        """Return the dirt of a mask; `valid` is the mask of the pixels that show an image."""
        known = mask if valid is None or not valid.any() else mask[valid]
        return cls(mask, frame, float(known.mean()))

    @property
    def rejects(self) -> bool:
        """Whether picks on this dirt are rejected: not if nearly the whole micrograph is dirty."""
        return self.area <= MOST_DIRT

    def clearance(self, centers_yx: Floats, diameter_px: float) -> Floats:
        """Return the distances of centres from dirt in particle diameters, at most 99.

        Parameters
        ----------
        centers_yx : (n, 2) float array
            Centres ``(y, x)`` in unbinned pixels.
        diameter_px : float
            Particle diameter in unbinned pixels.

        Returns
        -------
        (n,) float array
            Distances; NaN if dirt rejects nothing.
        """
        if not self.rejects:
            return np.full(len(centers_yx), np.nan)
        distance = distance_to_dirt(self.mask, self.frame, centers_yx) / diameter_px
        return np.minimum(distance, FARTHEST)


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
