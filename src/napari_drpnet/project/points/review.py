"""The points of one micrograph as a person sees them: candidates, corrected by labels."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from napari_drpnet.base.picks import Picks
from napari_drpnet.formats import Coordinates
from napari_drpnet.picking.cuts import above_threshold, accept, find_cut, ranking_score
from napari_drpnet.picking.resolve import ResolvedParameters
from napari_drpnet.project.state.labels import Label, given_by

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]
States = NDArray[np.int8]

#: A label holds to the candidate at most this far from its anchor, in particle diameters. Half
#: of the least distance between picks, so it never has to choose between two.
LABEL_REACH = 0.25


class State(IntEnum):
    """What became of a point; the order is that in which points are drawn."""

    BELOW = 0
    REJECTED = 1
    ACCEPTED = 2
    REJECTED_BY_HAND = 3
    ACCEPTED_BY_HAND = 4


@dataclass(frozen=True, eq=False)
class Review:
    """The rows that a person sees: all candidates, best first, then the points added by hand.

    Parameters
    ----------
    candidates : Picks
        Of the model, n of them.
    labels : tuple of Label
        Given by a person.
    label_rows : (n + m,) int array
        Which of `labels` decides a row; −1 where the model does.
    hidden : (n + m,) bool array
        Candidates that a label has taken the place of.
    """

    candidates: Picks
    labels: tuple[Label, ...]
    label_rows: Rows
    hidden: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.label_rows)

    @property
    def added(self) -> NDArray[np.bool_]:
        """Rows that are no candidates, (n + m,)."""
        return np.arange(len(self)) >= len(self.candidates)

    @property
    def labelled(self) -> NDArray[np.bool_]:
        """Rows that a label decides, (n + m,)."""
        return self.label_rows >= 0

    @property
    def centers_yx(self) -> Floats:
        """Centres ``(y, x)`` in unbinned pixels, (n + m, 2)."""
        centers = np.full((len(self), 2), np.nan)
        centers[: len(self.candidates)] = self.candidates.centers_yx
        labelled = self.labelled
        centers[labelled] = _positions(self.labels)[self.label_rows[labelled]]
        return centers

    @property
    def probability(self) -> Floats:
        """P(particle) of each row; NaN where no classifier has judged, (n + m,)."""
        return self._of_candidates(self.candidates.probability)

    def score(self, parameters: ResolvedParameters) -> Floats:
        """Return what meets the threshold; NaN for added rows, (n + m,)."""
        return self._of_candidates(ranking_score(self.candidates, parameters))

    @property
    def merit_name(self) -> str:
        """What the figure of merit of the candidates is, in words."""
        judged = len(self.candidates) and np.isfinite(self.candidates.probability).all()
        return "P(particle)" if judged else "map height"

    def describe(self, row: int, parameters: ResolvedParameters) -> str:
        """Say what the model makes of a row."""
        if self.added[row]:
            return "added by hand"
        probability = self.probability[row]
        if np.isnan(probability):
            return f"score {self.score(parameters)[row]:.3g}"
        return f"P(particle) {probability:.2f}"

    def decide(self, parameters: ResolvedParameters) -> States:
        """Return the `State` of each row: comparisons only, then the labels."""
        states = np.full(len(self), State.BELOW, np.int8)
        count = len(self.candidates)
        states[:count][above_threshold(self.candidates, parameters)] = State.REJECTED
        states[:count][accept(self.candidates, parameters).accepted] = State.ACCEPTED
        states[self.hidden] = State.BELOW
        by_hand = np.array(
            [
                State.ACCEPTED_BY_HAND if label.accepted else State.REJECTED_BY_HAND
                for label in self.labels
            ],
            np.int8,
        )
        labelled = self.labelled
        states[labelled] = by_hand[self.label_rows[labelled]]
        return states

    def accepted_coordinates(self, states: States) -> Coordinates:
        """Collect the accepted rows, as files get them.

        Returns
        -------
        Coordinates
            The score is the figure of merit of the candidate; what a person accepted has at
            least 1, so that no later cut undoes it.
        """
        merit = self._of_candidates(self.candidates.figure_of_merit)
        by_hand = states == State.ACCEPTED_BY_HAND
        merit[by_hand] = np.fmax(merit[by_hand], 1.0)
        accepted = is_accepted(states)
        return Coordinates(self.centers_yx[accepted], merit[accepted])

    def _of_candidates(self, values: Floats) -> Floats:
        column = np.full(len(self), np.nan)
        column[: len(self.candidates)] = values
        return column


def is_accepted(states: States) -> NDArray[np.bool_]:
    """Tell which states are accepted, by the model or by hand."""
    return np.isin(states, (State.ACCEPTED, State.ACCEPTED_BY_HAND))


def review_picks(candidates: Picks, labels: Iterable[Label], diameter_px: float) -> Review:
    """Bring candidates and the labels of a person together.

    Parameters
    ----------
    candidates : Picks
        All of one micrograph, best first.
    labels : iterable of Label
        Of that micrograph; those of a model are left out.
    diameter_px : float
        Particle diameter, unbinned pixels.

    Returns
    -------
    Review
        Each label decides the candidate nearest to its anchor within `LABEL_REACH`, the nearest
        pairs first. A label without one is a row of its own. Other candidates as near to what
        a person accepted are hidden: one particle is one point.
    """
    given = given_by("person", labels)
    count, reach = len(candidates), LABEL_REACH * diameter_px
    anchors = np.array([label.anchor_yx for label in given], float).reshape(-1, 2)
    owned = np.full(count, -1, np.intp)
    for label, candidate in _nearest_pairs(anchors, candidates.centers_yx, reach):
        owned[candidate] = label
    free = np.setdiff1d(np.arange(len(given)), owned)
    hidden = np.zeros(count + len(free), bool)
    accepted = _positions(tuple(label for label in given if label.accepted))
    if count and len(accepted):
        near = cKDTree(accepted).query(candidates.centers_yx, distance_upper_bound=reach)[0]
        hidden[:count] = np.isfinite(near) & (owned < 0)
    return Review(candidates, given, np.concatenate([owned, free]).astype(np.intp), hidden)


def nearest_row(
    review: Review, visible: NDArray[np.bool_], position_yx: ArrayLike, reach_px: float
) -> int | None:
    """Return the visible row nearest to a position, if it is within `reach_px`."""
    rows = np.flatnonzero(visible)
    if not len(rows):
        return None
    distance = np.linalg.norm(review.centers_yx[rows] - np.asarray(position_yx, float), axis=1)
    best = int(np.argmin(distance))
    return int(rows[best]) if distance[best] <= reach_px else None


def rows_within(
    review: Review, visible: NDArray[np.bool_], path_yx: ArrayLike, radius_px: float
) -> Rows:
    """Return the visible rows that a brush touches along a path of ``(k, 2)`` positions."""
    path = np.asarray(path_yx, float).reshape(-1, 2)
    rows = np.flatnonzero(visible)
    start, step = path[0], path[-1] - path[0]
    length = float(step @ step)
    offsets = review.centers_yx[rows] - start
    along = np.clip(offsets @ step / length, 0, 1) if length else np.zeros(len(rows))
    distance = np.linalg.norm(offsets - along[:, None] * step, axis=1)
    return np.asarray(rows[distance <= radius_px])


def order_by_doubt(review: Review, states: States, parameters: ResolvedParameters) -> Rows:
    """Return the rows that the model is least sure of first; labelled and hidden ones left out.

    Doubt is the distance of P(particle) from the cut in use, among what is above the threshold;
    without a classifier, the distance of the score from the threshold.
    """
    open_rows = ~(review.labelled | review.hidden | review.added)
    cut = find_cut(review.candidates, parameters)
    if cut is not None:
        probability = review.probability
        open_rows &= (states != State.BELOW) & ~np.isnan(probability)
        doubt = np.abs(probability - cut.accept)
    else:
        doubt = np.abs(review.score(parameters) - parameters.peaks.least_score)
    rows = np.flatnonzero(open_rows)
    return rows[np.argsort(doubt[rows], kind="stable")]


def _positions(labels: tuple[Label, ...]) -> Floats:
    return np.array([label.center_yx for label in labels], float).reshape(-1, 2)


def _nearest_pairs(anchors: Floats, centers: Floats, reach: float) -> list[tuple[int, int]]:
    """Pair anchors and centres within `reach`, nearest first, each at most once."""
    if not len(anchors) or not len(centers):
        return []
    near = cKDTree(anchors).sparse_distance_matrix(cKDTree(centers), reach, output_type="ndarray")
    pairs, used_anchors, used_centers = [], set(), set()
    for pair in near[np.argsort(near["v"], kind="stable")]:
        anchor, center = int(pair["i"]), int(pair["j"])
        if anchor not in used_anchors and center not in used_centers:
            used_anchors.add(anchor)
            used_centers.add(center)
            pairs.append((anchor, center))
    return pairs
