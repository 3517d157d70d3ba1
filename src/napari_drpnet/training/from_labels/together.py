"""Agreement of detector and classifier together with labels."""

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.geometry import far_from
from napari_drpnet.picking.expected import choose_cut
from napari_drpnet.picking.networks.card import ClassifierNetwork, DetectorCard
from napari_drpnet.training.common.fields import Field
from napari_drpnet.training.common.labels import label_maxima
from napari_drpnet.training.from_labels.targets import LabelledImage
from napari_drpnet.training.from_truth.cuts import classify_candidates

#: A label belongs to a candidate within this distance, particle diameters.
_REACH = 0.25


def is_compatible(classifier: ClassifierNetwork, detector: DetectorCard) -> bool:
    """Return whether a classifier takes the images and the map heights of a detector."""
    same_view = classifier.card.preprocessing == detector.preprocessing
    return same_view and classifier.card.knows(detector)


def find_correct_labels(
    labelled: LabelledImage,
    distance_map: NDArray[np.float32],
    detector: DetectorCard,
    classifier: ClassifierNetwork,
) -> NDArray[np.bool_]:
    """Find the labels that detector and classifier agree with.

    Parameters
    ----------
    labelled : LabelledImage
        Micrograph with n + m labels.
    distance_map : (h, w) float32 array
        Map of the detector, not smoothed.
    detector : DetectorCard
        Card of the detector.
    classifier : ClassifierNetwork
        Compatible classifier (see `is_compatible`), with the rule of acceptance on its card.

    Returns
    -------
    (n + m,) bool array
        True for accepted labels with an accepted candidate at their position, and for rejected
        labels without one.
    """
    field = Field(labelled.image.astype(np.float16), labelled.accepted_yx)
    card = classifier.card
    found = label_maxima(
        field, distance_map, card.particle_px, detector.sigma_px, least_height=card.threshold
    )
    probability = classify_candidates(field, found, classifier)
    picked = choose_cut(probability, card.accept, card.least_f1).accepts(probability)
    reach = _REACH * card.particle_px
    is_picked = ~far_from(labelled.centers_yx, found.centers_yx[picked], reach)
    return np.asarray(is_picked == labelled.accepted)
