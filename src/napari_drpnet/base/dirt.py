"""Dirt of a micrograph: its mask, its area, its distance from picks, and whether it rejects any."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.geometry import Frame, distance_to_dirt

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]

#: Share of dirt above which a mask is not applied: a failure, or a micrograph of carbon only.
MOST_DIRT = 0.8
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
    def of(cls, mask: Mask, frame: Frame, valid: Mask | None = None) -> Self:
        """Return the dirt of a mask; `valid` is the mask of the pixels that show an image."""
        known = mask if valid is None or not valid.any() else mask[valid]
        return cls(mask, frame, float(known.mean()))

    @property
    def rejects(self) -> bool:
        """Whether picks on this dirt are rejected: not if nearly the whole micrograph is dirty."""
        return self.area <= MOST_DIRT

    @property
    def rejecting(self) -> Mask | None:
        """Mask of the pixels on which picks are rejected; None if dirt rejects nothing."""
        return self.mask if self.rejects else None

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
        return np.minimum(self.distance_px(centers_yx) / diameter_px, FARTHEST)

    def distance_px(self, centers_yx: Floats) -> Floats:
        """Return the distances ``(n,)`` of centres from dirt in unbinned pixels, as `clearance`."""
        if not self.rejects:
            return np.full(len(centers_yx), np.nan)
        return distance_to_dirt(self.mask, self.frame, centers_yx)
