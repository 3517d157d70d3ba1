"""What the candidates of a micrograph depend on, as hashes: equal hashes, equal candidates."""

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.picking.networks.weights import (
    WeightsCard,
    find_weights,
    list_weights,
    read_card_and_hash,
)
from napari_drpnet.picking.parameters import PickParameters
from napari_drpnet.picking.pick import resolve_with_cards
from napari_drpnet.project.state.edits import MicrographRecord

#: Parameters of peaks and classifier that only cut the list of candidates.
CUTS = frozenset({"threshold", "level", "max_count", "accept", "least_f1"})


@dataclass(frozen=True)
class ChosenWeights:
    """The weights that parameters name, without their arrays.

    Parameters
    ----------
    detector, classifier : WeightsCard
        How to use them; the classifier's is None where there is none.
    detector_sha256, classifier_sha256 : str
        Of their files.
    """

    detector: WeightsCard
    detector_sha256: str
    classifier: WeightsCard | None
    classifier_sha256: str | None

    def resolve(self, parameters: PickParameters) -> PickParameters:
        """Leave nothing open; see `picking.resolve_with_cards`."""
        return resolve_with_cards(parameters, self.detector, self.classifier)


def choose_weights(parameters: PickParameters) -> ChosenWeights:
    """Look up the weights that `parameters` name; fast, since files are read again only if changed.

    Raises
    ------
    InputFileError
        When they are missing, damaged or of the other kind.
    """
    detector, detector_sha256 = _card(parameters.detector.weights, "detector")
    if parameters.classifier.classifier == "none":
        return ChosenWeights(detector, detector_sha256, None, None)
    classifier, classifier_sha256 = _card(parameters.classifier.classifier, "classifier")
    return ChosenWeights(detector, detector_sha256, classifier, classifier_sha256)


def weights_names(kind: Literal["detector", "classifier"]) -> list[str]:
    """List the weights of one kind that a person can choose by name; ``default`` comes first."""
    others = [name for name in list_weights() if name != f"{kind}-default"]
    return ["default", *(name for name in others if _is_of_kind(name, kind))]


def detection_key(
    record: MicrographRecord, parameters: PickParameters, weights: ChosenWeights
) -> str:
    """Hash what the distance map depends on; parameters resolved."""
    return _hash(_detection(record, parameters, weights))


def candidates_key(
    record: MicrographRecord, parameters: PickParameters, weights: ChosenWeights
) -> str:
    """Hash what the judged candidates depend on; parameters resolved."""
    peaks = parameters.peaks.model_dump(mode="json", exclude=set(CUTS))
    return _hash([_detection(record, parameters, weights), peaks, weights.classifier_sha256])


def _detection(
    record: MicrographRecord, parameters: PickParameters, weights: ChosenWeights
) -> list[Any]:
    detector = parameters.detector.model_dump(mode="json", exclude={"weights", "device"})
    particle = parameters.particle.model_dump(mode="json")
    # The classifier's scale decides whether it has a view of its own.
    sha256s = [weights.detector_sha256, weights.classifier_sha256]
    return [particle, detector, sha256s, record.pixel_size_angstrom, *_stamp(record.path)]


def _stamp(path: Path) -> list[int]:
    try:
        status = path.stat()
    except OSError:  # whoever reads it will say so
        return []
    return [status.st_size, status.st_mtime_ns]


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()


def _card(weights: str, kind: Literal["detector", "classifier"]) -> tuple[WeightsCard, str]:
    path = find_weights(weights, kind)
    return _read(path, tuple(_stamp(path)))


def _is_of_kind(name: str, kind: Literal["detector", "classifier"]) -> bool:
    try:
        return _card(name, kind)[0].kind == kind
    except InputFileError:  # a damaged file is no choice
        return False


@lru_cache(maxsize=32)
def _read(path: Path, stamp: tuple[int, ...]) -> tuple[WeightsCard, str]:
    return read_card_and_hash(path)
