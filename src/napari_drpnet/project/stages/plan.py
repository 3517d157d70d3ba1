"""Plan for picking, made from the settings of a project, and the cache keys of its results."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.picking.fingerprint import (
    file_stamp,
    settings_of_candidates,
    settings_of_detection,
)
from napari_drpnet.picking.loading import ChosenWeights, choose_weights
from napari_drpnet.picking.networks.card import SegmenterCard
from napari_drpnet.picking.parameters import PickParameters
from napari_drpnet.picking.resolve import ResolvedParameters
from napari_drpnet.project.state.edits import MicrographRecord


@dataclass(frozen=True)
class Plan:
    """Plan for picking micrographs.

    Parameters
    ----------
    parameters : ResolvedParameters
        Parameters completed with the recommendations of the weights.
    weights : ChosenWeights
        Weights named in the settings.
    """

    parameters: ResolvedParameters
    weights: ChosenWeights

    @property
    def cut(self) -> float:
        """Lowest score of a candidate that is not left out, in map units."""
        return self.parameters.peaks.least_score

    @property
    def is_automatic(self) -> bool:
        """Whether the lowest accepted P(particle) is determined for each micrograph."""
        return self.parameters.classifier.accept is None

    @property
    def recommends_automatic(self) -> bool:
        """Whether `is_automatic` would hold if the user had given no number."""
        classifier = self.weights.classifier
        if classifier is None:
            return True
        return classifier.knows(self.weights.detector) and classifier.accept is None

    @property
    def has_segmenter(self) -> bool:
        """Whether a segmenter finds dirt."""
        return self.weights.segmenter is not None

    @property
    def picks_by_segmentation(self) -> bool:
        """Whether the detector is a segmenter."""
        return isinstance(self.weights.detector, SegmenterCard)

    @property
    def only_segments(self) -> bool:
        """Whether there is only one network, a segmenter."""
        return self.picks_by_segmentation and self.weights.classifier is None

    def detection_key(self, record: MicrographRecord) -> str:
        """Return the hash of everything that the evidence in a micrograph depends on.

        It includes the scale at which a classifier sees the micrograph, but not the classifier.
        """
        settings = settings_of_detection(
            self.parameters, self.weights.sha256, self.weights.classifier
        )
        return _hash([settings, _source(record)])

    def candidates_key(self, record: MicrographRecord) -> str:
        """Return the hash of everything that the classified candidates depend on."""
        return _hash(
            [settings_of_candidates(self.parameters, self.weights.sha256), _source(record)]
        )


def make_plan(
    parameters: PickParameters | None, weights: ChosenWeights | None = None
) -> Plan | str:
    """Make the plan for parameters.

    Parameters
    ----------
    parameters : PickParameters or None
        Parameters given by the user; None while there is no particle diameter.
    weights : ChosenWeights, optional
        Weights named in the parameters; by default they are looked up on disk.

    Returns
    -------
    Plan or str
        The plan, or a message for the user that says why there is none and what to do.
    """
    if parameters is None:
        return "Give the particle diameter first."
    try:
        weights = weights or choose_weights(parameters)
        return Plan(weights.resolve(parameters), weights)
    except (InputFileError, ValueError) as error:
        return str(error)


def _source(record: MicrographRecord) -> list[Any]:
    return [record.pixel_size_angstrom, *file_stamp(record.path)]


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()
