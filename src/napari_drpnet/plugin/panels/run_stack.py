"""Buttons that start a job, in whose place its progress stands while it runs."""

from collections.abc import Sequence

from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QStackedWidget, QWidget

from napari_drpnet.project.jobs.lanes import JobStatus


class RunStack(QStackedWidget):
    """Buttons that start a job; while it is at work, how far it is, and Cancel.

    Parameters
    ----------
    buttons : sequence of QPushButton
        The first one gets the keyboard when the job has ended, if Cancel had it.
    cancel : QPushButton
        Stops the job.
    """

    def __init__(self, buttons: Sequence[QPushButton], cancel: QPushButton) -> None:
        super().__init__()
        self.progress = QProgressBar()
        self._first, self._cancel = buttons[0], cancel
        self.addWidget(_row(*buttons))
        self.addWidget(_row(self.progress, cancel))
        self.setFixedHeight(self.sizeHint().height())

    def showEvent(self, event: QShowEvent) -> None:
        """Be as high as the buttons are in the theme of the window."""
        super().showEvent(event)
        self.setFixedHeight(self.sizeHint().height())

    @property
    def is_at_work(self) -> bool:
        """Whether progress is shown."""
        return bool(self.currentIndex())

    def show_status(self, status: JobStatus, text: str) -> None:
        """Show the buttons, or how far the job is.

        Parameters
        ----------
        status : JobStatus
            Of the job.
        text : str
            On the bar.
        """
        busy = status.state != "idle"
        had_focus = self.currentWidget().isAncestorOf(self.window().focusWidget() or self)
        self.setCurrentIndex(int(busy))
        if had_focus:
            (self._cancel if busy else self._first).setFocus()
        if busy:
            cancelling = status.state == "cancelling"
            self._cancel.setText("Cancelling…" if cancelling else "Cancel")
            self._cancel.setEnabled(not cancelling)
            self.progress.setRange(0, max(status.total, 1))
            self.progress.setValue(status.done)
            self.progress.setFormat(text)
            self.progress.setToolTip(status.stage)


def _row(*parts: QPushButton | QProgressBar) -> QWidget:
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(4)
    for part in parts:
        layout.addWidget(part, stretch=1)
    return row
