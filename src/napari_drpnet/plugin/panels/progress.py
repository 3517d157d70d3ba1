"""Progress bar of a job with a Cancel button, in place of the buttons that start the job."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from qtpy.QtGui import QResizeEvent, QShowEvent
from qtpy.QtWidgets import QProgressBar, QPushButton, QStackedWidget

from napari_drpnet.plugin.fields.controls import row
from napari_drpnet.project.jobs.lanes import JobKind, JobStatus

#: Least running time of a job before the remaining time is estimated, in seconds.
_LEAST_S = 0.5
#: Width of a progress bar around its text, and of the gap before Cancel.
_MARGINS_PX = 16
#: Texts before a job has reported a stage.
_AT_FIRST = {"waiting": "waiting…", "running": "starting…"}


class JobProgress(QStackedWidget):
    """Buttons that start a job, replaced by a progress bar and Cancel while it runs.

    Parameters
    ----------
    starts : sequence of QPushButton
        Buttons that start the job. When the job ends, the keyboard focus moves from Cancel to the
        first one. If there are none, the widget is hidden while no job runs.
    cancel : QPushButton, optional
        Button that stops the job. Default: a new one, which the owner has to connect.
    clock : callable
        Function that returns the time in seconds.

    Attributes
    ----------
    bar : QProgressBar
        Progress bar; its text shows the stage and the remaining time.
    cancel : QPushButton
        Button that stops the job; disabled after it was pressed until the job has stopped.
    """

    def __init__(
        self,
        starts: Sequence[QPushButton] = (),
        cancel: QPushButton | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._starts = tuple(starts)
        self._time_left = _TimeLeft(clock)
        self._text = self._short_text = ""
        self._kind: JobKind | None = None
        self._verb = ""
        self.bar = QProgressBar()
        self.cancel = cancel or QPushButton()
        self.cancel.setText("Cancel")
        if cancel is None:
            self.cancel.setToolTip("Stop; what is finished stays")
        self.addWidget(row(*self._starts, spacing=4, stretch=1))
        page = row(self.bar, self.cancel, spacing=4, stretch=1)
        page.layout().setStretchFactor(self.cancel, 0)
        self.addWidget(page)
        self.setFixedHeight(self.sizeHint().height())
        self.setVisible(bool(self._starts))

    def showEvent(self, event: QShowEvent) -> None:
        """Fix the height to that of the buttons in the theme of the window."""
        super().showEvent(event)
        self.setFixedHeight(self.sizeHint().height())

    @property
    def is_at_work(self) -> bool:
        """Whether the progress of a job is shown."""
        return bool(self.currentIndex())

    def follow(self, kind: JobKind, verb: str = "") -> None:
        """Choose the kind of job that `take` shows, and the verb of `show_status`."""
        self._kind, self._verb = kind, verb

    def take(self, status: JobStatus) -> None:
        """Show a status if it is that of the kind of job that is followed."""
        if status.kind == self._kind:
            self.show_status(status, self._verb)

    def show_status(self, status: JobStatus, verb: str = "") -> None:
        """Show the progress of the job, or the buttons if it is idle.

        Parameters
        ----------
        status : JobStatus
            Status of the job.
        verb : str, optional
            Verb such as ``Picking`` for jobs whose parts are counted: "Picking 13 of 20". Default:
            the stage of the job is shown, with the finished share in per cent.
        """
        busy = status.state != "idle"
        had_focus = self.currentWidget().isAncestorOf(self.window().focusWidget() or self)
        self.setCurrentIndex(int(busy))
        self.setVisible(busy or bool(self._starts))
        self.cancel.setEnabled(status.state != "cancelling")
        if had_focus and self._starts:
            (self.cancel if busy else self._starts[0]).setFocus()
        self.bar.setRange(0, max(status.total, 1))
        self.bar.setValue(status.done)
        left = self._time_left.describe(status, verb)
        self._text = _describe(status, verb, left)
        self._short_text = _describe(replace(status, stage=""), verb, left)
        self.bar.setFormat(self._fitting_text())
        self.bar.setToolTip(status.stage)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show the name of the stage if there is room for it now."""
        super().resizeEvent(event)
        self.bar.setFormat(self._fitting_text())

    def _fitting_text(self) -> str:
        """Return the text of the bar, without the name of the stage if there is no room for it."""
        room = self.width() - self.cancel.sizeHint().width() - _MARGINS_PX
        is_cut = self.bar.fontMetrics().horizontalAdvance(self._text) > room
        return self._short_text if is_cut else self._text


class _TimeLeft:
    """Estimate of the remaining time of a job from its speed so far.

    The estimate starts again at each stage, unless the parts of the whole job are counted.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._work, self._first, self._latest, self._since = ("", 0), 0, 0, 0.0

    def describe(self, status: JobStatus, verb: str) -> str:
        """Return the remaining time, such as ``12 s left``; "" while it is unknown."""
        now, work, done = self._clock(), (verb or status.stage, status.total), status.done
        if work != self._work or done < self._latest:
            self._work, self._first, self._since = work, done, now
        self._latest = done
        worked = now - self._since
        if worked < _LEAST_S or done == self._first or done >= status.total:
            return ""
        return f"{_words(worked * (status.total - done) / (done - self._first))} left"


def _words(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{max(round(seconds), 1)} s"


def _describe(status: JobStatus, verb: str, left: str) -> str:
    if status.state == "cancelling":
        return "Cancelling…"
    if not status.total:
        said = f"{verb} {status.stage}".strip()
        return f"{said}…" if said else _AT_FIRST.get(status.state, "")
    if status.done >= status.total and not verb:
        return f"{status.stage}, almost done…".removeprefix(", ")
    part = min(status.done + 1, status.total)
    text = f"{verb} {part:,} of {status.total:,}" if verb else f"{status.stage} %p %".strip()
    return f"{text}, {left}" if left else text
