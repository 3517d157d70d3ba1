"""Height and P(particle) of the candidates of one micrograph, with what became of them."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.picking.resolve import ResolvedParameters
from napari_drpnet.project.points.review import Review, Rows, State, States, is_accepted

Floats = NDArray[np.float64]


class Fate(IntEnum):
    """What became of a candidate: below the threshold, rejected or accepted."""

    BELOW = 0
    REJECTED = 1
    ACCEPTED = 2


@dataclass(frozen=True, eq=False)
class TwoScores:
    """Candidates with both scores.

    Parameters
    ----------
    rows : (n,) int array
        Rows of the candidates in the review.
    score, probability : (n,) float array
        Scores that are compared with the threshold, and P(particle).
    fate : (n,) int array
        `Fate` of each candidate.
    """

    rows: Rows
    score: Floats
    probability: Floats
    fate: NDArray[np.int8]


def two_scores(review: Review, states: States, parameters: ResolvedParameters) -> TwoScores:
    """Return the candidates that have both scores.

    Hidden candidates, which an added point replaces, and added points are left out.
    """
    score, probability = review.score(parameters), review.probability
    known = ~np.isnan(score) & ~np.isnan(probability) & ~review.hidden
    fate = np.where(states == State.BELOW, Fate.BELOW, Fate.REJECTED)
    fate = np.where(is_accepted(states), Fate.ACCEPTED, fate).astype(np.int8)
    rows = np.flatnonzero(known)
    return TwoScores(rows, score[rows], probability[rows], fate[rows])
