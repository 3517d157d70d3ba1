"""Comparison of the shown micrograph with truth, repeated whenever its points change."""

from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from napari_drpnet.base.jobs import Job
from napari_drpnet.evaluation.comparison import Comparison, compare, read_truth
from napari_drpnet.project.controllers.current import CurrentMicrograph
from napari_drpnet.project.controllers.selection import Position, Selection
from napari_drpnet.project.points.review import State, is_accepted
from napari_drpnet.project.workspace import Workspace

Floats = NDArray[np.float64]


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
        workspace.project_changed.connect(self.forget)
        self._current.changed.connect(self._on_micrograph)
        self._current.points_changed.connect(self._compare)
        self._current.states_changed.connect(self._compare)

    @property
    def truth_yx(self) -> Floats | None:
        """True centres ``(y, x)`` in the shown micrograph, in unbinned pixels; None if unknown."""
        record = self._current.record
        return self._truth.get(record.name) if record else None

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
        self._show_next("wrong", None if self.result is None else self.result.wrong_yx)

    def show_next_missed(self) -> None:
        """Show the next true particle that has no accepted pick."""
        self._show_next("missed", None if self.result is None else self.result.missed_yx)

    def _show_next(self, kind: str, places_yx: Floats | None) -> None:
        """Show the place after the last one, from top to bottom; after the last the first."""
        if places_yx is None:
            self._workspace.notify("info", "Load the truth in the panel Compare, and press Pick.")
            return
        places = sorted((float(y), float(x)) for y, x in places_yx)
        if not places:
            self._workspace.notify("info", f"Nothing is {kind} in this micrograph.")
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
            self._show(None)
            return
        review, states = current.review, current.states
        centers = review.centers_yx
        listed = (states != State.BELOW) & ~review.added
        merit = np.full(len(review), np.nan)
        merit[: len(review.candidates)] = review.candidates.figure_of_merit
        work = partial(
            _compare,
            centers[is_accepted(states)],
            centers[listed],
            merit[listed],
            truth,
            current.stored.diameter_px,
        )
        workspace.runner.submit("compare", work, self._show, live=True)

    def _show(self, result: Comparison | None) -> None:
        self.result = result
        self.changed.emit()


def _read(source: Path, names: list[str], job: Job) -> dict[str, Floats]:
    return read_truth(source, names)


def _compare(
    accepted: Floats,
    listed: Floats,
    merit: Floats,
    truth: Floats,
    diameter_px: float,
    job: Job,
) -> Comparison:
    return compare(accepted, listed, merit, truth, diameter_px)
