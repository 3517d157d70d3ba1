"""An entry in napari's menu Help, to which manifests of plugins cannot add."""

from collections.abc import Callable

from qtpy.QtGui import QAction
from qtpy.QtWidgets import QMainWindow, QMenu

_HELP = "Help"


def add_to_help_menu(window: QMainWindow, title: str, run: Callable[[], None]) -> None:
    """Add an entry to the menu Help of a window; do nothing if it has no such menu."""
    menu = next((menu for menu in _menus(window) if menu.title().replace("&", "") == _HELP), None)
    if menu is not None:
        action = QAction(title, window)
        action.triggered.connect(lambda: run())
        # napari removes the entries of others when it makes its menu anew.
        menu.aboutToShow.connect(lambda: menu.addAction(action))
        menu.addAction(action)


def _menus(window: QMainWindow) -> list[QMenu]:
    found = [action.menu() for action in window.menuBar().actions()]
    return [menu for menu in found if menu is not None]
