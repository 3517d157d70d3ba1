"""Comparison of the shown micrograph with truth, repeated whenever its points change."""

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.jobs import Job
from napari_drpnet.evaluation.comparison import Comparison, compare
from napari_drpnet.project.controllers.compared_positions import ComparedPositions
from napari_drpnet.project.controllers.current import CurrentMicrograph
from napari_drpnet.project.controllers.selection import Position, Selection
from napari_drpnet.project.points.marks import Mark, Marks
from napari_drpnet.project.points.review import Rows, State
from napari_drpnet.project.workspace import Workspace

Floats = NDArray[np.float64]


class LiveComparison(ComparedPositions[Comparison]):
    """Compares the points of the micrograph that is shown with truth.

    Parameters
    ----------
    workspace : Workspace
        Workspace whose runner runs the comparison.
    current : CurrentMicrograph
        Micrograph that is shown.
    selection : Selection
        Selected points, which move the view.
    """

    reading, comparing, noun = "truth", "compare", "truth"

    def __init__(
        self, workspace: Workspace, current: CurrentMicrograph, selection: Selection
    ) -> None:
        super().__init__(workspace, current)
        self._selection = selection
        self._last: Position | None = None
        self.positions_changed.connect(self._start_anew)

    @property
    def truth_yx(self) -> Floats | None:
        """True centres ``(y, x)`` in the shown micrograph, in unbinned pixels; None if unknown."""
        return self.here_yx

    def show_next_wrong(self) -> None:
        """Show and select the next accepted pick that is no true particle."""
        self._show_next(Mark.WRONG)

    def show_next_missed(self) -> None:
        """Show the next true particle that has no accepted pick."""
        self._show_next(Mark.MISSED)

    def _show_next(self, mark: Mark) -> None:
        """Show the place after the last one, from top to bottom; after the last the first."""
        if self.marks is None:
            self._workspace.notify("info", "Load the truth in the panel Compare, and press Pick.")
            return
        places = sorted((float(y), float(x)) for y, x in self.marks.places(mark))
        if not places:
            self._workspace.notify("info", f"Nothing is {mark.name.lower()} in this micrograph.")
            return
        later = (place for place in places if self._last is None or place > self._last)
        self._last = next(later, places[0])
        self._selection.focus(self._last)

    def _start_anew(self) -> None:
        self._last = None

    def _prepare(
        self, centers_yx: Floats, accepted: Rows, theirs_yx: Floats, diameter_px: float
    ) -> Callable[[Job], tuple[Comparison, Marks]]:
        review = self._current.review
        assert review is not None
        listed = np.flatnonzero((self._current.states != State.BELOW) & ~review.added)
        merit = review.candidates.figure_of_merit[listed]
        return partial(_compare, centers_yx, accepted, listed, merit, theirs_yx, diameter_px)


def _compare(
    centers: Floats,
    accepted: Rows,
    listed: Rows,
    merit: Floats,
    truth: Floats,
    diameter_px: float,
    job: Job,
) -> tuple[Comparison, Marks]:
    """Compare points with truth; the marks are those of all points, then of all particles."""
    result = compare(centers[accepted], centers[listed], merit, truth, diameter_px)
    kinds = np.full(len(centers) + len(truth), Mark.NONE, np.int8)
    kinds[accepted] = np.where(result.is_right, Mark.RIGHT, Mark.WRONG)
    kinds[len(centers) :][~result.is_found] = Mark.MISSED
    return result, Marks(np.concatenate([centers, truth]), kinds)
