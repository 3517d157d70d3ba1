"""DRPnet's kind of detector: a distance map whose maxima are the centres of particles."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.jobs import Job
from napari_drpnet.picking.detectors.distance_map import (
    MAP_LIMITS,
    predict_distance_map,
    to_published_units,
)
from napari_drpnet.picking.detectors.peaks import Candidates, find_candidates, smooth
from napari_drpnet.picking.detectors.polarity import find_polarity
from napari_drpnet.picking.detectors.protocol import MapUnits, Picture
from napari_drpnet.picking.resolve import ResolvedDetectorParameters, ResolvedPeakParameters

if TYPE_CHECKING:
    from napari_drpnet.images.preprocess import NetworkImage
    from napari_drpnet.picking.networks.card import DetectorNetwork

#: What does not rise above this part of the detector's threshold is no evidence of a polarity.
_NOISE = 2 / 3


@dataclass(frozen=True, eq=False)
class DistanceMap:
    """The distance map of a micrograph.

    Parameters
    ----------
    values : (h, w) float32 array
        On the frame of the view, not yet smoothed.
    units : {'absolute', 'published'}
        Units of the values.
    """

    values: NDArray[np.float32]
    units: MapUnits
    dirt: NDArray[np.bool_] | None = None

    @property
    def nbytes(self) -> int:
        """Memory of the map."""
        return self.values.nbytes

    def candidates(self, peaks: ResolvedPeakParameters) -> Candidates:
        """Return the maxima of the smoothed map."""
        return find_candidates(smooth(self.values, peaks.sigma_px))

    def picture(self, peaks: ResolvedPeakParameters) -> Picture:
        """Return the smoothed map."""
        return Picture(smooth(self.values, peaks.sigma_px), MAP_LIMITS[self.units])


class DistanceMapFamily:
    """Detectors that draw a distance map: the published FCRN and its successors."""

    def detect(
        self,
        view: "NetworkImage",
        network: "DetectorNetwork",
        parameters: ResolvedDetectorParameters,
        job: Job | None,
    ) -> DistanceMap:
        """Draw the distance map, in the units that are asked for."""
        values = predict_distance_map(view.image, network, parameters.precision, job=job)
        if parameters.map_units == "published":
            values = to_published_units(values)
        return DistanceMap(values, parameters.map_units)

    def find_polarity(
        self,
        view: "NetworkImage",
        network: "DetectorNetwork",
        parameters: ResolvedDetectorParameters,
        job: Job | None,
    ) -> tuple[bool, float]:
        """Compare the maps of both polarities on a sample of the micrograph.

        A detector without an absolute scale cannot compare them: particles then count as dark.
        """
        if network.card.map_units != "absolute":
            return False, 0.0
        floor = network.card.threshold * _NOISE
        return find_polarity(view, network, parameters.precision, floor, job)
