"""Detection: the images of a micrograph for the networks, and the evidence of the detector."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base import geometry
from napari_drpnet.base.class_maps import resample_mask
from napari_drpnet.base.dirt import Dirt
from napari_drpnet.base.errors import InputFileError, UnknownPixelSizeError
from napari_drpnet.base.jobs import Job
from napari_drpnet.base.segmentation import Segmentation
from napari_drpnet.images.micrograph import Micrograph
from napari_drpnet.images.preprocess import NetworkImage, Normalization, preprocess
from napari_drpnet.picking.detectors.families import family_of
from napari_drpnet.picking.detectors.protocol import Evidence
from napari_drpnet.picking.detectors.segmentation_family import SegmentedParticles
from napari_drpnet.picking.loading import Networks
from napari_drpnet.picking.networks.card import AnyCard, ClassifierCard, SegmenterCard
from napari_drpnet.picking.parameters import PickParameters
from napari_drpnet.picking.resolve import ResolvedParameters
from napari_drpnet.picking.segmentation.segment import segment

Mask = NDArray[np.bool_]
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
    segmentation : Segmentation, optional
        Classes of the pixels; None without a segmenter.
    mask : (h, w) bool array, optional
        Mask of dirt that another program or a person made, in the frame of `view`.
    """

    view: NetworkImage
    evidence: Evidence
    classifier_view: NetworkImage
    diameter_px: float
    polarity_confidence: float
    segmentation: Segmentation | None = None
    mask: Mask | None = None

    @property
    def nbytes(self) -> int:
        """Memory of the arrays, bytes; those that are used twice are counted once."""
        images = (self.view.image, self.classifier_view.image, self.view.grey)
        held = {id(image): image.nbytes for image in images if image is not None}
        evidence = self.evidence
        own = isinstance(evidence, SegmentedParticles) and evidence.segmentation
        if self.segmentation is not None and self.segmentation is not own:
            held[id(self.segmentation)] = self.segmentation.nbytes
        mask = 0 if self.mask is None else self.mask.nbytes
        return sum(held.values()) + evidence.nbytes + mask


def detect(
    micrograph: Micrograph,
    parameters: ResolvedParameters,
    networks: Networks,
    job: Job | None = None,
    mask: Mask | None = None,
) -> Detection:
    """Preprocess a micrograph and run the detector, and the segmenter if there is one.

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
    mask : (my, mx) bool array, optional
        Mask of dirt that is known already, binned by any factor.

    Returns
    -------
    Detection
        Images, evidence and segmentation. With ``auto`` polarity, the polarity is the one in which
        the detector finds more on a sample of the micrograph; dark if that is uncertain.

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
            grey=_is_grey_needed(networks),
        )
    except ValueError as error:
        remedy = "Check the particle diameter and the pixel size"
        raise InputFileError(micrograph.path or "micrograph", str(error), remedy) from error
    confidence = 1.0
    if wanted == "auto":
        asked = networks.detector, parameters.detector
        bright, confidence = family.find_polarity(view, *asked, job)
        view = view.inverted() if bright else view
    given = None if mask is None else resample_mask(mask, view.frame.network_shape)
    sources = _Sources(micrograph, diameter_px, view, networks)
    segmentation = sources.segment(parameters, job)
    sources = sources.without_dirt(segmentation, given)
    evidence = family.detect(sources.view, networks.detector, parameters.detector, job)
    if isinstance(evidence, SegmentedParticles) and segmentation is None:
        segmentation = evidence.segmentation
    return Detection(
        sources.view,
        evidence,
        sources.view_for(networks.classifier.card if networks.classifier else None),
        diameter_px,
        confidence,
        segmentation,
        given,
    )


def particle_diameter_px(micrograph: Micrograph, parameters: PickParameters) -> float:
    """Return the particle diameter in unbinned pixels.

    Raises
    ------
    InputFileError
        `UnknownPixelSizeError` if the pixel size is neither in the parameters nor in the header of
        the micrograph.
    """
    pixel_size = parameters.particle.pixel_size_angstrom or micrograph.pixel_size_angstrom
    if pixel_size is None:
        raise UnknownPixelSizeError(
            micrograph.path or "micrograph",
            "its header does not say the pixel size",
            "Give it in Å, for example: --pixel-size 1.06",
        )
    return geometry.pixels_from_angstrom(parameters.particle.diameter_angstrom, pixel_size)


def _is_grey_needed(networks: Networks) -> bool:
    """Return whether a network sees the grey values of the view of the detector."""
    cards = [networks.detector.card]
    if networks.segmenter:
        cards.append(networks.segmenter.card)
    return any(isinstance(card, SegmenterCard) and "grey" in card.inputs for card in cards)


@dataclass(frozen=True, eq=False)
class _Sources:
    """What the networks see: the view of the detector, or one of their own."""

    micrograph: Micrograph
    diameter_px: float
    view: NetworkImage
    networks: Networks
    dirt: Mask | None = None

    def view_for(self, card: ClassifierCard | SegmenterCard | None) -> NetworkImage:
        """Preprocess the micrograph for a network, unless the view of the detector is the same."""
        view, detector = self.view, self.networks.detector.card
        if card is None or card.preprocessing == (
            detector.particle_px,
            view.normalization,
            detector.spectrum,
        ):
            return view
        grey = isinstance(card, SegmenterCard) and "grey" in card.inputs
        return self._preprocess(card, card.normalization, grey)

    def without_dirt(self, segmentation: Segmentation | None, given: Mask | None) -> "_Sources":
        """Return these sources with dirt left out of the contrast, where that depends on it.

        Dirt is what is more likely dirt than not, shows no image, or lies in a mask that was given.
        """
        shape, normalization = self.view.frame.network_shape, self.view.normalization
        masks, valid = [] if given is None else [given], None
        if segmentation is not None:
            masks.append(resample_mask(segmentation.dirt, shape))
            if segmentation.valid is not None:
                valid = resample_mask(segmentation.valid, shape)
                masks.append(~valid)
        if normalization == "robust" or not masks:
            return self
        dirt = Dirt.of(np.logical_or.reduce(masks), self.view.frame, valid).rejecting
        sources = replace(self, dirt=dirt)
        detector, grey = self.networks.detector.card, self.view.grey is not None
        return replace(sources, view=sources._preprocess(detector, normalization, grey))

    def _preprocess(self, card: AnyCard, normalization: Normalization, grey: bool) -> NetworkImage:
        return preprocess(
            self.micrograph.pixels,
            self.diameter_px,
            card.particle_px,
            self.view.polarity,
            normalization,
            card.spectrum,
            grey,
            self.dirt,
        )

    def segment(self, parameters: ResolvedParameters, job: Job | None) -> Segmentation | None:
        """Run the segmenter, unless the detector is the same network."""
        segmenter, sha256 = self.networks.segmenter, self.networks.sha256
        if segmenter is None or sha256.detector == sha256.segmenter:
            return None
        view = self.view_for(segmenter.card)
        return segment(view, segmenter, parameters.detector.precision, job=job)
