"""From a micrograph to its distance map: what the detector sees, and what it draws."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base import geometry
from napari_drpnet.base.devices import Device, choose_device
from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.jobs import Job
from napari_drpnet.images.micrograph import Micrograph
from napari_drpnet.images.preprocess import NetworkImage, preprocess
from napari_drpnet.picking.detectors.distance_map import predict_distance_map, to_published_units
from napari_drpnet.picking.parameters import PickParameters
from napari_drpnet.picking.polarity import find_polarity

if TYPE_CHECKING:
    from napari_drpnet.picking.networks.weights import Network

Map = NDArray[np.float32]

#: A polarity found with less confidence than this deserves a look.
UNSURE = 0.5
#: What does not rise above this part of the detector's threshold is no evidence.
_NOISE = 2 / 3


@dataclass(frozen=True, eq=False)
class Networks:
    """The networks that `pick` runs, loaded once for many micrographs.

    Parameters
    ----------
    detector : Network
        Makes the distance map.
    classifier : Network or None
        Judges the picks; None to leave that out.
    device : Device
        Where both run.
    """

    detector: "Network"
    classifier: "Network | None"
    device: Device


@dataclass(frozen=True, eq=False)
class Detection:
    """What the networks see of a micrograph, and what the detector drew.

    Parameters
    ----------
    view : NetworkImage
        The micrograph as the detector sees it.
    distance_map : (h, w) float32 array
        On the frame of `view`, not yet smoothed.
    classifier_view : NetworkImage
        The micrograph as the classifier sees it; the same as `view` where their cards agree.
    diameter_px : float
        Particle diameter, unbinned pixels.
    polarity_confidence : float
        How sure the polarity of `view` is: from 0 (a guess) to 1, also where the user said it.
    map_units : {'absolute', 'published'}
        Of `distance_map`.
    """

    view: NetworkImage
    distance_map: Map
    classifier_view: NetworkImage
    diameter_px: float
    polarity_confidence: float
    map_units: Literal["absolute", "published"]


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


def detect(
    micrograph: Micrograph, parameters: PickParameters, networks: Networks, job: Job | None = None
) -> Detection:
    """Preprocess a micrograph and draw its distance map.

    Parameters
    ----------
    micrograph : Micrograph
        From `read_micrograph`.
    parameters : PickParameters
        From `picking.resolve`: nothing left open.
    networks : Networks
        From `load_networks`.
    job : Job, optional
        Told after each tile; may cancel.

    Returns
    -------
    Detection
        With ``auto`` polarity, of the two views the one in which the detector finds more on a
        sample of the micrograph; see `find_polarity`. A detector without an absolute scale cannot
        compare them: particles then count as dark.

    Raises
    ------
    InputFileError
        When the pixel size is unknown, or the particle does not fit into the micrograph.
    Cancelled
        When the job says so.
    """
    diameter_px = particle_diameter_px(micrograph, parameters)
    card, wanted = networks.detector.card, parameters.particle.polarity
    normalization = parameters.detector.normalization or card.normalization
    polarity = "dark" if wanted == "auto" else wanted
    try:
        view = preprocess(
            micrograph.pixels,
            diameter_px,
            card.particle_px,
            polarity,
            normalization,
            card.spectrum,
        )
    except ValueError as error:
        remedy = "Check the particle diameter and the pixel size"
        raise InputFileError(micrograph.path or "micrograph", str(error), remedy) from error
    confidence, precision = 0.0 if wanted == "auto" else 1.0, parameters.detector.precision
    if wanted == "auto" and card.map_units == "absolute":
        floor = card.threshold * _NOISE
        bright, confidence = find_polarity(view, networks.detector, precision, floor, job)
        view = view.inverted() if bright else view
    distance_map = predict_distance_map(view.image, networks.detector, precision, job=job)
    map_units = parameters.detector.map_units or card.map_units
    if map_units == "published":
        distance_map = to_published_units(distance_map)
    classifier_view = _classifier_view(micrograph, diameter_px, view, networks)
    return Detection(view, distance_map, classifier_view, diameter_px, confidence, map_units)


def particle_diameter_px(micrograph: Micrograph, parameters: PickParameters) -> float:
    """Return the particle diameter in unbinned pixels.

    Raises
    ------
    InputFileError
        When neither the parameters nor the micrograph's header know the pixel size.
    """
    pixel_size = parameters.particle.pixel_size_angstrom or micrograph.pixel_size_angstrom
    if pixel_size is None:
        raise InputFileError(
            micrograph.path or "micrograph",
            "its header does not say the pixel size",
            "Give it in Å, for example: --pixel-size 1.06",
        )
    return geometry.pixels_from_angstrom(parameters.particle.diameter_angstrom, pixel_size)


def _classifier_view(
    micrograph: Micrograph, diameter_px: float, view: NetworkImage, networks: Networks
) -> NetworkImage:
    if networks.classifier is None:
        return view
    detector, classifier = networks.detector.card, networks.classifier.card
    wanted = (classifier.particle_px, classifier.normalization, classifier.spectrum)
    if wanted == (detector.particle_px, view.normalization, detector.spectrum):
        return view
    return preprocess(
        micrograph.pixels,
        diameter_px,
        classifier.particle_px,
        view.polarity,
        classifier.normalization,
        classifier.spectrum,
    )
