"""What every kind of detector does.

A detector turns the view of a micrograph into evidence; evidence gives candidates, a picture for
the eye and, where the detector knows dirt, a mask. Everything after that is the same for all.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.jobs import Job
from napari_drpnet.picking.detectors.peaks import Candidates
from napari_drpnet.picking.resolve import ResolvedDetectorParameters, ResolvedPeakParameters

if TYPE_CHECKING:
    from napari_drpnet.images.preprocess import NetworkImage
    from napari_drpnet.picking.networks.card import DetectorNetwork

MapUnits = Literal["absolute", "published"]


@dataclass(frozen=True, eq=False)
class Picture:
    """What a detector shows the eye.

    Parameters
    ----------
    values : (h, w) float32 array
        On the frame of the view.
    limit : float
        Value that is drawn brightest, the same for all micrographs; 0 is drawn darkest.
    """

    values: NDArray[np.float32]
    limit: float


class Evidence(Protocol):
    """What a detector has found in a view of a micrograph."""

    @property
    def units(self) -> MapUnits:
        """Units of the heights of its candidates."""

    @property
    def dirt(self) -> NDArray[np.bool_] | None:
        """Pixels ``(h, w)`` of the view that are no place for a particle; None if not known."""

    @property
    def nbytes(self) -> int:
        """Memory that it holds."""

    def candidates(self, peaks: ResolvedPeakParameters) -> Candidates:
        """Return all candidates, network pixels; those beside better ones are still among them."""

    def picture(self, peaks: ResolvedPeakParameters) -> Picture:
        """Return what the candidates come from, for the eye."""


class DetectorFamily(Protocol):
    """What the detectors of one kind have in common; it holds no state."""

    def detect(
        self,
        view: "NetworkImage",
        network: "DetectorNetwork",
        parameters: ResolvedDetectorParameters,
        job: Job | None,
    ) -> Evidence:
        """Look for particles; raises `Cancelled` when the job says so."""

    def find_polarity(
        self,
        view: "NetworkImage",
        network: "DetectorNetwork",
        parameters: ResolvedDetectorParameters,
        job: Job | None,
    ) -> tuple[bool, float]:
        """Tell whether particles are bright, and how sure that is: from 0, a guess, to 1."""
