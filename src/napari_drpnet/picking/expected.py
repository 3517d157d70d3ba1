"""Expected precision, recall and F1 of picks, from P(particle) without a truth."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: Bounds of the automatic cut, which is half of the best expected F1. The lower bound has the best
#: score on the validation fields; above the upper one, likely particles would be rejected.
LEAST_CUT, GREATEST_CUT = 0.15, 0.5


@dataclass(frozen=True)
class ExpectedScores:
    """Expected scores of picks, if P(particle) is calibrated.

    Parameters
    ----------
    particles : float
        Expected number of particles among all candidates.
    precision, recall, f1 : float
        Expected scores of the accepted candidates; precision and F1 are 0 if none is accepted.
    """

    particles: float
    precision: float
    recall: float
    f1: float

    @property
    def text(self) -> str:
        """The three scores as a text."""
        return f"precision {self.precision:.2f}, recall {self.recall:.2f}, F1 {self.f1:.2f}"


@dataclass(frozen=True)
class Cut:
    """Least P(particle) of an accepted pick on one micrograph.

    Parameters
    ----------
    accept : float
        Least P(particle).
    automatic : bool
        Whether it was chosen for the best expected F1, and not given as a number.
    best_f1 : float
        Expected F1 of the best cut, regardless of bounds; 0 without candidates.
    picks_something : bool
        Whether any pick is accepted; False for an automatic cut whose `best_f1` is below the
        least one that was asked for.
    """

    accept: float
    automatic: bool
    best_f1: float
    picks_something: bool = True

    def accepts(self, probability: Floats) -> Bools:
        """Return which picks ``(n,)`` are accepted; those without a probability (NaN) are."""
        return self.picks_something & ~(probability < self.accept)


def expected_scores(probability: Floats, accepted: Bools) -> ExpectedScores:
    """Return the expected scores of the accepted candidates of one micrograph.

    Parameters
    ----------
    probability : (n,) float array
        P(particle) of all candidates; NaN (not classified) counts as 0.
    accepted : (n,) bool array
        Whether each candidate is accepted.

    Returns
    -------
    ExpectedScores
        Number of particles, precision, recall and F1.

    Notes
    -----
    With the sum S of P over all n candidates and the sum s over the k accepted ones, precision is
    s / k, recall is s / S, and F1 is 2 s / (k + S). These are ratios of expectations. Particles
    that are not among the candidates are not counted.
    """
    known = np.nan_to_num(np.asarray(probability, float))
    total, right, count = known.sum(), known[accepted].sum(), int(np.count_nonzero(accepted))
    return ExpectedScores(
        float(total),
        float(right / count) if count else 0.0,
        float(right / total) if total > 0 else 0.0,
        float(2 * right / (count + total)) if count else 0.0,
    )


def choose_cut(probability: Floats, accept: float | None, least_f1: float) -> Cut:
    """Return the cut at `accept`, or the automatic one if that is None; see `automatic_cut`."""
    if accept is not None:
        return fixed_cut(probability, accept)
    return automatic_cut(probability, least_f1)


def automatic_cut(probability: Floats, least_f1: float) -> Cut:
    """Return the cut of best expected F1.

    Parameters
    ----------
    probability : (n,) float array
        P(particle) of the candidates of one micrograph; NaN counts as 0.
    least_f1 : float
        Expected F1 below which nothing is accepted.

    Returns
    -------
    Cut
        The cut, within `LEAST_CUT` and `GREATEST_CUT`, since P is not exact.

    Notes
    -----
    The best cut is half of the best expected F1 (Lipton, Elkan and Naryanaswamy 2014).
    """
    best = _best_f1(probability)
    accept = float(np.clip(best / 2, LEAST_CUT, GREATEST_CUT))
    return Cut(accept, True, best, picks_something=best >= least_f1)


def fixed_cut(probability: Floats, accept: float) -> Cut:
    """Return a given cut, with the best expected F1 of the candidates ``(n,)`` at any cut."""
    return Cut(accept, False, _best_f1(probability))


def _best_f1(probability: Floats) -> float:
    ordered = np.sort(np.nan_to_num(np.asarray(probability, float)))[::-1]
    if not len(ordered):
        return 0.0
    counts = np.arange(1, len(ordered) + 1)
    return float((2 * ordered.cumsum() / (counts + ordered.sum())).max())
