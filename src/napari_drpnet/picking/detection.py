"""Detection: the images of a micrograph for the networks, and the evidence of the detector."""

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

#: Confidence below which a polarity is uncertain.
UNSURE = 0.5


@dataclass(frozen=True, eq=False)
class Detection:
    """Images of a micrograph for the networks, and the evidence of the detector.

    Parameters
    ----------
    view : NetworkImage
        Micrograph, preprocessed for the detector.
    evidence : Evidence
        Evidence that the detector has found in `view`.
    classifier_view : NetworkImage
        Micrograph, preprocessed for the classifier; the same as `view` if their cards agree.
    diameter_px : float
        Particle diameter, unbinned pixels.
    polarity_confidence : float
        Confidence of the polarity of `view`, from 0 (a guess) to 1; 1 if it was given.
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
    """Preprocess a micrograph and run the detector.

    Parameters
    ----------
    micrograph : Micrograph
        Micrograph from `read_micrograph`.
    parameters : ResolvedParameters
        Parameters from `Networks.resolve`.
    networks : Networks
        Networks from `load_networks`.
    job : Job, optional
        Progress callback, called after each tile; it may cancel the work.

    Returns
    -------
    Detection
        Images and evidence. With ``auto`` polarity, the polarity is the one in which the detector
        finds more on a sample of the micrograph; dark if that is uncertain.

    Raises
    ------
    InputFileError
        If the pixel size is unknown, or the particle does not fit into the micrograph.
    Cancelled
        If the work was cancelled.
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
        If the pixel size is neither in the parameters nor in the header of the micrograph.
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
    """Preprocess a micrograph for the classifier, unless the view of the detector is the same."""
    if networks.classifier is None:
        return view
    detector, classifier = networks.detector.card, networks.classifier.card
    if classifier.preprocessing == (detector.particle_px, view.normalization, detector.spectrum):
        return view
    return preprocess(
        micrograph.pixels,
        diameter_px,
        classifier.particle_px,
        view.polarity,
        classifier.normalization,
        classifier.spectrum,
    )
