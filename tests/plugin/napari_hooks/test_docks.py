"""The docks around the canvas, and the room that they leave it."""

from types import SimpleNamespace

import pytest

pytest.importorskip("napari")
pytest.importorskip("pytestqt")

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDockWidget, QLabel, QMainWindow

from napari_drpnet.plugin.napari_hooks.docks import Docks, title_beside


@pytest.fixture
def window(qtbot):
    """A window with docks like those of napari, and others of a plugin."""
    window = QMainWindow()
    window.setCentralWidget(QLabel("canvas"))
    qtbot.addWidget(window)
    left, right = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
    names = {"layer controls": left, "layer list": left, "picker": right, "closed": right}
    for name, area in names.items():
        dock = QDockWidget(name, window)
        dock.setObjectName(name)
        dock.setWidget(QLabel(name))
        window.addDockWidget(area, dock)
    window.findChild(QDockWidget, "closed").close()
    window.findChild(QDockWidget, "layer controls").widget().setMinimumWidth(240)
    window.resize(800, 600)
    window.show()
    qtbot.wait_exposed(window)
    return window


def shown(window):
    """Return the names of the visible docks, with their widths."""
    docks = window.findChildren(QDockWidget)
    return {dock.objectName(): dock.width() for dock in docks if dock.isVisible()}


def test_all_docks_are_hidden_and_come_back_as_they_were(window, qtbot):
    docks = Docks(window)
    picker = window.findChild(QDockWidget, "picker")
    window.resizeDocks([picker], [333], Qt.Orientation.Horizontal)
    qtbot.waitUntil(lambda: picker.width() == 333)
    before, width = shown(window), window.centralWidget().width()
    assert set(before) == {"layer controls", "layer list", "picker"}
    docks.hide(True)
    docks.hide(True)
    assert shown(window) == {}
    qtbot.waitUntil(lambda: window.centralWidget().width() == window.width())
    docks.hide(False)
    qtbot.waitUntil(lambda: window.centralWidget().width() == width)
    assert shown(window) == before


def test_without_anything_hidden_nothing_comes_back(window):
    before = shown(window)
    Docks(window).hide(False)
    assert shown(window) == before


def test_a_small_window_is_maximised_and_the_layer_list_is_narrow(window, qtbot):
    Docks(window).make_room()
    assert window.isMaximized()
    layers = window.findChild(QDockWidget, "layer list")
    qtbot.waitUntil(lambda: layers.width() <= 150)
    assert "layer controls" not in shown(window)


def test_a_large_window_keeps_its_size(window, qtbot):
    window.resize(1500, 800)
    qtbot.waitUntil(lambda: window.width() == 1500)
    Docks(window).make_room()
    assert not window.isMaximized()
    assert window.width() == 1500


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ("Micrographs (napari-drpnet)", "Overview (napari-drpnet)"),
        ("Micrographs", "Overview"),
        (None, "Overview"),
    ],
)
def test_a_title_has_the_name_of_the_plugin_if_the_dock_beside_has_it(qtbot, other, expected):
    panel = QLabel()
    qtbot.addWidget(panel)
    docked = {"console": None} | ({other: panel} if other else {})
    assert title_beside(SimpleNamespace(dock_widgets=docked), panel, "Overview") == expected
