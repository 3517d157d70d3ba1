"""Detectors of the kind of DRPnet: a distance map whose maxima are the centres of particles."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.jobs import Job
from napari_drpnet.picking.detectors.distance_map import (
    MAP_LIMITS,
    predict_distance_map,
    to_published_units,
)
from napari_drpnet.picking.detectors.peaks import Candidates, find_candidates, smooth
from napari_drpnet.picking.detectors.polarity import Window, find_polarity
from napari_drpnet.picking.detectors.protocol import MapUnits, Picture
from napari_drpnet.picking.networks.card import EXAMPLES
from napari_drpnet.picking.resolve import ResolvedDetectorParameters, ResolvedParameters

Mask = NDArray[np.bool_]

if TYPE_CHECKING:
    from napari_drpnet.images.preprocess import NetworkImage
    from napari_drpnet.picking.networks.card import DetectorNetwork
    from napari_drpnet.picking.networks.example_detector import ExampleDetector

#: Heights below this part of the threshold are not counted when the polarity is detected.
_NOISE = 2 / 3


@dataclass(frozen=True, eq=False)
class DistanceMap:
    """Distance map of a micrograph, as evidence of a detector.

    Parameters
    ----------
    values : (h, w) float32 array
        Output of the network in the frame of the view, not smoothed.
    units : {'absolute', 'published'}
        Units of the map that candidates are found in.
    dirt : (h, w) bool array, optional
        Mask of the pixels that are not part of a particle.
    """

    values: NDArray[np.float32]
    units: MapUnits
    dirt: NDArray[np.bool_] | None = None

    @property
    def nbytes(self) -> int:
        """Memory of the map, bytes."""
        return self.values.nbytes

    def candidates(self, parameters: ResolvedParameters, dirt: Mask | None) -> Candidates:
        """Return the maxima of the smoothed map."""
        return find_candidates(self._smoothed(parameters, dirt))

    def picture(self, parameters: ResolvedParameters, dirt: Mask | None) -> Picture:
        """Return the smoothed map."""
        return Picture(self._smoothed(parameters, dirt), MAP_LIMITS[self.units], "distance map")

    def _smoothed(self, parameters: ResolvedParameters, dirt: Mask | None) -> NDArray[np.float32]:
        published = self.units == "published"
        values = to_published_units(self.values, dirt) if published else self.values
        return smooth(values, parameters.peaks.sigma_px)


class DistanceMapFamily:
    """Detectors that draw a distance map: the published FCRN and its successors."""

    def detect(
        self,
        view: "NetworkImage",
        network: "DetectorNetwork",
        parameters: ResolvedDetectorParameters,
        job: Job | None,
    ) -> DistanceMap:
        """Compute the distance map."""
        values = predict_distance_map(view.image, network, parameters.precision, job=job)
        return DistanceMap(values, parameters.map_units)

    def find_polarity(
        self,
        view: "NetworkImage",
        network: "DetectorNetwork",
        parameters: ResolvedDetectorParameters,
        job: Job | None,
    ) -> tuple[bool, float]:
        """Compare the maps of both polarities on a sample of the micrograph.

        The maps of a detector without an absolute scale cannot be compared: particles are then
        taken to be dark.
        """
        if network.card.map_units != "absolute":
            return False, 0.0
        floor = network.card.threshold * _NOISE
        if network.card.architecture.startswith(EXAMPLES):  # as when its examples were seen
            floor = network.card.recipe["parent_threshold"] * _NOISE
            network = replace(network, module=cast("ExampleDetector", network.module).base)

        def predict(seen: "NetworkImage", window: Window) -> NDArray[np.float32]:
            return predict_distance_map(seen.image[window], network, parameters.precision)

        return find_polarity(view, network, predict, floor, job)
