"""Classify the candidates of a micrograph: P(particle) from patch and context of each."""

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
    """Fill in P(particle) of candidates; it stays NaN where there is no classifier.

    Parameters
    ----------
    candidates : Picks
        All of them, from `rank_candidates`: each is the context of the others.
    detection : Detection
        What they were found in.
    networks : Networks
        With a classifier, or without.
    job : Job, optional
        Progress callback, called after each batch; it may cancel.
    wanted : (n,) bool array, optional
        Which to classify and return; default: all.
    known : PatchCache, optional
        Patches of this micrograph that this classifier has seen before.

    Raises
    ------
    Cancelled
        When the job says so.
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
    """Return the log-odds (n,) of a particle that the patches around picks give."""
    view = detection.classifier_view
    centers = view.frame.to_network(picks.centers_yx)
    patches = extract_patches(view.image, centers, classifier.card.patch_px)
    return log_odds_of_patches(patches, classifier, job)


def context_log_odds(
    candidates: Picks, detection: Detection, networks: Networks
) -> NDArray[np.float64]:
    """Return the log-odds (n,) of a particle that all candidates together give each of them.

    They are 0 where the heights are not those that the classifier knows.
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
    """The log-odds of the patches of one micrograph that one classifier has seen.

    A patch depends on the network pixel of its centre alone. So when sigma moves a candidate by
    less than that, or back, its log-odds are known already.

    Parameters
    ----------
    detection : Detection
        What the candidates are found in.
    """

    def __init__(self, detection: Detection) -> None:
        self._known = np.full(detection.classifier_view.image.shape, np.nan, np.float32)

    @property
    def nbytes(self) -> int:
        """Memory that it holds."""
        return self._known.nbytes

    def log_odds(
        self,
        candidates: Picks,
        detection: Detection,
        classifier: ClassifierNetwork,
        job: Job | None = None,
    ) -> NDArray[np.float32]:
        """Return what `patch_log_odds` does; only new places cost time."""
        view = detection.classifier_view
        places = nearest_pixels(view.image.shape, view.frame.to_network(candidates.centers_yx))
        new = np.isnan(self._known[places])
        if new.any():
            odds = patch_log_odds(candidates.where(new), detection, classifier, job)
            self._known[places[0][new], places[1][new]] = odds
        return self._known[places]
