"""Positions from files, compared with the points of the shown micrograph whenever they change."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import ClassVar, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from napari_drpnet.base.jobs import Job
from napari_drpnet.evaluation.comparison import read_positions
from napari_drpnet.project.controllers.current import CurrentMicrograph
from napari_drpnet.project.jobs.lanes import JobKind
from napari_drpnet.project.points.marks import Marks
from napari_drpnet.project.points.review import Rows, is_accepted
from napari_drpnet.project.workspace import Workspace

Floats = NDArray[np.float64]
ResultT = TypeVar("ResultT")


class ComparedPositions(Generic[ResultT]):
    """Base class of what compares the points of the shown micrograph with positions from files.

    The positions are only looked at: they change no label, and are not part of the project.

    Parameters
    ----------
    workspace : Workspace
        Workspace whose runner runs the comparison.
    current : CurrentMicrograph
        Micrograph that is shown.

    Attributes
    ----------
    source : pathlib.Path or None
        File or folder with the positions; None if there are none.
    all_yx : mapping of str to (n, 2) float array
        Positions ``(y, x)`` in unbinned pixels, by name of the micrograph.
    result : ResultT or None
        Comparison of the micrograph that is shown; None if it has no positions or is not picked.
    marks : Marks or None
        What that comparison says about places.
    positions_changed, changed : Signal
        Emitted when other positions are shown, and when there is another result.
    """

    changed = Signal()
    positions_changed = Signal()
    #: Kinds of the jobs that read the positions, and that compare them.
    reading: ClassVar[JobKind]
    comparing: ClassVar[JobKind]
    #: What the positions are, for messages.
    noun: ClassVar[str]

    def __init__(self, workspace: Workspace, current: CurrentMicrograph) -> None:
        self._workspace, self._current = workspace, current
        self.all_yx: Mapping[str, Floats] = {}
        self.source: Path | None = None
        self.result: ResultT | None = None
        self.marks: Marks | None = None
        workspace.project_changed.connect(self.forget)
        current.changed.connect(self._on_micrograph)
        current.points_changed.connect(self._compare)
        current.states_changed.connect(self._compare)

    @property
    def here_yx(self) -> Floats | None:
        """Positions ``(y, x)`` in the shown micrograph, in unbinned pixels; None if unknown."""
        record = self._current.record
        return self.all_yx.get(record.name) if record else None

    def load(
        self,
        source: Path,
        on_taken: Callable[[], None] | None = None,
        on_error: Callable[[Exception], None] | None = None,
    ) -> None:
        """Read positions from a file or a folder, in a thread.

        Parameters
        ----------
        source : pathlib.Path
            File with one or many micrographs, or folder of such files.
        on_taken : callable, optional
            Function that is called when the positions are shown.
        on_error : callable, optional
            Function that is called with the exception if they cannot be read; by default the user
            is told.
        """
        names = [record.name for record in self._workspace.project.micrographs.values()]
        work = partial(_read, source, names, self.noun)
        self._workspace.failures.forget(self.reading)

        def take(positions: Mapping[str, Floats]) -> None:
            self._take(source, positions)
            if on_taken is not None:
                on_taken()

        self._workspace.runner.submit(self.reading, work, take, on_error)

    def forget(self) -> None:
        """Remove the positions."""
        self._take(None, {})

    def _take(self, source: Path | None, positions: Mapping[str, Floats]) -> None:
        self.source, self.all_yx = source, positions
        self._on_micrograph()

    def _on_micrograph(self) -> None:
        self._workspace.runner.invalidate(self.comparing)
        self.positions_changed.emit()
        self._compare()

    def _compare(self) -> None:
        runner, current, theirs = self._workspace.runner, self._current, self.here_yx
        if theirs is None or current.stored is None or current.decision is None:
            runner.invalidate(self.comparing)
            self._show((None, None if theirs is None else self._mark_unpicked(theirs)))
            return
        centers = current.decision.review.centers_yx
        accepted = np.flatnonzero(is_accepted(current.states))
        work = self._prepare(centers, accepted, theirs, current.stored.diameter_px)
        runner.submit(self.comparing, work, self._show, live=True)

    def _show(self, found: tuple[ResultT | None, Marks | None]) -> None:
        self.result, self.marks = found
        self.changed.emit()

    def _prepare(
        self, centers_yx: Floats, accepted: Rows, theirs_yx: Floats, diameter_px: float
    ) -> Callable[[Job], tuple[ResultT, Marks]]:
        """Return the work of a comparison, which runs in a thread.

        Parameters
        ----------
        centers_yx : (n, 2) float array
            Centres ``(y, x)`` of all points in unbinned pixels.
        accepted : (k,) int array
            Rows of the accepted points.
        theirs_yx : (m, 2) float array
            Positions ``(y, x)`` to compare with, in unbinned pixels.
        diameter_px : float
            Particle diameter in unbinned pixels.
        """
        raise NotImplementedError

    def _mark_unpicked(self, theirs_yx: Floats) -> Marks | None:
        """Return the marks of a micrograph that is not picked."""
        return None


def _read(source: Path, names: list[str], noun: str, job: Job) -> dict[str, Floats]:
    return read_positions(source, names, noun)
