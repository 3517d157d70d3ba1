"""What the settings of a project amount to."""

from dataclasses import dataclass

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.picking.parameters import PickParameters
from napari_drpnet.project.stages.derivation import (
    ChosenWeights,
    candidates_key,
    choose_weights,
    detection_key,
)
from napari_drpnet.project.state.edits import MicrographRecord, Settings


@dataclass(frozen=True)
class Plan:
    """How to pick.

    Parameters
    ----------
    parameters : PickParameters
        With what the weights recommend filled in.
    weights : ChosenWeights
        That they name.
    """

    parameters: PickParameters
    weights: ChosenWeights

    @property
    def cut(self) -> float:
        """Least score of what is not left out, map units."""
        peaks = self.parameters.peaks
        assert peaks.threshold is not None
        return peaks.threshold * peaks.level

    @property
    def is_automatic(self) -> bool:
        """Whether the least P(particle) is found anew for each micrograph."""
        return self.parameters.classifier.accept is None

    @property
    def recommends_automatic(self) -> bool:
        """Whether it would be, if no number were given."""
        stage = self.parameters.classifier.model_copy(update={"accept": None})
        left_open = self.parameters.model_copy(update={"classifier": stage})
        return self.weights.resolve(left_open).classifier.accept is None

    def detection_key(self, record: MicrographRecord) -> str:
        """Return the hash of what the distance map of a micrograph depends on."""
        return detection_key(record, self.parameters, self.weights)

    def candidates_key(self, record: MicrographRecord) -> str:
        """Return the hash of what the judged candidates of a micrograph depend on."""
        return candidates_key(record, self.parameters, self.weights)


def make_plan(settings: Settings) -> Plan | str:
    """Return what the settings amount to, or why that is nothing, and what to do."""
    if settings.parameters is None:
        return "Give the particle diameter first."
    try:
        weights = choose_weights(settings.parameters)
        return Plan(weights.resolve(settings.parameters), weights)
    except (InputFileError, ValueError) as error:
        return str(error)
