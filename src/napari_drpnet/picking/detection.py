"""What the networks see of a micrograph, and what the detector finds in it."""

from dataclasses import dataclass

from napari_drpnet.base import geometry
from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.jobs import Job
from napari_drpnet.images.micrograph import Micrograph
from napari_drpnet.images.preprocess import NetworkImage, preprocess
from napari_drpnet.picking.detectors.families import family_of
from napari_drpnet.picking.detectors.protocol import Evidence
from napari_drpnet.picking.loading import Networks
from napari_drpnet.picking.parameters import PickParameters
from napari_drpnet.picking.resolve import ResolvedParameters

#: A polarity found with less confidence than this deserves a look.
UNSURE = 0.5


@dataclass(frozen=True, eq=False)
class Detection:
    """What the networks see of a micrograph, and what the detector has found.

    Parameters
    ----------
    view : NetworkImage
        The micrograph as the detector sees it.
    evidence : Evidence
        What the detector has found in `view`.
    classifier_view : NetworkImage
        The micrograph as the classifier sees it; the same as `view` where their cards agree.
    diameter_px : float
        Particle diameter, unbinned pixels.
    polarity_confidence : float
        How sure the polarity of `view` is: from 0 (a guess) to 1, also where the user said it.
    """

    view: NetworkImage
    evidence: Evidence
    classifier_view: NetworkImage
    diameter_px: float
    polarity_confidence: float


def detect(
    micrograph: Micrograph,
    parameters: ResolvedParameters,
    networks: Networks,
    job: Job | None = None,
) -> Detection:
    """Preprocess a micrograph and let the detector look for particles.

    Parameters
    ----------
    micrograph : Micrograph
        From `read_micrograph`.
    parameters : ResolvedParameters
        From `Networks.resolve`.
    networks : Networks
        From `load_networks`.
    job : Job, optional
        Progress callback, called after each tile; it may cancel.

    Returns
    -------
    Detection
        With ``auto`` polarity, of the two views the one in which the detector finds more on a
        sample of the micrograph; in doubt particles count as dark.

    Raises
    ------
    InputFileError
        When the pixel size is unknown, or the particle does not fit into the micrograph.
    Cancelled
        When the job says so.
    """
    diameter_px = particle_diameter_px(micrograph, parameters)
    card, wanted = networks.detector.card, parameters.particle.polarity
    family = family_of(card)
    try:
        view = preprocess(
            micrograph.pixels,
            diameter_px,
            card.particle_px,
            "dark" if wanted == "auto" else wanted,
            parameters.detector.normalization,
            card.spectrum,
        )
    except ValueError as error:
        remedy = "Check the particle diameter and the pixel size"
        raise InputFileError(micrograph.path or "micrograph", str(error), remedy) from error
    confidence = 1.0
    if wanted == "auto":
        asked = networks.detector, parameters.detector
        bright, confidence = family.find_polarity(view, *asked, job)
        view = view.inverted() if bright else view
    evidence = family.detect(view, networks.detector, parameters.detector, job)
    classifier_view = _classifier_view(micrograph, diameter_px, view, networks)
    return Detection(view, evidence, classifier_view, diameter_px, confidence)


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
