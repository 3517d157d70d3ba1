"""An entry in the menu Help of a window."""

import pytest

pytest.importorskip("pytestqt")

from qtpy.QtWidgets import QMainWindow

from napari_drpnet.plugin.napari_hooks.help_menu import add_to_help_menu


@pytest.fixture
def host(qtbot):
    window = QMainWindow()
    qtbot.addWidget(window)
    return window


def titles(menu):
    return [action.text() for action in menu.actions()]


def test_it_runs_and_comes_back_when_the_menu_is_made_anew(host):
    menu, runs = host.menuBar().addMenu("&Help"), []
    menu.addAction("About")
    add_to_help_menu(host, "Tutorial", lambda: runs.append(1))
    assert titles(menu) == ["About", "Tutorial"]
    menu.actions()[1].trigger()
    assert runs == [1]
    menu.clear()
    menu.addAction("About")
    for _ in range(2):
        menu.aboutToShow.emit()
    assert titles(menu) == ["About", "Tutorial"]
    menu.actions()[1].trigger()
    assert runs == [1, 1]


def test_without_a_menu_help_nothing_is_added(host):
    menu = host.menuBar().addMenu("&File")
    add_to_help_menu(host, "Tutorial", lambda: None)
    assert titles(menu) == []
