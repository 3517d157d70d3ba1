"""The networks that parameters name: looked up, loaded, and kept while they are of use."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TypeVar

from napari_drpnet.base.devices import Device, choose_device
from napari_drpnet.base.errors import InputFileError
from napari_drpnet.picking.fingerprint import Hashes, file_stamp
from napari_drpnet.picking.networks.card import (
    AnyCard,
    ClassifierCard,
    ClassifierNetwork,
    DetectorCard,
    DetectorNetwork,
    Kind,
)
from napari_drpnet.picking.networks.weights import find_weights, list_weights, read_card_and_hash
from napari_drpnet.picking.parameters import PickParameters
from napari_drpnet.picking.resolve import ResolvedParameters, resolve

_CardT = TypeVar("_CardT", DetectorCard, ClassifierCard)


@dataclass(frozen=True, eq=False)
class Networks:
    """The networks that `pick` runs, loaded once for many micrographs.

    Parameters
    ----------
    detector : DetectorNetwork
        Finds the candidates.
    classifier : ClassifierNetwork or None
        Classifies the candidates; None to leave that out.
    device : Device
        Where both run.
    """

    detector: DetectorNetwork
    classifier: ClassifierNetwork | None
    device: Device

    def resolve(self, parameters: PickParameters) -> ResolvedParameters:
        """Replace every None by what these networks recommend; see `resolve.resolve`."""
        return resolve(
            parameters, self.detector.card, self.classifier.card if self.classifier else None
        )

    @property
    def sha256(self) -> Hashes:
        """Hashes of the weights files of detector and classifier."""
        return self.detector.sha256, self.classifier.sha256 if self.classifier else None


@dataclass(frozen=True)
class ChosenWeights:
    """The weights that parameters name, without their arrays.

    Parameters
    ----------
    detector : DetectorCard
        Card of the detector.
    classifier : ClassifierCard or None
        Card of the classifier; None where there is none.
    sha256 : tuple of (str, str or None)
        Hashes of the two weights files.
    """

    detector: DetectorCard
    classifier: ClassifierCard | None
    sha256: Hashes

    def resolve(self, parameters: PickParameters) -> ResolvedParameters:
        """Replace every None by what these weights recommend; see `resolve.resolve`."""
        return resolve(parameters, self.detector, self.classifier)


def load_networks(parameters: PickParameters) -> Networks:
    """Load the networks that `parameters` name, on the device that they name.

    Raises
    ------
    InputFileError
        When weights are missing or damaged.
    ValueError
        When the device is not there.
    """
    from napari_drpnet.picking.networks.weights import load_classifier, load_detector

    device = choose_device(parameters.detector.device)
    wanted = parameters.classifier.classifier
    return Networks(
        load_detector(parameters.detector.weights, device.name),
        None if wanted == "none" else load_classifier(wanted, device.name),
        device,
    )


def choose_weights(parameters: PickParameters) -> ChosenWeights:
    """Look up the weights that `parameters` name; files are read again only if changed.

    Raises
    ------
    InputFileError
        When they are missing, damaged or of the other kind.
    """
    detector, detector_sha256 = _look_up(parameters.detector.weights, DetectorCard)
    if parameters.classifier.classifier == "none":
        return ChosenWeights(detector, None, (detector_sha256, None))
    classifier, classifier_sha256 = _look_up(parameters.classifier.classifier, ClassifierCard)
    return ChosenWeights(detector, classifier, (detector_sha256, classifier_sha256))


def weights_names(kind: Kind) -> list[str]:
    """List the weights of one kind that a person can choose by name; ``default`` comes first."""
    others = [name for name in list_weights() if name != f"{kind}-default"]
    return ["default", *(name for name in others if _is_of_kind(name, kind))]


class NetworkCache:
    """Keeps the networks that were used last; any thread may call it."""

    def __init__(self) -> None:
        self._kept: tuple[object, Networks] | None = None
        self._loading = Lock()

    def load(self, parameters: PickParameters, sha256: Hashes) -> Networks:
        """Load the networks that `parameters` name, unless they are those of the last call.

        Parameters
        ----------
        parameters : PickParameters
            With the names of the networks and the device.
        sha256 : tuple of (str, str or None)
            Hashes that the weights files of detector and classifier must have.

        Raises
        ------
        InputFileError
            When weights are damaged, or are not those with these hashes.
        ValueError
            When the device is not there.
        """
        wanted = (parameters.detector.device, sha256)
        with self._loading:
            if self._kept is None or self._kept[0] != wanted:
                self._kept = None
                networks = load_networks(parameters)
                if networks.sha256 != sha256:
                    raise InputFileError(
                        parameters.detector.weights,
                        "these weights, or those of the classifier, have changed since the start",
                        "Use the same weights throughout, or start again",
                    )
                self._kept = wanted, networks
            return self._kept[1]


def _look_up(weights: str, kind: type[_CardT]) -> tuple[_CardT, str]:
    name: Kind = "detector" if kind is DetectorCard else "classifier"
    path = find_weights(weights, name)
    card, sha256 = _read(path, file_stamp(path))
    if not isinstance(card, kind):
        raise InputFileError(path, f"these are {card.kind} weights", f"Give {name} weights")
    return card, sha256


def _is_of_kind(name: str, kind: Kind) -> bool:
    try:
        path = find_weights(name, kind)
        return _read(path, file_stamp(path))[0].kind == kind
    except InputFileError:  # a damaged file is no choice
        return False


@lru_cache(maxsize=32)
def _read(path: Path, stamp: tuple[int, ...]) -> tuple[AnyCard, str]:
    return read_card_and_hash(path)
