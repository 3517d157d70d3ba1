"""Protocols that every kind of detector implements.

A detector turns the view of a micrograph into evidence. Evidence provides candidates, a picture
for display and, if the detector recognises dirt, a mask. All later stages are the same for all
detectors.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.jobs import Job
from napari_drpnet.picking.detectors.peaks import Candidates
from napari_drpnet.picking.resolve import ResolvedDetectorParameters, ResolvedParameters

if TYPE_CHECKING:
    from napari_drpnet.images.preprocess import NetworkImage
    from napari_drpnet.picking.networks.card import DetectorNetwork

MapUnits = Literal["absolute", "published"]


@dataclass(frozen=True, eq=False)
class Picture:
    """Picture of the evidence of a detector, for display.

    Parameters
    ----------
    values : (h, w) float32 array
        Picture in the frame of the view.
    limit : float
        Value that is displayed brightest, the same for all micrographs; 0 is displayed darkest.
    name : str
        Name of what is displayed.
    """

    values: NDArray[np.float32]
    limit: float
    name: str = "score"


class Evidence(Protocol):
    """Evidence of particles that a detector has found in a view of a micrograph."""

    @property
    def units(self) -> MapUnits:
        """Units of the heights of the candidates."""

    @property
    def dirt(self) -> NDArray[np.bool_] | None:
        """Mask ``(h, w)`` of pixels that are not part of a particle; None if unknown."""

    @property
    def nbytes(self) -> int:
        """Memory of the evidence, bytes."""

    def candidates(
        self, parameters: ResolvedParameters, dirt: NDArray[np.bool_] | None
    ) -> Candidates:
        """Return all candidates, network pixels, including those near better ones.

        The mask ``(h, w)`` of the dirt that rejects picks, if any is known, is only for heights
        that are relative to others: dirt must not change those of particles. Candidates on dirt
        are returned too.
        """

    def picture(self, parameters: ResolvedParameters, dirt: NDArray[np.bool_] | None) -> Picture:
        """Return a picture that the candidates can be compared with; `dirt` as there."""


class DetectorFamily(Protocol):
    """Functions of all detectors of one kind, without state."""

    def detect(
        self,
        view: "NetworkImage",
        network: "DetectorNetwork",
        parameters: ResolvedDetectorParameters,
        job: Job | None,
    ) -> Evidence:
        """Find the evidence of particles; raises `Cancelled` if the work was cancelled."""

    def find_polarity(
        self,
        view: "NetworkImage",
        network: "DetectorNetwork",
        parameters: ResolvedDetectorParameters,
        job: Job | None,
    ) -> tuple[bool, float]:
        """Return whether particles are bright, and the confidence from 0 (a guess) to 1."""
