"""Panel Micrographs: open micrographs, choose one, and see the result of each."""

from pathlib import Path

import napari
from qtpy.QtCore import QModelIndex, QPoint, QSize, Qt, QUrl
from qtpy.QtGui import QDesktopServices, QDragEnterEvent, QDropEvent
from qtpy.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QMenu,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from napari_drpnet.plugin.fields.controls import Soon, row
from napari_drpnet.plugin.panels.overview import OverviewButton
from napari_drpnet.plugin.panels.panel import Panel
from napari_drpnet.plugin.panels.progress import JobProgress
from napari_drpnet.plugin.table.filter_bar import FilterBar
from napari_drpnet.plugin.table.micrograph_row import STATUS_TITLES, Column
from napari_drpnet.plugin.table.micrograph_table import MicrographFilter, MicrographTable
from napari_drpnet.plugin.table.open_button import OpenButton
from napari_drpnet.plugin.table.row_table import RowTable
from napari_drpnet.project.controllers.statuses import Totals
from napari_drpnet.project.jobs.lanes import JobKind, JobStatus
from napari_drpnet.project.sample_project import open_sample

_SIZE = QSize(900, 144)
_PROGRESS_WIDTH = 300
_WIDTHS = {Column.INCLUDED: 32, Column.PICKS: 110, Column.DIRTY: 80, Column.DEFOCUS: 110}
#: Least interval between two updates of the order and the totals, in milliseconds.
_REVIEW_EVERY_MS = 100
#: Jobs whose progress is shown, the most urgent first.
_VERBS: dict[JobKind, str] = {"list": "Opening", "pick all": "Picking"}
_EMPTY = "Open micrographs, a folder, or RELION's micrographs.star — or drop them here."
_NO_MATCH = "No micrograph fits the filter."


class MicrographsPanel(Panel):
    """Panel with the table of micrographs, for the bottom of the window.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        Viewer, passed by napari when the panel is opened from a menu.

    Attributes
    ----------
    open_button : OpenButton
        Button that opens micrographs and projects.
    previous, next : QToolButton
        Buttons that show the previous and the next micrograph.
    filter : FilterBar
        Filter of the rows, with their number.
    overview : OverviewButton
        Button that opens the panel Overview.
    totals : QLabel
        Numbers of picked micrographs and of particles in all included micrographs.
    progress : JobProgress
        Progress of opening or picking.
    view : RowTable
        Table of the rows.
    rows : MicrographFilter
        Model of the rows.
    hint : QLabel
        Message about the next step while there are no rows.
    sample, tutorial : QPushButton
        Buttons that open the sample micrograph and the tutorial, shown while there are no
        micrographs.
    """

    def __init__(self, napari_viewer: "napari.viewer.Viewer") -> None:
        super().__init__(napari_viewer)
        self._model = MicrographTable(self.session, self)
        self.rows = MicrographFilter(self._model, self)
        self._review_soon = Soon(self, self._show_all, _REVIEW_EVERY_MS)
        self._build()
        self.setAcceptDrops(True)
        self.listen(self.session.project_changed, self._show_project)
        self.listen(self.session.micrographs_changed, self._show_micrographs)
        self.listen(self.session.current.changed, self._show_current)
        self.listen(self.session.runner.status_changed, self._show_jobs)
        self._show_rows()
        self._show_current()
        self._show_jobs()

    def sizeHint(self) -> QSize:
        """Return the preferred size: wide, with the height of a few rows."""
        return _SIZE

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept local files and folders."""
        if _dropped_paths(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open the dropped files and folders."""
        event.acceptProposedAction()
        self.session.open_paths(_dropped_paths(event))

    # ---- widgets

    def _build(self) -> None:
        self.view = self._make_view()
        self._pages = QStackedWidget()
        self._pages.addWidget(self._make_hint_page())
        self._pages.addWidget(self.view)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 4, 6, 4)
        layout.setSpacing(4)
        layout.addLayout(self._make_toolbar())
        layout.addWidget(self._pages, 1)

    def _make_toolbar(self) -> QHBoxLayout:
        self.open_button = OpenButton(self.session)
        self.previous = self.action_button("previous", icon="◀")
        self.next = self.action_button("next", icon="▶")
        self.filter = FilterBar()
        self.filter.changed.connect(self._filter)
        self.filter.include_shown.connect(self._include_shown)
        self.overview = OverviewButton(self.viewer, self)
        self.totals = QLabel()
        self.totals.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.totals.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.progress = JobProgress()
        self.progress.setFixedWidth(_PROGRESS_WIDTH)
        self.progress.cancel.clicked.connect(self._cancel)
        toolbar = QHBoxLayout()
        self._steering = (self.previous, self.next, self.filter, self.overview)
        for widget in (self.open_button, *self._steering):
            toolbar.addWidget(widget)
        toolbar.addWidget(self.totals, 1)
        toolbar.addWidget(self.progress)
        return toolbar

    def _make_view(self) -> RowTable:
        view = RowTable(Column.INCLUDED)
        view.setModel(self.rows)
        header = view.horizontalHeader()
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.setSortIndicatorClearable(True)
        header.setHighlightSections(False)
        for column in (Column.NAME, Column.STATUS):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        view.setSortingEnabled(True)
        for column, width in _WIDTHS.items():
            view.setColumnWidth(column, width)
        view.chosen.connect(self._choose)
        view.ticked.connect(self._tick)
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        view.customContextMenuRequested.connect(self._open_context_menu)
        return view

    def _make_hint_page(self) -> QWidget:
        self.hint = QLabel()
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.hint.setWordWrap(True)
        self.sample = QPushButton("Try the sample micrograph")
        self.sample.setToolTip("Open a simulated micrograph with known particles, and pick it")
        self.sample.clicked.connect(lambda: open_sample(self.session))
        self.tutorial = self.action_button("tutorial")
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addStretch(1)
        layout.addWidget(self.hint)
        buttons = row(self.sample, self.tutorial)
        layout.addWidget(buttons, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(1)
        return page

    # ---- updates from the session

    def _show_project(self) -> None:
        self._model.reset()
        self._show_rows()

    def _show_micrographs(self, ids: tuple[str, ...]) -> None:
        if self._model.refresh(ids):
            self._show_current()
        self._show_rows()

    def _show_rows(self) -> None:
        """Show the rows, or a message if there are none."""
        is_empty = not self.session.project.micrographs
        self.hint.setText(_EMPTY if is_empty else _NO_MATCH)
        for button in (self.sample, self.tutorial):
            button.setVisible(is_empty)
        self._pages.setCurrentIndex(int(self.rows.rowCount() > 0))
        self.filter.show_count(self.rows.rowCount(), len(self.session.project.micrographs))
        for widget in self._steering:
            widget.setEnabled(not is_empty)
        self._review_soon.ask()

    def _show_current(self) -> None:
        """Mark the row of the current micrograph; keep the selection if it is marked already."""
        self._model.show_current()
        index, selection = self.rows.index_of(self.session.current.id), self.view.selectionModel()
        self.session.ahead.following = self.rows.id_below(index)
        if not index.isValid():
            selection.clear()
        elif selection.currentIndex().row() != index.row():
            flag = selection.SelectionFlag
            selection.setCurrentIndex(index, flag.ClearAndSelect | flag.Rows)

    def _show_all(self) -> None:
        """Update the order of the rows, the columns and the totals."""
        self._model.sort_anew()
        records = self.session.project.micrographs.values()
        has_defocus = any(record.defocus_angstrom is not None for record in records)
        self.view.setColumnHidden(Column.DEFOCUS, not has_defocus)
        areas = (self.session.summaries[record.id].dirty_area for record in records)
        is_dirt_known = any(area is not None for area in areas)
        self.view.setColumnHidden(Column.DIRTY, not is_dirt_known)
        self.filter.offer_dirt(is_dirt_known)
        self._show_totals()

    def _show_totals(self) -> None:
        totals = self.session.summaries.totals()
        self.totals.setText(_sentence(totals))
        counts = [f"{STATUS_TITLES[status]}: {n:,}" for status, n in totals.counts.items()]
        self.totals.setToolTip("\n".join(["Included micrographs", *counts]))

    def _show_jobs(self, changed: JobStatus | None = None) -> None:
        if changed is None or changed.kind in _VERBS:
            status = self._job()
            self.progress.show_status(status, _VERBS[status.kind])

    def _job(self) -> JobStatus:
        """Return the status of the most urgent job that runs, or of an idle one."""
        jobs = [self.session.runner.status(kind) for kind in _VERBS]
        return next((job for job in jobs if job.state != "idle"), jobs[0])

    # ---- user actions

    def _choose(self, index: QModelIndex) -> None:
        name = self.rows.id_at(index)
        if name != self.session.current.id:
            self.session.current.select(name)

    def _tick(self, index: QModelIndex) -> None:
        """Include or exclude a micrograph; if it is selected, all selected ones."""
        if index.isValid():
            name, selected = self.rows.id_at(index), self._selected()
            included = self.session.project.micrographs[name].included
            self.session.include(selected if name in selected else [name], not included)

    def _selected(self) -> list[str]:
        return [self.rows.id_at(index) for index in self.view.selectionModel().selectedRows()]

    def _filter(self) -> None:
        bar = self.filter
        least_dirty = bar.dirty.value() / 100
        self.rows.show_only(bar.name.text(), bar.status.currentData(), least_dirty)
        self._show_rows()
        self._show_current()

    def _include_shown(self, included: bool) -> None:
        rows = range(self.rows.rowCount())
        names = [self.rows.id_at(self.rows.index(row, Column.NAME)) for row in rows]
        self.session.include(names, included)

    def _cancel(self) -> None:
        self.session.runner.cancel(self._job().kind)

    def _open_context_menu(self, position: QPoint) -> None:
        menu, selected = QMenu(self), self._selected()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if selected:
            menu.addAction("Include", lambda: self.session.include(selected, True))
            menu.addAction("Exclude", lambda: self.session.include(selected, False))
            menu.addAction("Show in folder", lambda: self._show_folder(selected[0]))
            menu.popup(self.view.viewport().mapToGlobal(position))

    def _show_folder(self, micrograph: str) -> None:
        folder = self.session.project.micrographs[micrograph].path.parent
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))


def _sentence(totals: Totals) -> str:
    count = totals.counts.total()
    if not count:
        return ""
    if unknown := totals.counts["checking"]:
        return f"checking {unknown:,} of {count:,} …"
    noun = "particle" if totals.particles == 1 else "particles"
    return f"{totals.counts['picked']:,} of {count:,} picked · {totals.particles:,} {noun}"


def _dropped_paths(event: QDropEvent) -> list[Path]:
    urls = event.mimeData().urls()
    return [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]
