"""The whole picker: all panels, arranged around the canvas."""

from pathlib import Path

import napari
from qtpy.QtCore import QSize, Qt, QTimer
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import (
    QFrame,
    QMainWindow,
    QScrollArea,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from napari_drpnet.plugin.panels.classify import ClassifyPanel
from napari_drpnet.plugin.panels.compare import ComparePanel
from napari_drpnet.plugin.panels.correct import CorrectPanel
from napari_drpnet.plugin.panels.export import ExportPanel
from napari_drpnet.plugin.panels.micrographs import MicrographsPanel
from napari_drpnet.plugin.panels.panel import Panel
from napari_drpnet.plugin.panels.pick import PickPanel
from napari_drpnet.plugin.panels.train import TrainPanel
from napari_drpnet.plugin.panels.view import ViewPanel
from napari_drpnet.project.sample_project import open_sample

#: As the manifest names the docks.
_PICKER, _MICROGRAPHS = "DRPnet picker", "Micrographs"
_TABS: dict[str, type[Panel]] = {
    "Pick": PickPanel,
    "Classify": ClassifyPanel,
    "Correct": CorrectPanel,
    "Train": TrainPanel,
    "Compare": ComparePanel,
    "Export": ExportPanel,
    "View": ViewPanel,
}
_SIZE = QSize(344, 620)
#: napari's tabs are so low that they cut their texts.
_TAB_STYLE = """
QTabBar { background: none; border: none; padding: 0px }
QTabBar::tab { min-height: 16px; padding: 5px 4px 1px 3px; margin-right: 1px }
"""


class PickerPanel(Panel):
    """The stages as tabs, in the order of the work; it brings the table of micrographs along.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        Viewer, passed by napari.

    Attributes
    ----------
    tabs : QTabWidget
        The panels, each in a scroll area.
    """

    def __init__(self, napari_viewer: "napari.viewer.Viewer") -> None:
        super().__init__(napari_viewer)
        self._has_looked_for_table = False
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.setUsesScrollButtons(False)
        self.tabs.setStyleSheet(_TAB_STYLE)
        for title, panel in _TABS.items():
            self.tabs.addTab(_scrolled(panel(napari_viewer)), title)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.tabs)

    def sizeHint(self) -> QSize:
        """Be as wide as the longest row of a panel, and no wider."""
        return _SIZE

    def showEvent(self, event: QShowEvent) -> None:
        """Open the table of micrographs below the canvas, the first time."""
        super().showEvent(event)
        if not self._has_looked_for_table:
            self._has_looked_for_table = True
            QTimer.singleShot(0, self._open_table)

    def open(self, paths: list[Path], project: Path | None, *, sample: bool = False) -> None:
        """Open what the command line names; a project folder alone will do."""
        if sample:
            open_sample(self.session)
        elif paths:
            self.session.open_paths(paths, project)
        elif project is not None:
            self.session.open_project(project)

    def show_tab(self, title: str) -> None:
        """Bring a tab to the front."""
        self.tabs.setCurrentIndex(list(_TABS).index(title))

    def _open_table(self) -> None:
        """Open it where there is none, named so that napari's menu finds it again."""
        window = getattr(self.viewer, "window", None)
        if window is not None and find_table(window) is None:
            mine = next((name for name, dock in window.dock_widgets.items() if dock is self), "")
            name = _MICROGRAPHS + mine.partition(_PICKER)[2]
            window.add_dock_widget(MicrographsPanel(self.viewer), name=name, area="bottom")
        if isinstance(self.window(), QMainWindow):
            # The panels need the height more than the table needs the width.
            corner, area = Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.RightDockWidgetArea
            self.window().setCorner(corner, area)


def find_table(window: "napari.window.Window") -> MicrographsPanel | None:
    """Return the table of micrographs that is docked in a window, if there is one."""
    docked = window.dock_widgets.values()
    return next((panel for panel in docked if isinstance(panel, MicrographsPanel)), None)


def _scrolled(panel: QWidget) -> QScrollArea:
    """Let a panel that is too high for the window scroll, never sideways."""
    area = QScrollArea()
    area.setWidget(panel)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return area
