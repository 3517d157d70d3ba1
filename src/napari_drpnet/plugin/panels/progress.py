"""One line that says what a long job is doing, with a button to stop it."""

from dataclasses import replace

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QSizePolicy, QWidget

from napari_drpnet.project.jobs.runner import JobStatus

_BAR_WIDTH = 110
_SPARE = 4


class JobProgress(QWidget):
    """What a job is doing; hidden while there is none.

    Parameters
    ----------
    parent : QWidget, optional
        The widget that holds this one.

    Attributes
    ----------
    cancelled : Signal
        When the button is pressed.
    """

    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._label = QLabel()
        self._bar = QProgressBar()
        self._bar.setFixedWidth(_BAR_WIDTH)
        self._bar.setTextVisible(False)
        self._cancel = QPushButton("Cancel")
        self._cancel.setToolTip("Stop; what is finished stays")
        self._cancel.clicked.connect(self.cancelled.emit)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self._label, self._bar, self._cancel):
            layout.addWidget(widget)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self.hide()

    def show_status(self, verb: str, status: JobStatus) -> None:
        """Show what a job is doing.

        Parameters
        ----------
        verb : str
            For the user: ``Picking``.
        status : JobStatus
            Of the job.
        """
        self._label.setText(_text(verb, status))
        longest = _text(verb, replace(status, done=status.total))
        self._label.setMinimumWidth(self._label.fontMetrics().horizontalAdvance(longest) + _SPARE)
        self._label.setToolTip(status.stage)
        self._bar.setRange(0, status.total)
        self._bar.setValue(status.done)
        self._cancel.setEnabled(status.state != "cancelling")
        self.setVisible(status.state != "idle")


def _text(verb: str, status: JobStatus) -> str:
    if status.state == "cancelling":
        return "Cancelling…"
    if status.total:
        return f"{verb} {min(status.done + 1, status.total):,} of {status.total:,}"
    return f"{verb} {status.stage}".rstrip() + "…"
