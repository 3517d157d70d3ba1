"""The points that the next verdict is about: what a box has chosen, or the one in doubt."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike
from psygnal import Signal

from napari_drpnet.project.review import Review, Rows, order_by_doubt

if TYPE_CHECKING:
    from napari_drpnet.project.session import Session

Position = tuple[float, float]


class Selection:
    """The selected points of the micrograph that is shown.

    They stay selected, by their places, when labels or candidates change; other settings or
    another micrograph end the selection.

    Parameters
    ----------
    session : Session
        Whose points they are.

    Attributes
    ----------
    rows : (k,) int array
        The points, as rows of the review.
    in_doubt : bool
        Whether it is the one point that `show_doubt` has shown.
    """

    changed = Signal()
    #: With the place ``(y, x)`` in unbinned pixels that the view should show.
    focus_requested = Signal(tuple)

    def __init__(self, session: "Session") -> None:
        self._session = session
        self.rows: Rows = np.empty(0, np.intp)
        self._centers_yx = np.empty((0, 2))
        self.in_doubt = False
        self._seen: set[Position] = set()
        session.current.changed.connect(self._leave)
        session.current.points_changed.connect(self._find_again)
        session.settings_changed.connect(self.clear)

    def choose(self, rows: Iterable[int]) -> None:
        """Select points; those that are not drawn are left out."""
        visible = self._session.current.visible
        self._select([row for row in rows if row < len(visible) and visible[row]])

    def clear(self) -> None:
        """Select nothing."""
        self._select([])

    def label(self, accepted: bool) -> None:
        """Accept or reject the selected points.

        After the one in doubt the next is shown; where nothing is selected, the first.
        """
        in_doubt = self.in_doubt
        if len(self.rows):
            self._session.current.set_verdict(self.rows.tolist(), accepted)
        if in_doubt or not len(self.rows):
            self.show_doubt()

    def take_back(self) -> None:
        """Take back what a person has said of the selected points."""
        if len(self.rows):
            self._session.current.forget(self.rows.tolist())

    def show_doubt(self) -> None:
        """Select and show the point that the model is least sure of, then the next."""
        current, plan = self._session.current, self._session.plan
        if current.review is None or plan is None:
            self._session.notify("info", "Press Pick first; then look at what is uncertain.")
            return
        for row in order_by_doubt(current.review, current.states, plan.parameters):
            if self._place(row) not in self._seen:
                self._doubt(row)
                return
        self._seen.clear()
        self.clear()
        self._session.notify("info", "You have seen every point that has no label yet.")

    def focus(self, place_yx: Position) -> None:
        """Show a place, and select the point that is there, if one is."""
        review = self._session.current.review
        self.choose([] if review is None else rows_at(review, [place_yx]).tolist())
        self.focus_requested.emit(place_yx)

    def return_to(self, places_yx: Iterable[Position]) -> None:
        """Show again the point among these places that was in doubt: its label was undone."""
        current, seen = self._session.current, [place for place in places_yx if place in self._seen]
        if current.review is not None and seen:
            for row in rows_at(current.review, seen)[:1]:
                self._doubt(row)

    def _doubt(self, row: int) -> None:
        self._seen.add(self._place(row))
        self._select([row], in_doubt=True)
        self.focus_requested.emit(self._place(row))

    def _place(self, row: int) -> Position:
        assert self._session.current.review is not None
        y, x = self._session.current.review.centers_yx[row]
        return float(y), float(x)

    def _select(self, rows: Iterable[int], in_doubt: bool = False) -> None:
        review, before = self._session.current.review, (self.in_doubt, self.rows.tolist())
        self.rows, self.in_doubt = np.array(sorted(rows), np.intp), in_doubt
        self._centers_yx = np.empty((0, 2)) if review is None else review.centers_yx[self.rows]
        if before != (in_doubt, self.rows.tolist()):
            self.changed.emit()

    def _find_again(self) -> None:
        review = self._session.current.review
        if len(self.rows):
            rows = () if review is None else rows_at(review, self._centers_yx).tolist()
            self._select(rows, self.in_doubt and len(rows) > 0)

    def _leave(self) -> None:
        self._seen.clear()
        self.clear()


def rows_at(review: Review, centers_yx: ArrayLike) -> Rows:
    """Return the rows at exactly one of these ``(k, 2)`` places; hidden ones left out."""
    here, there = (
        np.ascontiguousarray(places, float).reshape(-1, 2).view(complex).ravel()
        for places in (review.centers_yx, centers_yx)
    )
    return np.flatnonzero(np.isin(here, there) & ~review.hidden)
