"""Networks that parameters name: looked up, loaded and cached."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TypeVar

from napari_drpnet.base.devices import Device, choose_device
from napari_drpnet.base.errors import InputFileError
from napari_drpnet.picking.fingerprint import Hashes, file_stamp
from napari_drpnet.picking.networks.card import (
    CARDS,
    AnyCard,
    ClassifierCard,
    ClassifierNetwork,
    DetectorCard,
    DetectorNetwork,
    Kind,
    Network,
    SegmenterCard,
    SegmenterNetwork,
)
from napari_drpnet.picking.networks.weights import find_weights, list_weights, read_card_and_hash
from napari_drpnet.picking.parameters import (
    ClassifierParameters,
    DetectorParameters,
    PickParameters,
)
from napari_drpnet.picking.resolve import ResolvedParameters, resolve

_CardT = TypeVar("_CardT", DetectorCard, SegmenterCard, ClassifierCard)
#: Name of a network that is not wanted.
NONE = "none"
#: Name of the default weights of a kind.
DEFAULT = "default"
#: Name of the default segmenter among detectors, of which it is one.
DEFAULT_SEGMENTER = "segmenter-default"


@dataclass(frozen=True, eq=False)
class Networks:
    """Networks for `pick`, loaded once for many micrographs.

    Parameters
    ----------
    detector : DetectorNetwork
        Network that finds the candidates.
    classifier : ClassifierNetwork or None
        Network that classifies the candidates; None without a classifier.
    device : Device
        Device that all run on.
    segmenter : SegmenterNetwork, optional
        Network that finds dirt; None without a segmenter. It may be the detector itself.
    """

    detector: DetectorNetwork
    classifier: ClassifierNetwork | None
    device: Device
    segmenter: SegmenterNetwork | None = None

    def resolve(self, parameters: PickParameters) -> ResolvedParameters:
        """Replace every None by the value that these networks recommend; see `resolve.resolve`."""
        return resolve(
            parameters,
            self.detector.card,
            self.classifier.card if self.classifier else None,
            self.segmenter.card if self.segmenter else None,
        )

    @property
    def sha256(self) -> Hashes:
        """Hashes of the weights files."""
        return Hashes(
            self.detector.sha256,
            self.classifier.sha256 if self.classifier else None,
            self.segmenter.sha256 if self.segmenter else None,
        )


@dataclass(frozen=True)
class ChosenWeights:
    """Weights that parameters name, without their arrays.

    Parameters
    ----------
    detector : DetectorCard
        Card of the detector.
    classifier : ClassifierCard or None
        Card of the classifier; None without a classifier.
    sha256 : Hashes
        Hashes of the weights files.
    segmenter : SegmenterCard, optional
        Card of the segmenter that finds dirt; None without a segmenter.
    """

    detector: DetectorCard
    classifier: ClassifierCard | None
    sha256: Hashes
    segmenter: SegmenterCard | None = None

    def resolve(self, parameters: PickParameters) -> ResolvedParameters:
        """Replace every None by the value that these weights recommend; see `resolve.resolve`."""
        return resolve(parameters, self.detector, self.classifier, self.segmenter)


def load_networks(parameters: PickParameters) -> Networks:
    """Load the networks that `parameters` name, on the device that they name.

    Parameters
    ----------
    parameters : PickParameters
        Parameters with the names or files of the weights and the name of the device.

    Returns
    -------
    Networks
        Detector, and classifier and segmenter unless they are ``"none"``. Keep them for all
        micrographs, since each call reads the files again.

    Raises
    ------
    InputFileError
        If weights are missing or damaged.
    ValueError
        If the device is not available.
    """
    from napari_drpnet.picking.networks.weights import load_classifier

    device = choose_device(parameters.detector.device)
    wanted = parameters.classifier.classifier
    detector, segmenter = _load_detectors(
        parameters.detector.weights, parameters.segmenter.segmenter, device
    )
    classifier = None if wanted == NONE else load_classifier(wanted, device.name)
    return Networks(detector, classifier, device, segmenter)


def _load_detectors(
    weights: str, wanted: str, device: Device
) -> tuple[DetectorNetwork, SegmenterNetwork | None]:
    """Load detector and segmenter, once if they have the same file.

    Without a segmenter, a detector that is one serves as such too.
    """
    from napari_drpnet.picking.networks.weights import load_detector, load_segmenter

    segmenter = None if wanted == NONE else load_segmenter(wanted, device.name)
    if segmenter and find_weights(weights, "detector") == find_weights(wanted, "segmenter"):
        return Network(segmenter.module, segmenter.card, weights, segmenter.sha256), segmenter
    detector = load_detector(weights, device.name)
    if segmenter is None and isinstance(detector.card, SegmenterCard):
        segmenter = Network(detector.module, detector.card, detector.name, detector.sha256)
    return detector, segmenter


def choose_weights(parameters: PickParameters) -> ChosenWeights:
    """Look up the weights that `parameters` name; files are read again only after a change.

    Raises
    ------
    InputFileError
        If weights are missing, damaged or of the other kind.
    """
    detector, detector_sha256 = _look_up(parameters.detector.weights, DetectorCard)
    classifier, classifier_sha256 = _look_up_wanted(
        parameters.classifier.classifier, ClassifierCard
    )
    segmenter, segmenter_sha256 = _look_up_wanted(parameters.segmenter.segmenter, SegmenterCard)
    if segmenter is None and isinstance(detector, SegmenterCard):
        segmenter, segmenter_sha256 = detector, detector_sha256
    sha256 = Hashes(detector_sha256, classifier_sha256, segmenter_sha256)
    return ChosenWeights(detector, classifier, sha256, segmenter)


def segmenting_only(parameters: PickParameters) -> PickParameters:
    """Return parameters that segment a micrograph without another detector or a classifier.

    Parameters
    ----------
    parameters : PickParameters
        Parameters of the particle, the device and the dirt, with the name of a segmenter.

    Returns
    -------
    PickParameters
        Parameters with the segmenter as detector. Automatic polarity is dark.
    """
    particle, detector = parameters.particle, parameters.detector
    segmenter = parameters.segmenter.segmenter
    polarity = "dark" if particle.polarity == "auto" else particle.polarity
    return PickParameters(
        particle=particle.model_copy(update={"polarity": polarity}),
        detector=DetectorParameters(
            weights=DEFAULT_SEGMENTER if segmenter == DEFAULT else segmenter,
            device=detector.device,
            precision=detector.precision,
        ),
        classifier=ClassifierParameters(classifier=NONE),
        segmenter=parameters.segmenter,
    )


def weights_names(kind: Kind) -> list[str]:
    """List the names of all weights of one kind; segmenters are detectors.

    ``default`` comes first, if there are default weights of this kind.
    """
    others = [name for name in list_weights() if name != f"{kind}-default"]
    return [name for name in ("default", *others) if _is_of_kind(name, kind)]


class NetworkCache:
    """Cache of the networks that were used last, safe for use from several threads."""

    def __init__(self) -> None:
        self._kept: tuple[object, Networks] | None = None
        self._loading = Lock()

    def load(self, parameters: PickParameters, sha256: Hashes) -> Networks:
        """Load the networks that `parameters` name, unless they are those of the last call.

        Parameters
        ----------
        parameters : PickParameters
            Parameters with the names of the networks and the device.
        sha256 : Hashes
            Required hashes of the weights files.

        Raises
        ------
        InputFileError
            If weights are damaged or have other hashes.
        ValueError
            If the device is not available.
        """
        wanted = (parameters.detector.device, sha256)
        with self._loading:
            if self._kept is None or self._kept[0] != wanted:
                self._kept = None
                networks = load_networks(parameters)
                if networks.sha256 != sha256:
                    raise InputFileError(
                        parameters.detector.weights,
                        "these weights, or others of this run, have changed since the start",
                        "Use the same weights throughout, or start again",
                    )
                self._kept = wanted, networks
            return self._kept[1]


def _look_up_wanted(weights: str, kind: type[_CardT]) -> tuple[_CardT, str] | tuple[None, None]:
    return (None, None) if weights == NONE else _look_up(weights, kind)


def _look_up(weights: str, kind: type[_CardT]) -> tuple[_CardT, str]:
    name: Kind = kind.model_fields["kind"].default
    path = find_weights(weights, name)
    card, sha256 = _read(path, file_stamp(path))
    if not isinstance(card, kind):
        raise InputFileError(path, f"these are {card.kind} weights", f"Give {name} weights")
    return card, sha256


def _is_of_kind(name: str, kind: Kind) -> bool:
    try:
        path = find_weights(name, kind)
        return isinstance(_read(path, file_stamp(path))[0], CARDS[kind])
    except InputFileError:  # a damaged file cannot be chosen
        return False


@lru_cache(maxsize=32)
def _read(path: Path, stamp: tuple[int, ...]) -> tuple[AnyCard, str]:
    return read_card_and_hash(path)
