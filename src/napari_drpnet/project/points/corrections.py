"""Corrections of points by the user, as edits of labels."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_drpnet.project.points.review import Review, Rows, States, is_accepted
from napari_drpnet.project.state.edits import LabelEdit
from napari_drpnet.project.state.labels import Label, labels_near

Position = tuple[float, float]
_Change = tuple[Label | None, Label | None]


@dataclass(frozen=True)
class Corrector:
    """Makes the edits of labels for corrections on one micrograph.

    Parameters
    ----------
    micrograph : str
        Id of the micrograph.
    review : Review
        Points of the micrograph.
    states : (n,) int8 array
        States of the points.
    only_by_label : (n,) bool array
        Whether each point is there only because the user added it (`Review.only_by_label`).
    next_id : int
        Id of the next label.
    weaker : tuple of Label
        Labels of 2D classes or of a model, which are removed where the user gives a label.
    reach_px : float
        Distance from a new label within which they are removed, in unbinned pixels.
    """

    micrograph: str
    review: Review
    states: States
    only_by_label: NDArray[np.bool_]
    next_id: int
    weaker: tuple[Label, ...] = ()
    reach_px: float = 0.0

    def set_label(self, rows: Iterable[int], accepted: bool) -> LabelEdit | None:
        """Accept or reject rows by hand, or remove rejected ones that the user added.

        Returns None if nothing changes.
        """
        changes = self._changes(rows, accepted)
        removes_all = all(after is None for _, after in changes)
        return self._edit(changes, "Accept" if accepted else "Remove" if removes_all else "Reject")

    def flip(self, row: int) -> LabelEdit | None:
        """Accept a row that is not accepted, and reject one that is."""
        return self.set_label([row], not is_accepted(self.states)[row])

    def add(self, centers_yx: ArrayLike) -> LabelEdit | None:
        """Add particles at ``(k, 2)`` positions ``(y, x)`` in unbinned pixels."""
        centers = np.asarray(centers_yx, float).reshape(-1, 2)
        places = [(float(y), float(x)) for y, x in centers]
        new = [self._new(k, place, place, True) for k, place in enumerate(places)]
        return self._edit([(None, label) for label in new], "Add")

    def move(self, rows: Sequence[int], centers_yx: ArrayLike) -> LabelEdit | None:
        """Move rows to ``(k, 2)`` positions ``(y, x)`` in unbinned pixels, and accept them."""
        changes: list[_Change] = []
        for row, (y, x) in zip(rows, np.asarray(centers_yx, float).reshape(-1, 2), strict=True):
            label, place = self._label(row), (float(y), float(x))
            if label is None:
                changes.append((None, self._new(len(changes), place, self._center(row), True)))
            else:
                update = {"center_yx": place, "accepted": True, "source": "person"}
                if self.review.added[row]:
                    update["anchor_yx"] = place
                changes.append((label, label.model_copy(update=update)))
        return self._edit(changes, "Move")

    def delete(self, rows: Iterable[int]) -> LabelEdit | None:
        """Remove added points, and reject the others, which the model would find again."""
        chosen, added = list(rows), self.only_by_label
        taken: list[_Change] = [(self._label(row), None) for row in chosen if added[row]]
        rejected = self._changes([row for row in chosen if not added[row]], accepted=False)
        return self._edit(taken + rejected, "Delete")

    def forget(self, rows: Iterable[int]) -> LabelEdit | None:
        """Remove labels, so that the model decides again."""
        return self._edit([(self._label(row), None) for row in rows], "Take back")

    def _changes(self, rows: Iterable[int], accepted: bool) -> list[_Change]:
        changes: list[_Change] = []
        for row in rows:
            label = self._label(row)
            if label is None:
                center = self._center(row)
                changes.append((None, self._new(len(changes), center, center, accepted)))
            elif label.accepted and not accepted and self.only_by_label[row]:
                changes.append((label, None))
            elif label.accepted != accepted or label.source != "person":
                update = {"accepted": accepted, "source": "person"}
                changes.append((label, label.model_copy(update=update)))
        return changes

    def _label(self, row: int) -> Label | None:
        index = int(self.review.label_rows[row])
        return None if index < 0 else self.review.labels[index]

    def _center(self, row: int) -> Position:
        y, x = self.review.candidates.centers_yx[row]
        return float(y), float(x)

    def _new(self, offset: int, center: Position, anchor: Position, accepted: bool) -> Label:
        return Label(
            id=self.next_id + offset, center_yx=center, anchor_yx=anchor, accepted=accepted
        )

    def _edit(self, changes: Sequence[_Change], verb: str) -> LabelEdit | None:
        before = tuple(label for label, _ in changes if label)
        after = tuple(label for _, label in changes if label)
        count = sum(change != (None, None) for change in changes)
        if not count:
            return None
        title = f"{verb} {count} points" if count > 1 else f"{verb} point"
        others = tuple(label for label in self.weaker if label not in before)
        overruled = labels_near(others, [o.anchor_yx for o in after], self.reach_px)
        return LabelEdit(
            micrograph=self.micrograph, before=before + overruled, after=after, title=title
        )


@dataclass(frozen=True, eq=False)
class PointChanges:
    """Changes that another tool has made to a table of points.

    Parameters
    ----------
    removed : (k,) int array
        Removed rows.
    moved : (m,) int array
        Moved rows.
    moved_to : (m, 2) float array
        New positions ``(y, x)`` of the moved rows.
    added : (a, 2) float array
        Positions ``(y, x)`` of new points.
    """

    removed: Rows
    moved: Rows
    moved_to: np.ndarray
    added: np.ndarray

    def among(self, rows: NDArray[np.bool_]) -> "PointChanges":
        """Return the changes without those of rows outside a mask."""
        removed, moved = rows[self.removed], rows[self.moved]
        return PointChanges(
            self.removed[removed], self.moved[moved], self.moved_to[moved], self.added
        )

    def without_copies(self, centers_yx: ArrayLike) -> "PointChanges":
        """Return the changes without new points that lie exactly on one of the given positions."""
        places = self.added.tolist()
        taken = set(map(tuple, np.asarray(centers_yx, float).tolist())) if places else set()
        new = np.array([tuple(place) not in taken for place in places], bool)
        return replace(self, added=self.added[new])


def find_changes(before: ArrayLike, after: ArrayLike) -> PointChanges:
    """Find the changes between two ``(n, 2)`` tables of points.

    Rows whose exact position is still in the table are unchanged, the others were removed, and
    positions that were not in the table are new. But if the tables have equal length and all
    unchanged rows have kept their row numbers, the other rows were moved.
    """
    # Zero is added, so that -0 has the bytes of 0.
    old = np.asarray(before, float).reshape(-1, 2) + 0.0
    new = np.asarray(after, float).reshape(-1, 2) + 0.0
    nothing, nowhere = np.empty(0, np.intp), np.empty((0, 2))
    as_many = len(old) == len(new)
    moved = np.flatnonzero((old != new).any(axis=1)) if as_many else nothing
    if as_many and not len(moved):
        return PointChanges(nothing, nothing, nowhere, nowhere)
    gone, added = _unpaired(old, new)
    if as_many and len(moved) == len(added):
        return PointChanges(nothing, moved, new[moved], nowhere)
    return PointChanges(gone, nothing, nowhere, new[added])


def _unpaired(old: NDArray[np.float64], new: NDArray[np.float64]) -> tuple[Rows, Rows]:
    """Return the rows of each table without a counterpart in the other."""
    free: dict[bytes, list[int]] = {}
    for row in range(len(old) - 1, -1, -1):
        free.setdefault(old[row].tobytes(), []).append(row)
    added = []
    for row in range(len(new)):
        rows = free.get(new[row].tobytes())
        if rows:
            rows.pop()
        else:
            added.append(row)
    gone = sorted(row for rows in free.values() for row in rows)
    return np.array(gone, np.intp), np.array(added, np.intp)
