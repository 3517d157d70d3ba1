"""Choice of the recommended sigma, threshold and least expected F1 on validation fields."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.evaluation.precision_recall import Tally
from napari_drpnet.picking.classification.patches import (
    log_odds_of_context,
    log_odds_of_patches,
    particle_probability,
)
from napari_drpnet.picking.detectors.distance_map import predict_distance_map
from napari_drpnet.picking.expected import automatic_cut
from napari_drpnet.picking.networks.card import AnyNetwork, ClassifierNetwork, DetectorNetwork
from napari_drpnet.training.common.fields import Field
from napari_drpnet.training.common.labels import LabelledCandidates, cut_patches, label_maxima

#: Smoothing that is compared: Gaussian sigma, network pixels.
SIGMAS_PX = (0.0, 0.7, 1.0, 1.5)
#: Penalty of a false pick on an empty micrograph, in units of F1.
_FALSE_PICK_COST = 0.002
#: Loss of score for which a greater least F1 is chosen: real micrographs are dirtier than
#: simulated ones.
_CAUTION = 0.01

Floats = NDArray[np.float64]


@dataclass(frozen=True, order=True)
class Cuts:
    """Recommended values of a card, ordered by their validation score.

    Parameters
    ----------
    score : float
        Validation score.
    threshold : float
        Threshold, map units.
    sigma_px : float
        Smoothing of the distance map: Gaussian sigma, network pixels.
    accept : float or None
        Least P(particle); None if it is automatic.
    least_f1 : float
        Expected F1 below which nothing is accepted.
    """

    score: float
    threshold: float = 0.0
    sigma_px: float = 0.0
    accept: float | None = 0.0
    least_f1: float = 0.0


class BestSoFar:
    """Recommended values of a network at each validation.

    Parameters
    ----------
    network : DetectorNetwork or ClassifierNetwork
        Network that is trained.
    choose : callable
        Function that validates a network and returns its `Cuts`.
    started_from_weights : bool
        Whether the first validation is that of existing weights, which must be improved upon.
    """

    def __init__(
        self, network: AnyNetwork, choose: Callable[[Any], Cuts], started_from_weights: bool
    ) -> None:
        self._network, self._choose = network, choose
        self._to_beat = int(started_from_weights)
        self._cuts: list[Cuts] = []

    def validate(self) -> float:
        """Validate the network in its present state and return the score."""
        self._cuts.append(self._choose(self._network))
        return self._cuts[-1].score

    def improves(self, other: AnyNetwork) -> bool:
        """Validate another network and return whether it is better than all before."""
        self._cuts.append(self._choose(other))
        return self.cuts is self._cuts[-1]

    @property
    def cuts(self) -> Cuts:
        """Recommended values of the best state, the first one if several are equally good."""
        return max(self._cuts, key=lambda each: each.score)

    @property
    def found_something(self) -> bool:
        """Whether a new state is better than the weights that the training started from."""
        return bool(self._cuts) and self._cuts.index(self.cuts) >= self._to_beat


def choose_detector_cuts(validation: Sequence[Field], detector: DetectorNetwork) -> Cuts:
    """Choose the sigma and threshold with the best score of a detector.

    Parameters
    ----------
    validation : sequence of Field
        Validation fields; the map of each is predicted once.
    detector : DetectorNetwork
        Detector to validate.
    """
    particle_px = detector.card.particle_px
    by_sigma: dict[float, list[LabelledCandidates]] = {sigma: [] for sigma in SIGMAS_PX}
    for field in validation:
        distance_map = predict_distance_map(field.image.astype(np.float32), detector)
        for sigma, found in by_sigma.items():
            found.append(label_maxima(field, distance_map, particle_px, sigma))
    choices = []
    for sigma, found in by_sigma.items():
        threshold, score = choose_threshold(found)
        choices.append(Cuts(score, threshold, sigma))
    return max(choices)


def choose_classifier_cuts(
    validation: Sequence[Field],
    candidates: Sequence[LabelledCandidates],
    threshold: float,
    classifier: ClassifierNetwork,
) -> Cuts:
    """Choose the least expected F1 with the best score of a classifier; accept is automatic.

    Parameters
    ----------
    validation : sequence of Field
        Validation fields.
    candidates : sequence of LabelledCandidates
        Candidates of each field.
    threshold : float
        Threshold to recommend, map units: the least height of the candidates.
    classifier : ClassifierNetwork
        Classifier to validate.
    """
    probability = [
        classify_candidates(field, found, classifier)
        for field, found in zip(validation, candidates, strict=True)
    ]
    least_f1, score = choose_least_f1(candidates, probability)
    return Cuts(score, threshold, accept=None, least_f1=least_f1)


def classify_candidates(
    field: Field, found: LabelledCandidates, classifier: ClassifierNetwork
) -> Floats:
    """Return P(particle) ``(n,)`` of the candidates of a field, from patch and context."""
    context = log_odds_of_context(
        found.centers_yx, found.height, field.extent, classifier.card.particle_px, classifier
    )
    return particle_probability(patch_log_odds(field, found, classifier), context)


def patch_log_odds(
    field: Field, found: LabelledCandidates, classifier: ClassifierNetwork
) -> NDArray[np.float32]:
    """Return the log-odds ``(n,)`` of a particle from the patches of the candidates of a field."""
    patches = cut_patches([field], [found], classifier.card.patch_px).patches
    return log_odds_of_patches(patches.astype(np.float32), classifier)


def choose_threshold(candidates: Sequence[LabelledCandidates]) -> tuple[float, float]:
    """Choose the threshold with the best score without a classifier.

    Parameters
    ----------
    candidates : sequence of LabelledCandidates
        Candidates of each field.

    Returns
    -------
    threshold : float
        Threshold, map units.
    score : float
        Mean F1 of the fields with particles, minus a small penalty for each false pick on empty
        fields. A pooled F1 would be dominated by crowded fields.
    """
    thresholds = np.round(np.arange(0.05, 0.95, 0.01), 2)
    score, threshold = max(
        (_score(candidates, [found.height >= threshold for found in candidates]), threshold)
        for threshold in thresholds
    )
    return float(threshold), score


def choose_least_f1(
    candidates: Sequence[LabelledCandidates], probability: Sequence[Floats]
) -> tuple[float, float]:
    """Choose the expected F1 below which nothing is accepted.

    Parameters
    ----------
    candidates : sequence of LabelledCandidates
        Candidates of each field.
    probability : sequence of (n,) float array
        P(particle) of the candidates of each field.

    Returns
    -------
    least_f1 : float
        The greatest value whose score is at most 0.01 below the best one.
    score : float
        Score of this value, as for `choose_threshold`.
    """
    scores = []
    for least_f1 in np.round(np.arange(0, 0.75, 0.05), 2):
        cuts = [automatic_cut(p, least_f1) for p in probability]
        kept = [cut.accepts(p) for cut, p in zip(cuts, probability, strict=True)]
        scores.append((_score(candidates, kept), float(least_f1)))
    best, _ = max(scores)
    least_f1, score = max((value, score) for score, value in scores if score >= best - _CAUTION)
    return least_f1, score


def f1(found: LabelledCandidates, kept: NDArray[np.bool_]) -> float:
    """Return the F1 of the kept candidates of one field; 1 if there is nothing to find."""
    right = min(int((kept & found.right).sum()), found.particles)
    return Tally(right, int(kept.sum()) - right, found.particles - right).rates.f1


def _score(candidates: Sequence[LabelledCandidates], kept: Sequence[NDArray[np.bool_]]) -> float:
    full = [
        f1(found, rows) for found, rows in zip(candidates, kept, strict=True) if found.particles
    ]
    false = [
        rows.sum() for found, rows in zip(candidates, kept, strict=True) if not found.particles
    ]
    mean = np.mean(full) if full else 0.0
    return float(mean - _FALSE_PICK_COST * (np.mean(false) if false else 0))
