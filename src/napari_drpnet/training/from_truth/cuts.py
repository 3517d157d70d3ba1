"""The numbers that serve all fields best: sigma, threshold and least expected F1."""

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

_SIGMAS_PX = (0.0, 0.7, 1.0, 1.5)
#: What a false pick on an empty micrograph costs, in F1 of a micrograph with particles.
_FALSE_PICK_COST = 0.002
#: What caution may cost in score: real micrographs are dirtier than simulated ones.
_CAUTION = 0.01

Floats = NDArray[np.float64]


@dataclass(frozen=True, order=True)
class Cuts:
    """What a card recommends, and the score on the fields that judge, by which these compare."""

    score: float
    threshold: float
    sigma_px: float = 0.0
    accept: float | None = 0.0
    least_f1: float = 0.0


class BestSoFar:
    """Remembers what came of each look at the fields that judge.

    Parameters
    ----------
    network : DetectorNetwork or ClassifierNetwork
        That is trained.
    choose : callable
        Looks at a network as it is.
    started_from_weights : bool
        Whether the first look is at weights that are to be beaten.
    """

    def __init__(
        self, network: AnyNetwork, choose: Callable[[Any], Cuts], started_from_weights: bool
    ) -> None:
        self._network, self._choose = network, choose
        self._to_beat = int(started_from_weights)
        self._cuts: list[Cuts] = []

    def judge(self) -> float:
        """Return the score of the network as it is."""
        self._cuts.append(self._choose(self._network))
        return self._cuts[-1].score

    def improves(self, other: AnyNetwork) -> bool:
        """Look at another network; return whether it is better than all before."""
        self._cuts.append(self._choose(other))
        return self.best is self._cuts[-1]

    @property
    def best(self) -> Cuts:
        """The first of the best, whose weights the fit keeps."""
        return max(self._cuts, key=lambda cuts: cuts.score)

    @property
    def found_something(self) -> bool:
        """Whether there is something new, and better than the weights that it started from."""
        return bool(self._cuts) and self._cuts.index(self.best) >= self._to_beat


def choose_detector_cuts(unseen: Sequence[Field], detector: DetectorNetwork) -> Cuts:
    """Return the sigma and threshold that serve a detector best; its maps are drawn once."""
    particle_px = detector.card.particle_px
    judged: dict[float, list[LabelledCandidates]] = {sigma: [] for sigma in _SIGMAS_PX}
    for field in unseen:
        distance_map = predict_distance_map(field.image.astype(np.float32), detector)
        for sigma, found in judged.items():
            found.append(label_maxima(field, distance_map, particle_px, sigma))
    trials = []
    for sigma, found in judged.items():
        threshold, score = choose_threshold(found)
        trials.append(Cuts(score, threshold, sigma))
    return max(trials)


def choose_classifier_cuts(
    unseen: Sequence[Field],
    judged: Sequence[LabelledCandidates],
    threshold: float,
    classifier: ClassifierNetwork,
) -> Cuts:
    """Return the least expected F1 that serves a classifier best, on candidates of fields.

    Accept is automatic; the threshold is the least height of candidates that it has learned from.
    """
    probability = [
        particle_probability(
            patch_log_odds(field, found, classifier), context_log_odds(field, found, classifier)
        )
        for field, found in zip(unseen, judged, strict=True)
    ]
    least_f1, score = choose_least_f1(judged, probability)
    return Cuts(score, threshold, accept=None, least_f1=least_f1)


def patch_log_odds(
    field: Field, found: LabelledCandidates, classifier: ClassifierNetwork
) -> NDArray[np.float32]:
    """Return the log-odds (n,) that the patches of a field's candidates give."""
    patches = cut_patches([field], [found], classifier.card.patch_px).patches
    return log_odds_of_patches(patches.astype(np.float32), classifier)


def context_log_odds(
    field: Field, found: LabelledCandidates, classifier: ClassifierNetwork
) -> Floats:
    """Return the log-odds (n,) that a field's candidates give each other."""
    particle_px = classifier.card.particle_px
    return log_odds_of_context(
        found.centers_yx, found.height, field.extent, particle_px, classifier
    )


def choose_threshold(judged: Sequence[LabelledCandidates]) -> tuple[float, float]:
    """Return the threshold that serves all fields best without a classifier, and its score.

    The score is the mean F1 of the fields with particles, less a little for each false pick on an
    empty field: the pooled F1 would let crowded fields choose for all.
    """
    thresholds = np.round(np.arange(0.05, 0.95, 0.01), 2)
    score, threshold = max(
        (_score(judged, [found.height >= threshold for found in judged]), threshold)
        for threshold in thresholds
    )
    return float(threshold), score


def choose_least_f1(
    judged: Sequence[LabelledCandidates], probability: Sequence[Floats]
) -> tuple[float, float]:
    """Return the expected F1 below which a field had better be left empty, and its score.

    Of values that are as good but for a little, the greatest.
    """
    trials = []
    for least_f1 in np.round(np.arange(0, 0.75, 0.05), 2):
        cuts = [automatic_cut(p, least_f1) for p in probability]
        kept = [
            cut.picks_something & (p >= cut.accept)
            for cut, p in zip(cuts, probability, strict=True)
        ]
        trials.append((_score(judged, kept), float(least_f1)))
    best, _ = max(trials)
    least_f1, score = max((value, score) for score, value in trials if score >= best - _CAUTION)
    return least_f1, score


def f1(found: LabelledCandidates, kept: NDArray[np.bool_]) -> float:
    """Return the F1 of the kept candidates of one field; 1 where there is nothing to find."""
    right = min(int((kept & found.right).sum()), found.particles)
    return Tally(right, int(kept.sum()) - right, found.particles - right).rates.f1


def _score(judged: Sequence[LabelledCandidates], kept: Sequence[NDArray[np.bool_]]) -> float:
    full = [f1(found, rows) for found, rows in zip(judged, kept, strict=True) if found.particles]
    false = [rows.sum() for found, rows in zip(judged, kept, strict=True) if not found.particles]
    mean = np.mean(full) if full else 0.0
    return float(mean - _FALSE_PICK_COST * (np.mean(false) if false else 0))
