"""Part of the panel Export with the result of an export."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from qtpy.QtCore import QUrl, Signal
from qtpy.QtGui import QDesktopServices, QGuiApplication, QResizeEvent
from qtpy.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QTextEdit,
    QVBoxLayout,
    QWidget,
)

from napari_drpnet.base.wording import counted
from napari_drpnet.plugin.fields.controls import Hint, column
from napari_drpnet.project.files.export_report import ExportReport, ExportResult

_MOST_HEIGHT, _PADDING, _MARGIN = 110, 8, 2


class ResultLine(QWidget):
    """Path of exported files, or a command, with a button that copies it, and what to do with it.

    Parameters
    ----------
    result : ExportResult
        Text and advice to show.

    Attributes
    ----------
    field : QLineEdit
        Path or command, which can be selected.
    copy : QPushButton
        Button that copies the text.
    advice : Hint
        What to do with the text in the program.
    """

    def __init__(self, result: ExportResult) -> None:
        super().__init__()
        self.field = QLineEdit(result.text)
        self.field.setReadOnly(True)
        self.field.setCursorPosition(0)
        self.field.setToolTip(result.text)
        self.field.setAccessibleName("path or command")
        self.copy = QPushButton("Copy")
        self.copy.setToolTip("Copy this text")
        self.copy.clicked.connect(self._copy)
        self.advice = Hint(self)
        row = QHBoxLayout()
        row.addWidget(self.field, stretch=1)
        row.addWidget(self.copy)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(row)
        layout.addWidget(self.advice)
        self.advice.say(result.advice)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.field.text())
        self.copy.setText("Copied")


class KeptQuestion(QWidget):
    """Question whether files with particles should be replaced by empty ones.

    Attributes
    ----------
    label : Hint
        Question, which names the files.
    keep, replace : QPushButton
        Answers. Without an answer the files are kept.
    replace_requested : Signal
        Emitted with the paths of the files that should be replaced.
    """

    replace_requested = Signal(tuple)

    def __init__(self) -> None:
        super().__init__()
        self._kept: tuple[Path, ...] = ()
        self.label = Hint(self, marked=True)
        self.keep = QPushButton("Keep them")
        self.keep.clicked.connect(self.hide)
        self.replace = QPushButton("Replace them by empty files")
        self.replace.clicked.connect(self._replace)
        row = QHBoxLayout()
        for button in (self.keep, self.replace):
            row.addWidget(button)
        row.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.label)
        layout.addLayout(row)

    def ask(self, question: str, kept: tuple[Path, ...]) -> None:
        """Ask about files; hide the question if there are none."""
        self._kept = kept
        self.label.say(question)
        self.setVisible(bool(kept))

    def _replace(self) -> None:
        self.hide()
        self.replace_requested.emit(self._kept)


class ExportOutcome(QWidget):
    """Result of an export: counts, what to do with the files, messages.

    Attributes
    ----------
    headline : QLabel
        Numbers of particles and micrographs that were written, or the reason why none were.
    open_folder : QPushButton
        Button that shows the files in the file manager.
    question : KeptQuestion
        Question about files that were kept.
    lines : list of ResultLine
        Paths of the files and commands, and what to do with them.
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
        self.question = KeptQuestion()
        self.lines: list[ResultLine] = []
        self._results = column(spacing=8)
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
        layout.setSpacing(6)
        layout.addLayout(top)
        layout.addWidget(self.question)
        layout.addLayout(self._results)
        layout.addWidget(self.messages)
        self.forget()

    def forget(self) -> None:
        """Hide the result."""
        self.hide()

    def say(self, text: str) -> None:
        """Show only a message."""
        self.question.ask("", ())
        self._show(text, None, (), ())

    def show_report(self, report: ExportReport) -> None:
        """Show the result of an export."""
        messages = [f"Failed: {message}" for message in report.failed]
        messages += [f"{note}." for note in report.notes]
        has_files = bool(report.files or report.kept)
        self.question.ask(report.question, report.kept)
        self._show(
            _headline(report),
            report.folder if has_files else None,
            report.results if has_files else (),
            messages,
        )

    def _show(
        self,
        headline: str,
        folder: Path | None,
        results: Sequence[ExportResult],
        messages: Iterable[str],
    ) -> None:
        self._folder = folder
        self.headline.setText(headline)
        self.open_folder.setVisible(folder is not None)
        for line in self.lines:
            line.setParent(None)
            line.deleteLater()
        self.lines = [ResultLine(result) for result in results]
        for line in self.lines:
            self._results.addWidget(line)
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


def _headline(report: ExportReport) -> str:
    """Return what was written: particles, or only files of the segmentation."""
    if not report.files:
        return "Nothing was written"
    if not report.micrographs:
        return f"{counted(len(report.files), 'file')} written, without particles"
    particles = counted(report.particles, "particle")
    return f"{particles} of {counted(report.micrographs, 'micrograph')} written"
