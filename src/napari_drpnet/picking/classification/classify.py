"""Classification of the candidates of a micrograph: P(particle) from patch and context."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.geometry import nearest_pixels
from napari_drpnet.base.jobs import Job
from napari_drpnet.base.picks import Picks
from napari_drpnet.picking.classification.patches import (
    extract_patches,
    log_odds_of_context,
    log_odds_of_patches,
    particle_probability,
)
from napari_drpnet.picking.detection import Detection
from napari_drpnet.picking.loading import Networks
from napari_drpnet.picking.networks.card import ClassifierNetwork


def classify(
    candidates: Picks,
    detection: Detection,
    networks: Networks,
    job: Job | None = None,
    wanted: NDArray[np.bool_] | None = None,
    known: "PatchCache | None" = None,
) -> Picks:
    """Compute P(particle) of candidates; it stays NaN without a classifier.

    Parameters
    ----------
    candidates : Picks
        All candidates from `rank_candidates`, since each is in the context of the others.
    detection : Detection
        Detection that the candidates come from.
    networks : Networks
        Networks, with or without a classifier.
    job : Job, optional
        Progress callback, called after each batch; it may cancel the work.
    wanted : (n,) bool array, optional
        Mask of the candidates to classify and return; default: all.
    known : PatchCache, optional
        Log-odds of patches of this micrograph that this classifier has computed before.

    Returns
    -------
    Picks
        Candidates with P(particle).

    Raises
    ------
    Cancelled
        If the work was cancelled.
    """
    classifier = networks.classifier
    context = context_log_odds(candidates, detection, networks)
    if wanted is not None:
        candidates, context = candidates.where(wanted), context[wanted]
    if classifier is None:
        return candidates
    if known is None:
        patch = patch_log_odds(candidates, detection, classifier, job)
    else:
        patch = known.log_odds(candidates, detection, classifier, job)
    return replace(candidates, probability=particle_probability(patch, context))


def patch_log_odds(
    picks: Picks, detection: Detection, classifier: ClassifierNetwork, job: Job | None = None
) -> NDArray[np.float32]:
    """Return the log-odds ``(n,)`` of a particle from the patches around picks."""
    view = detection.classifier_view
    centers = view.frame.to_network(picks.centers_yx)
    patches = extract_patches(view.image, centers, classifier.card.patch_px)
    return log_odds_of_patches(patches, classifier, job)


def context_log_odds(
    candidates: Picks, detection: Detection, networks: Networks
) -> NDArray[np.float64]:
    """Return the log-odds ``(n,)`` of a particle from the contexts of all candidates.

    They are 0 if the classifier was made for map heights of another kind.
    """
    classifier, detector = networks.classifier, networks.detector.card
    own_units = detection.evidence.units == detector.map_units
    if classifier is None or not classifier.card.knows(detector) or not own_units:
        return np.zeros(len(candidates))
    return log_odds_of_context(
        candidates.centers_yx,
        candidates.height,
        detection.view.extent,
        detection.diameter_px,
        classifier,
    )


class PatchCache:
    """Cache of the log-odds of patches, for one micrograph and one classifier.

    A patch depends only on the network pixel of its centre. So the log-odds of a candidate are
    known already if a change of sigma moves it within this pixel, or back to a former one.

    Parameters
    ----------
    detection : Detection
        Detection that the candidates come from.
    """

    def __init__(self, detection: Detection) -> None:
        self._known = np.full(detection.classifier_view.image.shape, np.nan, np.float32)

    @property
    def nbytes(self) -> int:
        """Memory of the cache, bytes."""
        return self._known.nbytes

    def log_odds(
        self,
        candidates: Picks,
        detection: Detection,
        classifier: ClassifierNetwork,
        job: Job | None = None,
    ) -> NDArray[np.float32]:
        """Return the result of `patch_log_odds`, computed only for pixels that are not cached."""
        view = detection.classifier_view
        places = nearest_pixels(view.image.shape, view.frame.to_network(candidates.centers_yx))
        new = np.isnan(self._known[places])
        if new.any():
            odds = patch_log_odds(candidates.where(new), detection, classifier, job)
            self._known[places[0][new], places[1][new]] = odds
        return self._known[places]
