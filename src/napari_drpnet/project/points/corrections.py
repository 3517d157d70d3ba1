"""What a person does to points, as edits of labels."""

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
    """Makes the edits of one micrograph.

    Parameters
    ----------
    micrograph : str
        Its id.
    review : Review
        Its rows.
    states : (n,) int8 array
        Their states.
    next_id : int
        Of the next label.
    automatic : tuple of Label
        Labels of a model, which go where a person gives one.
    reach_px : float
        How far from its anchor a label holds, unbinned pixels.
    """

    micrograph: str
    review: Review
    states: States
    next_id: int
    automatic: tuple[Label, ...] = ()
    reach_px: float = 0.0

    def set_label(self, rows: Iterable[int], accepted: bool) -> LabelEdit | None:
        """Accept or reject rows by hand; None when all are so already."""
        return self._edit(self._verdicts(rows, accepted), "Accept" if accepted else "Reject")

    def flip(self, row: int) -> LabelEdit | None:
        """Turn accepted into rejected, and the other way round."""
        return self.set_label([row], not is_accepted(self.states)[row])

    def add(self, centers_yx: ArrayLike) -> LabelEdit | None:
        """Add particles at ``(k, 2)`` positions ``(y, x)`` in unbinned pixels."""
        centers = np.asarray(centers_yx, float).reshape(-1, 2)
        places = [(float(y), float(x)) for y, x in centers]
        new = [self._new(k, place, place, True) for k, place in enumerate(places)]
        return self._edit([(None, label) for label in new], "Add")

    def move(self, rows: Sequence[int], centers_yx: ArrayLike) -> LabelEdit | None:
        """Put rows at other places; who moves a point accepts it."""
        changes: list[_Change] = []
        for row, (y, x) in zip(rows, np.asarray(centers_yx, float).reshape(-1, 2), strict=True):
            label, place = self._label(row), (float(y), float(x))
            if label is None:
                changes.append((None, self._new(len(changes), place, self._center(row), True)))
            else:
                update = {"center_yx": place, "accepted": True}
                if self.review.added[row]:
                    update["anchor_yx"] = place
                changes.append((label, label.model_copy(update=update)))
        return self._edit(changes, "Move")

    def delete(self, rows: Iterable[int]) -> LabelEdit | None:
        """Take added points away, and reject the others: the model would find them again."""
        chosen, added = list(rows), self.review.added
        taken: list[_Change] = [(self._label(row), None) for row in chosen if added[row]]
        rejected = self._verdicts([row for row in chosen if not added[row]], accepted=False)
        return self._edit(taken + rejected, "Delete")

    def forget(self, rows: Iterable[int]) -> LabelEdit | None:
        """Take labels back, so that the model decides again."""
        return self._edit([(self._label(row), None) for row in rows], "Take back")

    def _verdicts(self, rows: Iterable[int], accepted: bool) -> list[_Change]:
        changes: list[_Change] = []
        for row in rows:
            label = self._label(row)
            if label is None:
                center = self._center(row)
                changes.append((None, self._new(len(changes), center, center, accepted)))
            elif label.accepted != accepted:
                changes.append((label, label.model_copy(update={"accepted": accepted})))
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
        overruled = labels_near(self.automatic, [o.anchor_yx for o in after], self.reach_px)
        return LabelEdit(
            micrograph=self.micrograph, before=before + overruled, after=after, title=title
        )


@dataclass(frozen=True, eq=False)
class PointChanges:
    """How a table of points was changed by somebody else.

    Parameters
    ----------
    removed : (k,) int array
        Rows that are gone.
    moved : (m,) int array
        Rows that are elsewhere.
    moved_to : (m, 2) float array
        Where.
    added : (a, 2) float array
        New points.
    """

    removed: Rows
    moved: Rows
    moved_to: np.ndarray
    added: np.ndarray

    def among(self, rows: NDArray[np.bool_]) -> "PointChanges":
        """Leave out what happened to other rows than these."""
        removed, moved = rows[self.removed], rows[self.moved]
        return PointChanges(
            self.removed[removed], self.moved[moved], self.moved_to[moved], self.added
        )

    def without_copies(self, centers_yx: ArrayLike) -> "PointChanges":
        """Leave out new points exactly where others are: a point pasted onto itself is one."""
        places = self.added.tolist()
        taken = set(map(tuple, np.asarray(centers_yx, float).tolist())) if places else set()
        new = np.array([tuple(place) not in taken for place in places], bool)
        return replace(self, added=self.added[new])


def find_changes(before: ArrayLike, after: ArrayLike) -> PointChanges:
    """Compare ``(n, 2)`` points with what became of them.

    Rows whose exact position is still there have stayed, the others were removed, and positions
    nobody had are new. But where the rows that stayed all have their old numbers, the others have
    moved.
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
    """Return the rows of each table that have no row of their own in the other."""
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
