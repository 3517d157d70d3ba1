"""What the settings of a project amount to, and what results depend on."""

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
from napari_drpnet.picking.parameters import PickParameters
from napari_drpnet.picking.resolve import ResolvedParameters
from napari_drpnet.project.state.edits import MicrographRecord


@dataclass(frozen=True)
class Plan:
    """How micrographs are picked.

    Parameters
    ----------
    parameters : ResolvedParameters
        With what the weights recommend filled in.
    weights : ChosenWeights
        The weights that the settings name.
    """

    parameters: ResolvedParameters
    weights: ChosenWeights

    @property
    def cut(self) -> float:
        """Least score of a candidate that is not left out, map units."""
        return self.parameters.peaks.least_score

    @property
    def is_automatic(self) -> bool:
        """Whether the least P(particle) is found anew for each micrograph."""
        return self.parameters.classifier.accept is None

    @property
    def recommends_automatic(self) -> bool:
        """Whether it would be, if no number were given."""
        classifier = self.weights.classifier
        if classifier is None:
            return True
        return classifier.knows(self.weights.detector) and classifier.accept is None

    def detection_key(self, record: MicrographRecord) -> str:
        """Return the hash of what the evidence in a micrograph depends on: equal hash, equal map.

        It holds the scale at which a classifier sees the micrograph, but not which one does.
        """
        settings = settings_of_detection(
            self.parameters, self.weights.sha256, self.weights.classifier
        )
        return _hash([settings, _source(record)])

    def candidates_key(self, record: MicrographRecord) -> str:
        """Return the hash of what the classified candidates of a micrograph depend on."""
        return _hash(
            [settings_of_candidates(self.parameters, self.weights.sha256), _source(record)]
        )


def make_plan(
    parameters: PickParameters | None, weights: ChosenWeights | None = None
) -> Plan | str:
    """Return what parameters amount to, or why that is nothing, and what to do.

    Parameters
    ----------
    parameters : PickParameters or None
        As the user gave them; None while there is no particle diameter.
    weights : ChosenWeights, optional
        The weights that they name; looked up on disk when missing.
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
