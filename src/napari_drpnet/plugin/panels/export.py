"""Panel Export: the form, a preview of the first rows, and the result."""

from pathlib import Path

import napari
from qtpy.QtCore import QSize
from qtpy.QtGui import QFontDatabase, QHideEvent, QShowEvent
from qtpy.QtWidgets import (
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_drpnet.plugin.fields.controls import Soon
from napari_drpnet.plugin.panels.export_form import ExportForm, count_picked
from napari_drpnet.plugin.panels.export_outcome import ExportOutcome
from napari_drpnet.plugin.panels.panel import Panel
from napari_drpnet.plugin.panels.progress import JobProgress
from napari_drpnet.project.files.export_report import ExportReport

_REFRESH_MS = 150
_ROWS_SIZE = QSize(200, 120)
_EXPORT_TOOLTIP = (
    "Write the accepted picks, and the files of the segmentation that are ticked. Files of the "
    "same names in the folder are replaced, each completely or not at all; those with particles "
    "are not replaced by empty ones"
)
_NO_PICKS = (
    "There are no picks yet: press Pick, or tick files of the segmentation to export only these."
)


class _Rows(QPlainTextEdit):
    """Text field for the beginning of a file."""

    def __init__(self) -> None:
        super().__init__()
        self.setReadOnly(True)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.setAccessibleName("first rows")

    def sizeHint(self) -> QSize:
        return _ROWS_SIZE

    def minimumSizeHint(self) -> QSize:
        return _ROWS_SIZE


class ExportPanel(Panel):
    """Panel that writes the accepted picks to files for RELION and other programs.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        Viewer, passed by napari.

    Attributes
    ----------
    hint : QLabel
        Message about what is missing: micrographs, their diameter, or picks.
    body : QWidget
        Container of the widgets below, hidden while nothing can be exported.
    form : ExportForm
        Form with the choices.
    export : QPushButton
        Button that starts the export.
    progress : JobProgress
        Progress of the export.
    outcome : ExportOutcome
        Result of the last export.
    preview_title : QLabel
        Title of the preview, with the name of the file.
    preview : QPlainTextEdit
        First rows of that file.
    """

    def __init__(self, napari_viewer: "napari.viewer.Viewer") -> None:
        super().__init__(napari_viewer)
        self._refresh_soon = Soon(self, self._refresh, _REFRESH_MS)
        self.hint = QLabel()
        self.hint.setWordWrap(True)
        self.form = ExportForm(self.session)
        self.outcome = ExportOutcome()
        self.outcome.question.replace_requested.connect(self._start)
        self.body = QWidget()
        column = QVBoxLayout(self.body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for part in (self.form, self._make_progress(), self.outcome, *self._make_preview()):
            column.addWidget(part, stretch=int(part is self.preview))
        layout = QVBoxLayout(self)
        layout.addWidget(self.hint)
        layout.addWidget(self.body, stretch=1)
        layout.addStretch()
        self.show_job(self.progress, "export", "Writing")
        self._refresh()
        self._listen()

    # ---- widgets

    def _make_progress(self) -> QWidget:
        self.export = QPushButton("Export")
        self.export.setToolTip(_EXPORT_TOOLTIP)
        self.export.clicked.connect(self._export)
        self.progress = JobProgress((self.export,))
        self.progress.cancel.clicked.connect(self._cancel)
        return self.progress

    def _make_preview(self) -> tuple[QLabel, QWidget]:
        self.preview_title = QLabel()
        self.preview_title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.preview = _Rows()
        return self.preview_title, self.preview

    def _listen(self) -> None:
        session, current = self.session, self.session.current
        self.listen(session.exporter.finished, self._show_report)
        self.listen(session.runner.errored, self._show_error)
        self.listen(session.project_changed, self.outcome.forget)
        self.listen(session.exporter.choice_changed, self._refresh)
        for signal in (
            session.project_changed,
            session.micrographs_changed,
            session.settings_changed,
            current.changed,
            current.points_changed,
            current.states_changed,
        ):
            self.listen(signal, self._refresh_later)

    # ---- user actions

    def _export(self) -> None:
        self._start(())

    def _start(self, replace_with_empty: tuple[Path, ...]) -> None:
        self.form.take_folder()
        self.controller.picks.reconcile()
        self.outcome.forget()
        exporter = self.session.exporter
        if exporter.folder is not None:
            exporter.export(
                exporter.folder,
                exporter.choice,
                only_current=exporter.choice.only_current,
                replace_with_empty=replace_with_empty,
            )

    def _cancel(self) -> None:
        self.session.runner.cancel("export")
        self.outcome.say("Cancelled. Finished files are kept; RELION's list is unchanged.")

    def showEvent(self, event: QShowEvent) -> None:
        """Show the changes since the panel was hidden."""
        super().showEvent(event)
        self._refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop refreshing while the panel is hidden."""
        super().hideEvent(event)
        self._refresh_soon.stop()

    # ---- updates from the session

    def _refresh_later(self) -> None:
        """Schedule a refresh, at most one per interval, if the panel is visible."""
        if self.isVisible():
            self._refresh_soon.ask()

    def _refresh(self) -> None:
        exporter, current = self.session.exporter, self.session.current
        totals = self.session.summaries.totals()
        picked, is_picked = count_picked(totals), current.has_points
        has_any = picked > 0 or totals.particles > 0
        problem = self._problem
        hint = problem or ("" if has_any or is_picked else _NO_PICKS)
        self.hint.setText(hint)
        self.hint.setVisible(bool(hint))
        self.body.setVisible(not problem)
        self.form.show_choice()
        self.form.show_counts(totals)
        has_chosen = is_picked if exporter.choice.only_current else has_any
        self.export.setEnabled(has_chosen or bool(exporter.choice.masks))
        self._show_preview()

    @property
    def _problem(self) -> str:
        """Message about why nothing can be exported; "" if something can."""
        if not self.session.project.micrographs:
            return "Open micrographs first. This panel writes their picks for RELION."
        return self.session.problem or "" if self.session.plan is None else ""

    def _show_preview(self) -> None:
        name, text = self.session.exporter.preview(self.session.exporter.choice)
        self.preview_title.setText(f"First rows of {name}" if name else "First rows")
        if text != self.preview.toPlainText():
            self.preview.setPlainText(text)

    def _show_report(self, report: ExportReport) -> None:
        self.outcome.show_report(report)

    def _show_error(self, kind: str, error: Exception) -> None:
        if kind == "export":
            self.outcome.say(f"Nothing was written. {error}")
