"""What picks are worth without a truth: precision, recall and F1 expected from P(particle)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: Bounds of the automatic cut. The best one is half of the best expected F1. The lower bound is the
#: one of best score on the validation fields; above a half, what is left out is rather right.
LEAST_CUT, GREATEST_CUT = 0.15, 0.5


@dataclass(frozen=True)
class ExpectedScores:
    """Scores that picks should have, if P(particle) means what it says.

    Parameters
    ----------
    particles : float
        Expected number of particles among all candidates.
    precision, recall, f1 : float
        Of the accepted ones; precision and F1 are 0 where nothing is accepted.
    """

    particles: float
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class Cut:
    """The least P(particle) of an accepted pick on one micrograph.

    Parameters
    ----------
    accept : float
        Least P(particle).
    automatic : bool
        Whether it is the one of best expected F1, or a number that was given.
    best_f1 : float
        Expected F1 of the best cut, whatever its bounds; 0 without candidates.
    picks_something : bool
        False where nothing should be accepted: an automatic cut whose `best_f1` is below what was
        asked for.
    """

    accept: float
    automatic: bool
    best_f1: float
    picks_something: bool = True


def expected_scores(probability: Floats, accepted: Bools) -> ExpectedScores:
    """Return the scores to expect of the accepted candidates of one micrograph.

    Parameters
    ----------
    probability : (n,) float array
        P(particle) of all candidates; NaN (not classified) counts as 0.
    accepted : (n,) bool array
        Which are picked.

    Returns
    -------
    ExpectedScores

    Notes
    -----
    With S the sum of P over all n candidates, s over the k accepted ones: precision s / k, recall
    s / S, and F1 = 2 s / (k + S). These are ratios of expectations. Particles that are no
    candidates are not counted, so recall is that among candidates.
    """
    known = np.nan_to_num(np.asarray(probability, float))
    total, right, count = known.sum(), known[accepted].sum(), int(np.count_nonzero(accepted))
    return ExpectedScores(
        float(total),
        float(right / count) if count else 0.0,
        float(right / total) if total > 0 else 0.0,
        float(2 * right / (count + total)) if count else 0.0,
    )


def automatic_cut(probability: Floats, least_f1: float) -> Cut:
    """Return the cut of best expected F1.

    Parameters
    ----------
    probability : (n,) float array
        P(particle) of the candidates of one micrograph; NaN counts as 0.
    least_f1 : float
        Where no cut promises this F1, nothing should be accepted.

    Returns
    -------
    Cut

    Notes
    -----
    The best cut is half of the best expected F1 (Lipton, Elkan and Naryanaswamy 2014). It is held
    within bounds, for P is not exact.
    """
    best = _best_f1(probability)
    accept = float(np.clip(best / 2, LEAST_CUT, GREATEST_CUT))
    return Cut(accept, True, best, picks_something=best >= least_f1)


def fixed_cut(probability: Floats, accept: float) -> Cut:
    """Return a given cut, with the best F1 to expect of candidates ``(n,)`` at any cut."""
    return Cut(accept, False, _best_f1(probability))


def _best_f1(probability: Floats) -> float:
    ordered = np.sort(np.nan_to_num(np.asarray(probability, float)))[::-1]
    if not len(ordered):
        return 0.0
    counts = np.arange(1, len(ordered) + 1)
    return float((2 * ordered.cumsum() / (counts + ordered.sum())).max())
