"""Docks of napari's window around the canvas."""

import re

import napari
from qtpy.QtCore import QByteArray, Qt
from qtpy.QtWidgets import QDockWidget, QMainWindow, QWidget

_LAYER_CONTROLS, _LAYER_LIST = "layer controls", "layer list"
#: A width below the least one of the layer list.
_NARROW_PX = 1
#: Least width of a window that leaves the canvas about half of it.
_ROOMY_PX = 1366


class Docks:
    """Docks of a window, which can all be hidden at once.

    Parameters
    ----------
    window : QMainWindow
        Window of the viewer.
    """

    def __init__(self, window: QMainWindow) -> None:
        self._window = window
        self._arrangement: QByteArray | None = None

    def make_room(self) -> None:
        """Enlarge the canvas: maximise a small window, and hide napari's layer controls.

        napari's menu *Window* shows them again.
        """
        if self._window.width() < _ROOMY_PX:
            self._window.showMaximized()
        for dock in self._window.findChildren(QDockWidget, _LAYER_CONTROLS):
            dock.hide()
        lists = self._window.findChildren(QDockWidget, _LAYER_LIST)
        self._window.resizeDocks(lists, [_NARROW_PX] * len(lists), Qt.Orientation.Horizontal)

    def hide(self, hidden: bool) -> None:
        """Hide all docks, or restore the docks that were visible before, with their sizes."""
        if hidden and self._arrangement is None:
            self._arrangement = self._window.saveState()
            for dock in self._window.findChildren(QDockWidget):
                dock.hide()
        elif not hidden and self._arrangement is not None:
            self._window.restoreState(self._arrangement)
            self._arrangement = None


def title_beside(window: "napari.window.Window", panel: QWidget, title: str) -> str:
    """Return a title for a dock, with the name of the plugin if the dock of a panel has that.

    napari's menu looks for a dock by this title, and opens another one if it does not find it.
    """
    docked = window.dock_widgets.items()
    other = next((name for name, widget in docked if widget is panel), "")
    plugin = re.search(r" \([^()]+\)$", other)
    return title + (plugin[0] if plugin else "")
