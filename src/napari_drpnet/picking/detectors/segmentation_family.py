"""Detectors of the kind of CASSPER: a segmentation whose particle class has the particles."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.jobs import Job
from napari_drpnet.base.segmentation import PARTICLE, Segmentation
from napari_drpnet.images.preprocess import stack_channels
from napari_drpnet.picking.detectors.components import component_candidates, find_components
from napari_drpnet.picking.detectors.peaks import Candidates
from napari_drpnet.picking.detectors.polarity import Window, find_polarity
from napari_drpnet.picking.detectors.protocol import MapUnits, Picture
from napari_drpnet.picking.resolve import ResolvedDetectorParameters, ResolvedParameters
from napari_drpnet.picking.segmentation.segment import class_probabilities, segment

if TYPE_CHECKING:
    from napari_drpnet.images.preprocess import NetworkImage
    from napari_drpnet.picking.networks.card import DetectorNetwork, SegmenterNetwork


@dataclass(frozen=True, eq=False)
class SegmentedParticles:
    """Segmentation of a micrograph, as evidence of a detector.

    Parameters
    ----------
    segmentation : Segmentation
        Probabilities of the classes in the frame of the view.
    """

    segmentation: Segmentation

    @property
    def units(self) -> MapUnits:
        """Units of the scores, which are absolute."""
        return "absolute"

    @property
    def dirt(self) -> NDArray[np.bool_] | None:
        """None: `Detection.segmentation` has the dirt."""
        return None

    @property
    def nbytes(self) -> int:
        """Memory of the segmentation, bytes."""
        return self.segmentation.nbytes

    def candidates(
        self, parameters: ResolvedParameters, dirt: NDArray[np.bool_] | None
    ) -> Candidates:
        """Return the candidates in the components of the particle class."""
        components = find_components(self.segmentation, parameters.segmenter)
        return component_candidates(components, parameters.peaks.sigma_px)

    def picture(self, parameters: ResolvedParameters, dirt: NDArray[np.bool_] | None) -> Picture:
        """Return P(particle)."""
        return Picture(self.segmentation.particle, 1.0, "P(particle)")


class SegmentationFamily:
    """Detectors that segment: CASSPER's FRRN and its rivals."""

    def detect(
        self,
        view: "NetworkImage",
        network: "DetectorNetwork",
        parameters: ResolvedDetectorParameters,
        job: Job | None,
    ) -> SegmentedParticles:
        """Segment the view."""
        segmenter = cast("SegmenterNetwork", network)
        return SegmentedParticles(segment(view, segmenter, parameters.precision, job=job))

    def find_polarity(
        self,
        view: "NetworkImage",
        network: "DetectorNetwork",
        parameters: ResolvedDetectorParameters,
        job: Job | None,
    ) -> tuple[bool, float]:
        """Compare P(particle) in both polarities on a sample of the micrograph.

        Low probabilities count too: in the wrong polarity most particles look like dirt, but some
        places between them look like particles with certainty.
        """
        segmenter = cast("SegmenterNetwork", network)

        def predict(seen: "NetworkImage", window: Window) -> NDArray[np.float32]:
            inputs = stack_channels(seen, segmenter.card.inputs)[:, *window]
            probability = class_probabilities(inputs, segmenter, parameters.precision)
            return np.asarray(probability[PARTICLE - 1])

        return find_polarity(view, network, predict, 0.0, job)
