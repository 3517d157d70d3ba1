"""Part of the panel Export with the result of an export."""

from collections.abc import Iterable
from pathlib import Path

from qtpy.QtCore import QUrl
from qtpy.QtGui import QDesktopServices, QResizeEvent
from qtpy.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QTextEdit,
    QVBoxLayout,
    QWidget,
)

from napari_drpnet.project.files.export import ExportReport

_MOST_HEIGHT, _PADDING, _MARGIN = 110, 8, 2
_IN_RELION = (
    "Type or paste this as Input coordinates in RELION's job Particle extraction, tab I/O; Browse "
    "lists only RELION's own jobs"
)


class ExportOutcome(QWidget):
    """Result of an export: counts, the path of RELION's list, the input for RELION, messages.

    Attributes
    ----------
    headline : QLabel
        Numbers of particles and micrographs that were written, or the reason why none were.
    open_folder : QPushButton
        Button that shows the files in the file manager.
    index : QLineEdit
        Path of RELION's list of the files, if it differs from `input_coordinates`.
    typed : QLabel
        Title of `input_coordinates`.
    input_coordinates : QLineEdit
        Input coordinates to type in RELION.
    messages : QTextEdit
        Errors and notes.
    """

    def __init__(self) -> None:
        super().__init__()
        self._folder: Path | None = None
        self.headline = QLabel()
        self.headline.setWordWrap(True)
        self.open_folder = QPushButton("Open folder")
        self.open_folder.setToolTip("Show the files in the file manager")
        self.open_folder.clicked.connect(self._open_folder)
        self.index = _path_line("RELION's list of the files that were written")
        self.typed = QLabel("Input coordinates in RELION:")
        self.typed.setToolTip(_IN_RELION)
        self.input_coordinates = _path_line(_IN_RELION)
        self.messages = QTextEdit()
        self.messages.setReadOnly(True)
        self.messages.setStyleSheet("background: transparent; padding: 0px")  # like a label
        self.messages.document().setDocumentMargin(_MARGIN)
        self.messages.setAccessibleName("messages about this export")
        top = QHBoxLayout()
        top.addWidget(self.headline, stretch=1)
        top.addWidget(self.open_folder)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(top)
        for part in (self.index, self.typed, self.input_coordinates, self.messages):
            layout.addWidget(part)
        self.forget()

    def forget(self) -> None:
        """Hide the result."""
        self.hide()

    def say(self, text: str) -> None:
        """Show only a message."""
        self._show(text, None, None, None, ())

    def show_report(self, report: ExportReport) -> None:
        """Show the result of an export."""
        particles = _count(report.particles, "particle")
        written = f"{particles} of {_count(report.micrographs, 'micrograph')} written"
        messages = [f"Failed: {message}" for message in report.failed]
        messages += [f"{note}." for note in report.notes]
        self._show(
            written if report.micrographs else "Nothing was written",
            report.folder if report.files else None,
            report.index,
            report.input_coordinates,
            messages,
        )

    def _show(
        self,
        headline: str,
        folder: Path | None,
        index: Path | None,
        input_coordinates: Path | None,
        messages: Iterable[str],
    ) -> None:
        self._folder = folder
        self.headline.setText(headline)
        self.open_folder.setVisible(folder is not None)
        for line, path in ((self.index, index), (self.input_coordinates, input_coordinates)):
            line.setVisible(path is not None)
            line.setText("" if path is None else path.as_posix())
        self.index.setVisible(index not in (None, input_coordinates))
        self.typed.setVisible(input_coordinates is not None)
        self.messages.setPlainText("\n".join(messages))
        self.messages.setVisible(bool(self.messages.toPlainText()))
        self.setVisible(True)
        self._fit_messages()

    def _fit_messages(self) -> None:
        """Fit the height to the messages, up to a limit beyond which they scroll."""
        document = self.messages.document()
        document.setTextWidth(self.width() - 2 * _PADDING)
        height = round(document.size().height()) + _PADDING
        self.messages.setFixedHeight(min(height, _MOST_HEIGHT))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the height of the messages to the new width."""
        super().resizeEvent(event)
        self._fit_messages()

    def _open_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._folder)))


def _path_line(tooltip: str) -> QLineEdit:
    line = QLineEdit()
    line.setReadOnly(True)
    line.setToolTip(tooltip)
    return line


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
