"""Scores of picks against true particles, for one micrograph and for a set.

The same rule applies everywhere. A pick can be paired with at most one true particle and a particle
with at most one pick, if their distance is at most a given fraction of the particle diameter. The
pairing with most pairs counts (`napari_drpnet.evaluation.matching`). Hence a second pick on a
particle is a false positive.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_drpnet.base.geometry import inside
from napari_drpnet.evaluation.matching import Matching, as_positions, find_gains, match_one_to_one
from napari_drpnet.evaluation.precision_recall import PrecisionRecallCurve, Rates, Tally

Floats = NDArray[np.float64]

RADII = (0.5, 0.25)
"""Greatest distances of a pair as fractions of the diameter: the main one, and a strict one."""


@dataclass(frozen=True, eq=False)
class PickScore:
    """Score of the picks of one micrograph against its true particles.

    Parameters
    ----------
    tally : Tally
        Counts of correct picks, false picks and missed particles.
    matching : Matching
        Pairs of picks and particles.
    diameter_px : float
        Particle diameter in pixels.
    """

    tally: Tally
    matching: Matching
    diameter_px: float

    @property
    def median_centring_error_px(self) -> float | None:
        """Median distance of the pairs in pixels; None without pairs."""
        return _median(self.matching.distance_px)


def score_picks(
    picks_yx: ArrayLike, truth_yx: ArrayLike, diameter_px: float, radius: float = RADII[0]
) -> PickScore:
    """Score the picks of one micrograph against its true particles.

    Parameters
    ----------
    picks_yx : (n, 2) array_like
        Positions ``(y, x)`` of the picks in pixels.
    truth_yx : (m, 2) array_like
        Positions ``(y, x)`` of the true particles in pixels.
    diameter_px : float
        Particle diameter in pixels.
    radius : float
        Greatest distance of a pair (inclusive), as a fraction of the diameter.

    Returns
    -------
    PickScore
        Counts, rates and pairs.

    Raises
    ------
    ValueError
        If positions are not finite ``(n, 2)`` arrays, or the diameter is not positive.

    Examples
    --------
    Two picks on the first particle, none on the second:

    >>> score = score_picks([[10, 10], [11, 10]], [[10, 10], [50, 50]], diameter_px=20)
    >>> score.tally
    Tally(true_positives=1, false_positives=1, false_negatives=1)
    >>> score.tally.rates.f1
    0.5
    """
    _check_diameter(diameter_px)
    picks, truth = as_positions(picks_yx), as_positions(truth_yx)
    matching = match_one_to_one(picks, truth, radius * diameter_px)
    right = len(matching)
    tally = Tally(right, len(picks) - right, len(truth) - right)
    return PickScore(tally, matching, diameter_px)


@dataclass(frozen=True, eq=False)
class ScoredMicrograph:
    """The scored picks of one micrograph and its true particles, all in the same pixels.

    Parameters
    ----------
    name : str
        Name of the micrograph in tables.
    picks_yx : (n, 2) float array
        Positions ``(y, x)`` of the picks in pixels.
    scores : (n,) float array
        Figures of merit, where higher is better; all equal if the picker gave none.
    truth_yx : (m, 2) float array
        Positions ``(y, x)`` of the true particles in pixels.
    diameter_px : float
        Particle diameter in pixels.

    Raises
    ------
    ValueError
        If shapes disagree, a number is not finite, or the diameter is not positive.
    """

    name: str
    picks_yx: Floats
    scores: Floats
    truth_yx: Floats
    diameter_px: float

    def __post_init__(self) -> None:
        for positions in (self.picks_yx, self.truth_yx):
            as_positions(positions)
        if self.scores.shape != (len(self.picks_yx),):
            raise ValueError(f"scores must be ({len(self.picks_yx)},) to match picks_yx")
        if not np.isfinite(self.scores).all():
            raise ValueError("scores must be finite")
        _check_diameter(self.diameter_px)

    def above(self, threshold: float | None) -> Floats:
        """Return positions ``(k, 2)`` of picks with a score of at least `threshold` (None: all)."""
        return self.picks_yx if threshold is None else self.picks_yx[self.scores >= threshold]


def leave_out_border(
    micrograph: ScoredMicrograph, shape: tuple[int, int], border_px: float
) -> ScoredMicrograph:
    """Leave out particles at the edge, where a picker with a border rule does not pick.

    Parameters
    ----------
    micrograph : ScoredMicrograph
        Picks and truth of the whole micrograph.
    shape : tuple of int
        Shape ``(ny, nx)`` of the micrograph in pixels.
    border_px : float
        Width of the border in pixels. True particles closer to an edge are removed, and so are
        picks that can be paired only with them.

    Returns
    -------
    ScoredMicrograph
        The micrograph with the remaining picks and particles.
    """
    core = inside(micrograph.truth_yx, shape, border_px)
    radius = RADII[0] * micrograph.diameter_px
    kept = match_one_to_one(micrograph.picks_yx, micrograph.truth_yx[core], radius).pick_index
    spare = np.setdiff1d(np.arange(len(micrograph.picks_yx)), kept)
    outside = micrograph.truth_yx[~core]
    ignored = spare[match_one_to_one(micrograph.picks_yx[spare], outside, radius).pick_index]
    rest = np.delete(np.arange(len(micrograph.picks_yx)), ignored)
    return replace(
        micrograph,
        picks_yx=micrograph.picks_yx[rest],
        scores=micrograph.scores[rest],
        truth_yx=micrograph.truth_yx[core],
    )


def trace_curve(micrographs: Iterable[ScoredMicrograph], radius: float) -> PrecisionRecallCurve:
    """Compute the precision-recall curve of all micrographs together.

    Parameters
    ----------
    micrographs : iterable of ScoredMicrograph
        Micrographs with scored picks.
    radius : float
        Greatest distance of a pair as a fraction of the diameter.

    Returns
    -------
    PrecisionRecallCurve
        Exact counts of an optimal matching of the picks above each threshold.
    """
    scored = tuple(micrographs)
    scores = np.concatenate([np.empty(0), *(m.scores for m in scored)])
    gains = np.concatenate([np.empty(0, bool), *(_gains(m, radius) for m in scored)])
    thresholds, ties = np.unique(scores, return_counts=True)
    picks = np.cumsum(ties[::-1])
    true_positives = np.cumsum(gains[_best_first(scores)])[picks - 1]
    particles = sum(len(m.truth_yx) for m in scored)
    return PrecisionRecallCurve(thresholds[::-1], picks, true_positives, particles)


def _gains(micrograph: ScoredMicrograph, radius: float) -> NDArray[np.bool_]:
    """Return which picks, added by descending score, increase the number of matched particles."""
    order = _best_first(micrograph.scores)
    gains = np.empty(len(order), bool)
    gains[order] = find_gains(
        micrograph.picks_yx[order], micrograph.truth_yx, radius * micrograph.diameter_px
    )
    return gains


def _best_first(scores: Floats) -> NDArray[np.intp]:
    return np.argsort(scores, kind="stable")[::-1]


@dataclass(frozen=True, eq=False)
class RadiusEvaluation:
    """Evaluation of a set of micrographs with one matching radius.

    Parameters
    ----------
    radius : float
        Greatest distance of a pair as a fraction of the diameter.
    scores : tuple of PickScore
        Scores of each micrograph at the operating point.
    curve : PrecisionRecallCurve
        Curve of all micrographs together.
    """

    radius: float
    scores: tuple[PickScore, ...]
    curve: PrecisionRecallCurve

    @cached_property
    def pooled(self) -> Tally:
        """Counts of all micrographs together; its rates are the micro average."""
        return sum((score.tally for score in self.scores), Tally(0, 0, 0))

    @property
    def micro(self) -> Rates:
        """Rates of the pooled counts, with equal weight for each particle."""
        return self.pooled.rates

    @cached_property
    def macro(self) -> Rates:
        """Mean of the rates of each micrograph, with equal weight for each micrograph."""
        return Rates(*np.mean([score.tally.rates for score in self.scores], axis=0).tolist())

    @property
    def median_centring_error_px(self) -> float | None:
        """Median distance of all pairs in pixels; None without pairs."""
        return _median(np.concatenate([score.matching.distance_px for score in self.scores]))

    @property
    def median_centring_error_diameters(self) -> float | None:
        """Median distance of all pairs as a fraction of the diameter; None without pairs."""
        return _median(
            np.concatenate([s.matching.distance_px / s.diameter_px for s in self.scores])
        )


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Evaluation of the picks of a set of micrographs against the true particles.

    Parameters
    ----------
    names : tuple of str
        Names of the micrographs.
    threshold : float or None
        Score threshold of the operating point; None to count all picks.
    at : tuple of RadiusEvaluation
        Evaluation at each matching radius, the main one first.
    """

    names: tuple[str, ...]
    threshold: float | None
    at: tuple[RadiusEvaluation, ...]

    @property
    def main(self) -> RadiusEvaluation:
        """Evaluation with the main matching radius."""
        return self.at[0]


def evaluate_picks(
    micrographs: Iterable[ScoredMicrograph],
    radii: Sequence[float] = RADII,
    threshold: float | None = None,
) -> Evaluation:
    """Evaluate the picks of a set of micrographs.

    Parameters
    ----------
    micrographs : iterable of ScoredMicrograph
        Micrographs with scored picks. Leave out micrographs without annotations, because all
        their picks would count as false positives.
    radii : sequence of float
        Greatest distances of a pair as fractions of the diameter, the main one first.
    threshold : float, optional
        Score threshold of the operating point: only picks with at least this score count. By
        default all do. The curve, its average precision and the best threshold always use all
        picks.

    Returns
    -------
    Evaluation
        Rates of each micrograph, micro and macro averages, and the curve, at each radius.

    Raises
    ------
    ValueError
        If there is no micrograph or no radius.
    """
    scored = tuple(micrographs)
    if not scored or not radii:
        raise ValueError("evaluate_picks needs at least one micrograph and one radius")
    return Evaluation(
        tuple(m.name for m in scored),
        threshold,
        tuple(_evaluate_at(radius, scored, threshold) for radius in radii),
    )


def _evaluate_at(
    radius: float, micrographs: tuple[ScoredMicrograph, ...], threshold: float | None
) -> RadiusEvaluation:
    scores = tuple(
        score_picks(m.above(threshold), m.truth_yx, m.diameter_px, radius) for m in micrographs
    )
    return RadiusEvaluation(radius, scores, trace_curve(micrographs, radius))


def _median(distances: Floats) -> float | None:
    return float(np.median(distances)) if len(distances) else None


def _check_diameter(diameter_px: float) -> None:
    if not 0 < diameter_px < np.inf:
        raise ValueError(f"diameter_px must be positive, not {diameter_px}")
