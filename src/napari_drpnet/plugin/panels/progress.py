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
    label : QLabel
        What is being done, and how far it is.
    bar : QProgressBar
        How far it is.
    cancel : QPushButton
        Emits `cancelled`.
    cancelled : Signal
        When the button is pressed.
    """

    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.label = QLabel()
        self.bar = QProgressBar()
        self.bar.setFixedWidth(_BAR_WIDTH)
        self.bar.setTextVisible(False)
        self.cancel = QPushButton("Cancel")
        self.cancel.setToolTip("Stop; what is finished stays")
        self.cancel.clicked.connect(self.cancelled.emit)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self.label, self.bar, self.cancel):
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
        self.label.setText(_text(verb, status))
        longest = _text(verb, replace(status, done=status.total))
        self.label.setMinimumWidth(self.label.fontMetrics().horizontalAdvance(longest) + _SPARE)
        self.label.setToolTip(status.stage)
        self.bar.setRange(0, status.total)
        self.bar.setValue(status.done)
        self.cancel.setEnabled(status.state != "cancelling")
        self.setVisible(status.state != "idle")


def _text(verb: str, status: JobStatus) -> str:
    if status.state == "cancelling":
        return "Cancelling…"
    if status.total:
        return f"{verb} {min(status.done + 1, status.total):,} of {status.total:,}"
    return f"{verb} {status.stage}".rstrip() + "…"
