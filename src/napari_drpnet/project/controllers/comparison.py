"""Comparison of the shown micrograph with truth, repeated whenever its points change."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from napari_drpnet.base.jobs import Job
from napari_drpnet.evaluation.comparison import Comparison, compare, read_truth
from napari_drpnet.project.controllers.current import CurrentMicrograph
from napari_drpnet.project.controllers.selection import Position, Selection
from napari_drpnet.project.points.marks import Mark, Marks
from napari_drpnet.project.points.review import Rows, State, is_accepted
from napari_drpnet.project.workspace import Workspace

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Points:
    """Points of one micrograph at the moment of a comparison.

    Parameters
    ----------
    centers_yx : (n, 2) float array
        Centres ``(y, x)`` in unbinned pixels.
    merit : (n,) float array
        Figure of merit; NaN for points that were added by hand.
    accepted, listed : (k,) int array
        Rows of the accepted points, and of the candidates above the threshold.
    """

    centers_yx: Floats
    merit: Floats
    accepted: Rows
    listed: Rows


class LiveComparison:
    """Compares the points of the micrograph that is shown with truth.

    Parameters
    ----------
    workspace : Workspace
        Workspace whose runner runs the comparison.
    current : CurrentMicrograph
        Micrograph that is shown.
    selection : Selection
        Selected points, which move the view.

    Attributes
    ----------
    source : pathlib.Path or None
        File or folder with the truth; None if there is no truth.
    result : Comparison or None
        Comparison of the micrograph that is shown.
    marks : Marks or None
        Right and wrong picks and missed particles of that comparison.
    truth_changed, changed : Signal
        Emitted when another truth is shown, and when there is another result.
    """

    changed = Signal()
    truth_changed = Signal()

    def __init__(
        self, workspace: Workspace, current: CurrentMicrograph, selection: Selection
    ) -> None:
        self._workspace, self._current, self._selection = workspace, current, selection
        self._last: Position | None = None
        self._truth: dict[str, Floats] = {}
        self.source: Path | None = None
        self.result: Comparison | None = None
        self.marks: Marks | None = None
        workspace.project_changed.connect(self.forget)
        self._current.changed.connect(self._on_micrograph)
        self._current.points_changed.connect(self._compare)
        self._current.states_changed.connect(self._compare)

    @property
    def truth_yx(self) -> Floats | None:
        """True centres ``(y, x)`` in the shown micrograph, in unbinned pixels; None if unknown."""
        record = self._current.record
        return self._truth.get(record.name) if record else None

    @property
    def all_truth_yx(self) -> Mapping[str, Floats]:
        """True centres ``(y, x)`` in unbinned pixels, by name of the micrograph."""
        return self._truth

    def load(self, source: Path) -> None:
        """Read truth from a file or a folder, in a thread."""
        names = [record.name for record in self._workspace.project.micrographs.values()]
        work = partial(_read, source, names)
        self._workspace.failures.forget("truth")
        self._workspace.runner.submit("truth", work, partial(self._take, source))

    def forget(self) -> None:
        """Remove the truth."""
        self._take(None, {})

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

    def _take(self, source: Path | None, truth: dict[str, Floats]) -> None:
        self.source, self._truth = source, truth
        self._on_micrograph()

    def _on_micrograph(self) -> None:
        self._last = None
        self._workspace.runner.invalidate("compare")
        self.truth_changed.emit()
        self._compare()

    def _compare(self) -> None:
        workspace = self._workspace
        current, plan, truth = self._current, workspace.plan, self.truth_yx
        if current.review is None or current.stored is None or plan is None or truth is None:
            workspace.runner.invalidate("compare")
            self._show((None, None))
            return
        review, states = current.review, current.states
        merit = np.full(len(review), np.nan)
        merit[: len(review.candidates)] = review.candidates.figure_of_merit
        accepted = np.flatnonzero(is_accepted(states))
        listed = np.flatnonzero((states != State.BELOW) & ~review.added)
        points = _Points(review.centers_yx, merit, accepted, listed)
        work = partial(_compare, points, truth, current.stored.diameter_px)
        workspace.runner.submit("compare", work, self._show, live=True)

    def _show(self, found: tuple[Comparison | None, Marks | None]) -> None:
        self.result, self.marks = found
        self.changed.emit()


def _read(source: Path, names: list[str], job: Job) -> dict[str, Floats]:
    return read_truth(source, names)


def _compare(
    points: _Points, truth_yx: Floats, diameter_px: float, job: Job
) -> tuple[Comparison, Marks]:
    """Compare points with truth; the marks are those of all points, then of all particles."""
    centers, accepted, listed = points.centers_yx, points.accepted, points.listed
    result = compare(
        centers[accepted], centers[listed], points.merit[listed], truth_yx, diameter_px
    )
    kinds = np.full(len(centers) + len(truth_yx), Mark.NONE, np.int8)
    kinds[accepted] = np.where(result.is_right, Mark.RIGHT, Mark.WRONG)
    kinds[len(centers) :][~result.is_found] = Mark.MISSED
    return result, Marks(np.concatenate([centers, truth_yx]), kinds)
