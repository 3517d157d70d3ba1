"""How far a long job is, in place of the buttons that start it, with a button to stop it."""

import time
from collections.abc import Callable, Sequence

from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QStackedWidget, QWidget

from napari_drpnet.project.jobs.lanes import JobStatus

#: So long a job must have worked before one can tell how long it will still take.
_LEAST_S = 0.5
#: What a job does before it has told.
_AT_FIRST = {"waiting": "waiting…", "running": "starting…"}


class JobProgress(QStackedWidget):
    """Buttons that start a job; while it runs, a bar with its stage and the time left, and Cancel.

    Parameters
    ----------
    starts : sequence of QPushButton
        The first one gets the keyboard when the job has ended, if Cancel had it. Where there are
        none, the widget is hidden while there is no job.
    cancel : QPushButton, optional
        Stops the job. Default: a new one, for the owner to connect.
    clock : callable
        The time in seconds.

    Attributes
    ----------
    bar : QProgressBar
        How far the job is; its text says what it does and how long it will still take.
    cancel : QPushButton
        The button that stops it; disabled from when it was pressed until the job has stopped.
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
        self.bar = QProgressBar()
        self.cancel = cancel or QPushButton()
        self.cancel.setText("Cancel")
        if cancel is None:
            self.cancel.setToolTip("Stop; what is finished stays")
        self.addWidget(_row(*self._starts))
        page = _row(self.bar, self.cancel)
        page.layout().setStretchFactor(self.cancel, 0)
        self.addWidget(page)
        self.setFixedHeight(self.sizeHint().height())
        self.setVisible(bool(self._starts))

    def showEvent(self, event: QShowEvent) -> None:
        """Be as high as the buttons are in the theme of the window."""
        super().showEvent(event)
        self.setFixedHeight(self.sizeHint().height())

    @property
    def is_at_work(self) -> bool:
        """Whether a job is shown."""
        return bool(self.currentIndex())

    def show_status(self, status: JobStatus, verb: str = "") -> None:
        """Show the buttons, or how far the job is.

        Parameters
        ----------
        status : JobStatus
            Of the job.
        verb : str, optional
            What is done to each of its parts, such as ``Picking``; they are then counted. Default:
            its stage is named, with the share that is done.
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
        self.bar.setFormat(_describe(status, verb, self._time_left.describe(status, verb)))
        self.bar.setToolTip(status.stage)


class _TimeLeft:
    """Tells how long a job will still take, from how fast it has been so far.

    Parts that are not counted are those of a stage, and another stage has another pace.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._work, self._first, self._latest, self._since = ("", 0), 0, 0, 0.0

    def describe(self, status: JobStatus, verb: str) -> str:
        """Return it in words, like ``12 s left``; nothing while nobody can tell."""
        now, work, done = self._clock(), (verb or status.stage, status.total), status.done
        if work != self._work or done < self._latest:
            self._work, self._first, self._since = work, done, now
        self._latest = done
        worked = now - self._since
        if worked < _LEAST_S or done == self._first:
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
    part = min(status.done + 1, status.total)
    text = f"{verb} {part:,} of {status.total:,}" if verb else f"{status.stage} %p %"
    return f"{text}, {left}" if left else text


def _row(*parts: QPushButton | QProgressBar) -> QWidget:
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(4)
    for part in parts:
        layout.addWidget(part, stretch=1)
    return row
