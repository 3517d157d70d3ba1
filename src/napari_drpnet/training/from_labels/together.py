"""How a detector and the classifier that is in use do together on labels."""

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.geometry import far_from
from napari_drpnet.picking.classification.patches import particle_probability
from napari_drpnet.picking.expected import automatic_cut
from napari_drpnet.picking.networks.card import ClassifierNetwork, DetectorCard
from napari_drpnet.training.common.fields import Field
from napari_drpnet.training.common.labels import label_maxima
from napari_drpnet.training.from_labels.targets import LabelledImage
from napari_drpnet.training.from_truth.cuts import context_log_odds, patch_log_odds

#: A label is about a candidate within this part of a particle diameter.
_REACH = 0.25


def sees_the_same(classifier: ClassifierNetwork, detector: DetectorCard) -> bool:
    """Whether a classifier knows the heights of a detector, and sees micrographs as it does."""
    views = ("particle_px", "normalization", "spectrum")
    same = all(getattr(classifier.card, name) == getattr(detector, name) for name in views)
    return same and classifier.card.knows(detector)


def find_right(
    labelled: LabelledImage,
    distance_map: NDArray[np.float32],
    detector: DetectorCard,
    classifier: ClassifierNetwork,
) -> NDArray[np.bool_]:
    """Find the labels that a detector and a classifier agree with.

    Parameters
    ----------
    labelled : LabelledImage
        A micrograph and its labels, n + m of them.
    distance_map : (h, w) float32 array
        Map of the detector, not yet smoothed.
    detector : DetectorCard
        Card of the detector.
    classifier : ClassifierNetwork
        One that `sees_the_same`; its card says what is accepted.

    Returns
    -------
    (n + m,) bool array
        Whether an accepted candidate is at the place of a label that accepts, and none at that of
        one that rejects.
    """
    field = Field(labelled.image.astype(np.float16), labelled.accepted_yx)
    card = classifier.card
    found = label_maxima(
        field, distance_map, card.particle_px, detector.sigma_px, least_height=card.threshold
    )
    probability = particle_probability(
        patch_log_odds(field, found, classifier), context_log_odds(field, found, classifier)
    )
    accepted = probability >= (card.accept or 0.0)
    if card.accept is None:
        cut = automatic_cut(probability, card.least_f1)
        accepted = cut.picks_something & (probability >= cut.accept)
    reach = _REACH * card.particle_px
    is_picked = ~far_from(labelled.centers_yx, found.centers_yx[accepted], reach)
    return np.asarray(is_picked == labelled.verdicts)
