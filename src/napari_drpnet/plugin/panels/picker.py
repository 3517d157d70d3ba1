"""Window "DRPnet picker": all panels, arranged around the canvas."""

from pathlib import Path

import napari
from qtpy.QtCore import QSize, Qt, QTimer
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import (
    QDockWidget,
    QFrame,
    QMainWindow,
    QScrollArea,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from napari_drpnet.plugin.napari_hooks.docks import title_beside
from napari_drpnet.plugin.panels.classify import ClassifyPanel
from napari_drpnet.plugin.panels.compare import ComparePanel
from napari_drpnet.plugin.panels.correct import CorrectPanel
from napari_drpnet.plugin.panels.export import ExportPanel
from napari_drpnet.plugin.panels.gallery import GalleryPanel
from napari_drpnet.plugin.panels.micrographs import MicrographsPanel
from napari_drpnet.plugin.panels.panel import Panel
from napari_drpnet.plugin.panels.pick import PickPanel
from napari_drpnet.plugin.panels.segment import SegmentPanel
from napari_drpnet.plugin.panels.train import TrainPanel
from napari_drpnet.plugin.panels.view import ViewPanel
from napari_drpnet.project.sample_project import open_sample

#: Name of the dock of the table, as in the manifest.
_MICROGRAPHS = "Micrographs"
_TABS: dict[str, type[Panel]] = {
    "Pick": PickPanel,
    "Segment": SegmentPanel,
    "Classify": ClassifyPanel,
    "Correct": CorrectPanel,
    "Gallery": GalleryPanel,
    "Train": TrainPanel,
    "Compare": ComparePanel,
    "Export": ExportPanel,
    "View": ViewPanel,
}
_SIZE = QSize(344, 620)
#: napari's tabs are too low for their texts.
_TAB_STYLE = """
QTabBar { background: none; border: none; padding: 0px }
QTabBar::tab { min-height: 16px; padding: 5px 2px 1px 2px; margin-right: 1px }
"""


class PickerPanel(Panel):
    """Panels as tabs, in the order of the work; the table of micrographs opens below the canvas.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        Viewer, passed by napari.

    Attributes
    ----------
    tabs : QTabWidget
        Tabs of the panels, each in a scroll area.
    """

    def __init__(self, napari_viewer: "napari.viewer.Viewer") -> None:
        super().__init__(napari_viewer)
        self._has_looked_for_table = False
        self.listen(self.session.picking.lacking, self._show_pick)  # before the panels, which focus
        self.listen(self.controller.docked, self._replace_dock)
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
        """Return the preferred size, with the width of the longest row of a panel."""
        return _SIZE

    def showEvent(self, event: QShowEvent) -> None:
        """Open the table of micrographs below the canvas when the panel is first shown."""
        super().showEvent(event)
        if not self._has_looked_for_table:
            self._has_looked_for_table = True
            QTimer.singleShot(0, self._arrange)

    def open(self, paths: list[Path], project: Path | None, *, sample: bool = False) -> None:
        """Open the sample, micrographs or a project, as `drpnet gui` does.

        Parameters
        ----------
        paths : list of pathlib.Path
            Paths of micrographs; they may be empty if a project is given.
        project : pathlib.Path or None
            Folder of the project; None for an automatic one.
        sample : bool
            Whether to open the sample micrograph instead.
        """
        if sample:
            open_sample(self.session)
        elif paths:
            self.session.open_paths(paths, project)
        elif project is not None:
            self.session.open_project(project)

    def show_tab(self, title: str) -> None:
        """Bring a tab to the front."""
        self.tabs.setCurrentIndex(list(_TABS).index(title))

    def _show_pick(self, _: str) -> None:
        self.show_tab("Pick")

    def _replace_dock(self, panel: Panel) -> None:
        """Show the tab of a panel that was opened alone, in place of a dock that takes its room."""
        title = next((title for title, kind in _TABS.items() if type(panel) is kind), "")
        dock, window = self.parentWidget(), getattr(self.viewer, "window", None)
        if title and window is not None and isinstance(dock, QDockWidget):
            tool = self.session.view.tool
            window.remove_dock_widget(panel)
            self.session.view.tool = tool  # which the panel Correct chooses as it comes and goes
            self.show_tab(title)
            dock.show()
            dock.raise_()

    def _arrange(self) -> None:
        """Open the table if there is none, and make room for the canvas if nothing is open yet."""
        window = getattr(self.viewer, "window", None)
        if window is not None and find_table(window) is None:
            name = title_beside(window, self, _MICROGRAPHS)
            window.add_dock_widget(MicrographsPanel(self.viewer), name=name, area="bottom")
        if isinstance(self.window(), QMainWindow):
            # The panels need the height more than the table needs the width.
            corner, area = Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.RightDockWidgetArea
            self.window().setCorner(corner, area)
        if self.controller.docks is not None and not self.viewer.layers:
            self.controller.docks.make_room()


def find_table(window: "napari.window.Window") -> MicrographsPanel | None:
    """Return the table of micrographs that is docked in a window; None if there is none."""
    docked = window.dock_widgets.values()
    return next((panel for panel in docked if isinstance(panel, MicrographsPanel)), None)


def _scrolled(panel: QWidget) -> QScrollArea:
    """Return a scroll area for a panel, which scrolls only vertically."""
    area = QScrollArea()
    area.setWidget(panel)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return area
