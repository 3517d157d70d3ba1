"""The points of one micrograph as the user sees them: candidates corrected by labels."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from napari_drpnet.base.picks import Picks
from napari_drpnet.base.wording import short_number
from napari_drpnet.formats import Coordinates
from napari_drpnet.picking.cuts import above_threshold, accept, find_cut, on_dirt, ranking_score
from napari_drpnet.picking.resolve import ResolvedParameters
from napari_drpnet.project.state.labels import Label, decided

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]
States = NDArray[np.int8]

#: Largest distance between the anchor of a label and its candidate, in particle diameters. It is
#: half of the least distance between picks, so that at most one candidate is in reach.
LABEL_REACH = 0.25


#: Distance of P(particle) from 0 or 1 up to which a point is not uncertain.
_SURE = 0.01


class State(IntEnum):
    """State of a point; the order is that in which points are drawn."""

    BELOW = 0
    REJECTED = 1
    ACCEPTED = 2
    REJECTED_BY_HAND = 3
    ACCEPTED_BY_HAND = 4


@dataclass(frozen=True, eq=False)
class Review:
    """Table of points: all candidates, best first, then the points added by hand.

    Parameters
    ----------
    candidates : Picks
        The n candidates of the model.
    labels : tuple of Label
        Labels of the user, for single points and for whole 2D classes.
    label_rows : (n + m,) int array
        Index in `labels` of the label that decides each row; −1 where the model decides.
    hidden : (n + m,) bool array
        Whether a row is hidden, since an accepted label at the same place replaces it.
    """

    candidates: Picks
    labels: tuple[Label, ...]
    label_rows: Rows
    hidden: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.label_rows)

    @property
    def added(self) -> NDArray[np.bool_]:
        """Whether each row was added by hand, (n + m,)."""
        return np.arange(len(self)) >= len(self.candidates)

    def only_by_label(self, parameters: ResolvedParameters | None) -> NDArray[np.bool_]:
        """Return whether each row would not be drawn without its label, (n + m,).

        These are the particles that the user added: at a place without a candidate, or beside a
        candidate below the threshold. A label that was given to such a candidate itself, when the
        threshold was lower, is not among them.
        """
        alone = self.added
        if parameters is None:
            return alone
        below = ~above_threshold(self.candidates, parameters)
        rows = np.flatnonzero(self.labelled[: len(below)] & below)
        anchors = np.array([self.labels[self.label_rows[row]].anchor_yx for row in rows])
        alone[rows] = (anchors.reshape(-1, 2) != self.candidates.centers_yx[rows]).any(axis=1)
        return alone

    @property
    def labelled(self) -> NDArray[np.bool_]:
        """Whether a label decides each row, (n + m,)."""
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
        """P(particle) of each row, (n + m,); NaN where it has not been classified."""
        return self._of_candidates(self.candidates.probability)

    @property
    def clearance(self) -> Floats:
        """Distance of each row from dirt in particle diameters, (n + m,); NaN if unknown."""
        return self._of_candidates(self.candidates.clearance)

    def on_dirt(self, parameters: ResolvedParameters) -> NDArray[np.bool_]:
        """Return whether each row is a candidate on dirt or too near to it, (n + m,)."""
        dirty = np.zeros(len(self), bool)
        dirty[: len(self.candidates)] = on_dirt(self.candidates, parameters)
        return dirty

    def score(self, parameters: ResolvedParameters) -> Floats:
        """Return the score to compare with the threshold, (n + m,); NaN for added rows."""
        return self._of_candidates(ranking_score(self.candidates, parameters))

    @property
    def merit_name(self) -> str:
        """Name of the figure of merit of the candidates."""
        classified = len(self.candidates) and np.isfinite(self.candidates.probability).all()
        return "P(particle)" if classified else "score"

    def describe(self, row: int, parameters: ResolvedParameters | None) -> str:
        """Return a text with the score of a row."""
        if parameters is None:
            return "added by hand"
        return describe_point(
            float(self.probability[row]),
            float(self.score(parameters)[row]),
            is_added=bool(self.added[row]),
            is_on_dirt=bool(self.on_dirt(parameters)[row]),
        )

    def decide(self, parameters: ResolvedParameters | None) -> States:
        """Return the `State` of each row by the parameters, then by the labels.

        Without parameters only the labels decide, as on a micrograph that is not picked.
        """
        states = np.full(len(self), State.BELOW, np.int8)
        count = len(self.candidates)
        if parameters is not None:
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
        """Return the accepted rows as coordinates for export.

        Returns
        -------
        Coordinates
            Positions and scores. The score is the figure of merit of the candidate; points
            accepted by hand have at least 1, so that no later cut removes them.
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


def describe_point(probability: float, score: float, *, is_added: bool, is_on_dirt: bool) -> str:
    """Return a text with P(particle) of a point, or with its score if P(particle) is NaN."""
    if is_added:
        return "added by hand"
    text = f"P(particle) {probability:.2f}"
    if np.isnan(probability):
        text = f"score {short_number(score)}"
    return f"{text}, on dirt" if is_on_dirt else text


def is_accepted(states: States) -> NDArray[np.bool_]:
    """Return whether each state is accepted, by the model or by hand."""
    return np.isin(states, (State.ACCEPTED, State.ACCEPTED_BY_HAND))


def review_added(labels: Iterable[Label]) -> Review:
    """Return the points of a micrograph without candidates: those that the user has added."""
    none = np.empty(0)
    nothing = Picks(np.empty((0, 2)), none, none, none, np.empty(0, bool))
    return review_picks(nothing, labels, 1.0)


def review_picks(candidates: Picks, labels: Iterable[Label], diameter_px: float) -> Review:
    """Combine candidates with the labels of the user.

    Parameters
    ----------
    candidates : Picks
        All candidates of one micrograph, best first.
    labels : iterable of Label
        Labels of that micrograph; those of a model are ignored.
    diameter_px : float
        Particle diameter in unbinned pixels.

    Returns
    -------
    Review
        Points of the micrograph. Each label decides the candidate nearest to its anchor within
        `LABEL_REACH`; the nearest pairs are matched first. A label without a candidate is a row
        of its own. Other candidates within the same distance of an accepted label are hidden, so
        that one particle is one point.
    """
    given = decided(labels)
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


def places_among(centers_yx: ArrayLike, places_yx: ArrayLike) -> NDArray[np.bool_]:
    """Return whether each of ``(n, 2)`` centres is exactly one of ``(k, 2)`` places, (n,)."""
    here, there = (
        np.ascontiguousarray(places, float).reshape(-1, 2).view(complex).ravel()
        for places in (centers_yx, places_yx)
    )
    return np.isin(here, there)


def nearest_row(
    review: Review, visible: NDArray[np.bool_], position_yx: ArrayLike, reach_px: float
) -> int | None:
    """Return the visible row nearest to a position; None if none is within `reach_px`."""
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
    """Return the rows in the order of their uncertainty, the most uncertain one first.

    Rows are uncertain if P(particle) is close to the cut in use; those below the threshold are
    left out, and those whose P(particle) is almost 0 or 1 unless the cut is there too. Without a
    classifier, rows are uncertain if the score is close to the threshold.
    Labelled, hidden and added rows are left out, and those on dirt.
    """
    open_rows = ~(review.labelled | review.hidden | review.added | review.on_dirt(parameters))
    cut = find_cut(review.candidates, parameters)
    if cut is not None:
        probability = review.probability
        doubt = np.abs(probability - cut.accept)
        open_rows &= (states != State.BELOW) & ~np.isnan(probability)
        open_rows &= (np.minimum(probability, 1 - probability) > _SURE) | (doubt < _SURE)
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
