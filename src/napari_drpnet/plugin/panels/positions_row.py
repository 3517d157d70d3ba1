"""Row that loads positions to compare with from a file or a folder."""

from pathlib import Path
from typing import Any

from qtpy.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSizePolicy,
    QWidget,
)

from napari_drpnet.formats import READ_SUFFIXES
from napari_drpnet.plugin.panels.panel import Panel
from napari_drpnet.project.controllers.compared_positions import ComparedPositions
from napari_drpnet.project.jobs.lanes import JobStatus


class PositionsRow(QWidget):
    """Button that loads positions, their file or folder, and a button that removes them.

    Parameters
    ----------
    panel : Panel
        Panel that holds the row.
    positions : ComparedPositions
        Comparison whose positions are loaded.
    title : str
        Title of the button, and of its dialogs.
    about : str
        Sentences about the positions, for the tooltip.

    Attributes
    ----------
    load, forget : QPushButton
        Buttons that open `menu`, and that remove the positions.
    menu : QMenu
        Menu to open a file or a folder.
    source : QLabel
        Name of the file or folder.
    """

    def __init__(
        self, panel: Panel, positions: ComparedPositions[Any], title: str, about: str
    ) -> None:
        super().__init__()
        self._positions, self._session = positions, panel.session
        self._title = title
        self.load = QPushButton(title)
        self.load.setToolTip(
            f"Open a file, for this micrograph or for all, or a folder of files: "
            f"{', '.join(READ_SUFFIXES)}.\n{about}"
        )
        self.menu = QMenu(self.load)
        self.menu.addAction("File…", self._load_file)
        self.menu.addAction("Folder…", self._load_folder)
        self.load.setMenu(self.menu)
        self.source = QLabel()
        self.source.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.forget = QPushButton("Forget")
        self.forget.setToolTip("Remove these positions; their file is not changed")
        self.forget.setAccessibleName(f"Forget: {title}")
        self.forget.clicked.connect(positions.forget)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for part in (self.load, self.source, self.forget):
            layout.addWidget(part, stretch=int(part is self.source))
        panel.listen(positions.positions_changed, self._show_source)
        panel.listen(self._session.runner.status_changed, self._on_job)
        self._show_source()

    def _show_source(self) -> None:
        source = self._positions.source
        is_reading = self._session.runner.status(self._positions.reading).state != "idle"
        self.source.setText("Reading…" if is_reading else source.name if source else "")
        self.source.setToolTip(str(source or ""))
        self.forget.setEnabled(source is not None)
        self.load.setEnabled(self._session.current.record is not None)

    def _on_job(self, status: JobStatus) -> None:
        if status.kind == self._positions.reading:
            self._show_source()

    def _load_file(self) -> None:
        files = f"{self._title} ({' '.join(f'*{suffix}' for suffix in READ_SUFFIXES)})"
        name, _ = QFileDialog.getOpenFileName(self, self._title, "", files)
        self._read(name)

    def _load_folder(self) -> None:
        self._read(QFileDialog.getExistingDirectory(self, self._title))

    def _read(self, name: str) -> None:
        if name:
            self._positions.load(Path(name))
