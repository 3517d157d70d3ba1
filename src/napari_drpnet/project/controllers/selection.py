"""Selected points: those in a box or outline, or the one that the user is asked about."""

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import ArrayLike
from psygnal import Signal

from napari_drpnet.project.controllers.current import CurrentMicrograph
from napari_drpnet.project.points.outlines import inside_outline
from napari_drpnet.project.points.review import Review, Rows, order_by_doubt, places_among
from napari_drpnet.project.workspace import Workspace

Position = tuple[float, float]

_ALL_SEEN = "You have seen every uncertain point that has no label yet."
_NONE_UNCERTAIN = (
    "No point is uncertain: each one has a label, or its P(particle) is almost 0 or 1."
)


class Selection:
    """Selected points of the micrograph that is shown.

    They stay selected by position when labels or candidates change. A change of settings or
    another micrograph clears the selection.

    Parameters
    ----------
    workspace : Workspace
        Workspace with the settings.
    current : CurrentMicrograph
        Micrograph that is shown.

    Attributes
    ----------
    in_doubt : bool
        Whether the selection is the uncertain point that `show_doubt` has shown.
    hidden_reason : callable
        Function without arguments that returns why the points cannot be seen, as a sentence, or an
        empty text if they can; the window sets it.
    """

    changed = Signal()
    #: Emitted with the position ``(y, x)`` in unbinned pixels that the view should show.
    focus_requested = Signal(tuple)

    def __init__(self, workspace: Workspace, current: CurrentMicrograph) -> None:
        self._workspace, self._current = workspace, current
        self._centers_yx = np.empty((0, 2))
        self.in_doubt = False
        self.hidden_reason: Callable[[], str] = lambda: ""
        self._seen: set[Position] = set()
        self._current.changed.connect(self._leave)
        self._current.points_changed.connect(self._find_again)
        workspace.settings_changed.connect(self.clear)

    @property
    def rows(self) -> Rows:
        """Selected rows of the review, ``(k,)``."""
        return self._current.selected_rows

    def choose(self, rows: Iterable[int]) -> None:
        """Select rows of the review; those that are not drawn are ignored."""
        visible = self._current.visible
        self._select([row for row in rows if row < len(visible) and visible[row]])

    def choose_inside(self, outline_yx: ArrayLike, *, added: bool = False) -> None:
        """Select the points that are drawn inside a closed outline.

        Parameters
        ----------
        outline_yx : (k, 2) array_like
            Corners ``(y, x)`` in unbinned pixels. If there is only one, the point there is
            selected.
        added : bool
            Whether the points that are selected already stay so.
        """
        current, corners = self._current, np.asarray(outline_yx, float).reshape(-1, 2)
        if current.review is None:
            return
        rows = set(self.rows.tolist()) if added else set()
        if len(corners) == 1:
            row = current.row_at((float(corners[0, 0]), float(corners[0, 1])))
            rows |= set() if row is None else {row}
        else:
            inside = inside_outline(current.review.centers_yx, corners)
            rows |= set(np.flatnonzero(inside).tolist())
        self.choose(rows)

    def clear(self) -> None:
        """Clear the selection."""
        self._select([])

    def refuse_hidden(self) -> bool:
        """Return whether the points cannot be seen, so that none may be corrected; say why."""
        reason = self.hidden_reason()
        if reason:
            self._workspace.notify("info", reason)
        return bool(reason)

    def label(self, accepted: bool) -> None:
        """Accept or reject the selected points, if they can be seen.

        After an uncertain point, the next one is shown; if nothing is selected, the first one.
        """
        if len(self.rows) and self.refuse_hidden():
            return
        in_doubt = self.in_doubt
        if len(self.rows):
            self._current.set_label(self.rows.tolist(), accepted)
        if in_doubt or not len(self.rows):
            self.show_doubt()

    def take_back(self) -> None:
        """Remove the labels of the selected points, if they can be seen."""
        if len(self.rows) and not self.refuse_hidden():
            self._current.forget(self.rows.tolist())

    def show_doubt(self) -> None:
        """Select and show the most uncertain point; further calls show the following ones."""
        current, plan = self._current, self._workspace.plan
        if current.review is None or current.decision is None or plan is None:
            self._workspace.notify("info", "Press Pick first, then look at uncertain points.")
            return
        for row in order_by_doubt(current.review, current.states, plan.parameters):
            if self._place(row) not in self._seen:
                self._doubt(row)
                return
        text = _ALL_SEEN if self._seen else _NONE_UNCERTAIN
        self._seen.clear()
        self.clear()
        self._workspace.notify("info", text)

    def focus(self, place_yx: Position) -> None:
        """Show a position ``(y, x)``, and select the point at exactly that position, if any."""
        review = self._current.review
        self.choose([] if review is None else rows_at(review, [place_yx]).tolist())
        self.focus_requested.emit(place_yx)

    def return_to(self, places_yx: Iterable[Position]) -> None:
        """Show the uncertain point at one of these positions again, after its label was undone."""
        current, seen = self._current, [place for place in places_yx if place in self._seen]
        if current.review is not None and seen:
            for row in rows_at(current.review, seen)[:1]:
                self._doubt(row)

    def _doubt(self, row: int) -> None:
        self._seen.add(self._place(row))
        self._select([row], in_doubt=True)
        self.focus_requested.emit(self._place(row))

    def _place(self, row: int) -> Position:
        assert self._current.review is not None
        y, x = self._current.review.centers_yx[row]
        return float(y), float(x)

    def _select(self, rows: Iterable[int], in_doubt: bool = False) -> None:
        review, before = self._current.review, (self.in_doubt, self.rows.tolist())
        self._current.selected_rows, self.in_doubt = np.array(sorted(rows), np.intp), in_doubt
        self._centers_yx = np.empty((0, 2)) if review is None else review.centers_yx[self.rows]
        if before != (in_doubt, self.rows.tolist()):
            self.changed.emit()

    def _find_again(self) -> None:
        review = self._current.review
        if len(self.rows):
            rows = () if review is None else rows_at(review, self._centers_yx).tolist()
            self._select(rows, self.in_doubt and len(rows) > 0)

    def _leave(self) -> None:
        self._seen.clear()
        self.clear()


def rows_at(review: Review, centers_yx: ArrayLike) -> Rows:
    """Return the rows, except hidden ones, exactly at one of ``(k, 2)`` positions ``(y, x)``."""
    return np.flatnonzero(places_among(review.centers_yx, centers_yx) & ~review.hidden)
