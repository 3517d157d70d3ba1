"""What all panels share."""

import gc
import weakref

import pytest
from qtpy.QtWidgets import QMainWindow, QWidget

from napari_drpnet.plugin.controller import controller_of
from napari_drpnet.plugin.panels.panel import Panel
from napari_drpnet.plugin.panels.picker import PickerPanel


@pytest.fixture
def panel(viewer, session):
    return Panel(viewer)


def test_a_panel_that_is_dropped_is_collected(viewer, session):
    """The garbage collector empties what belongs to it before Qt says that it is destroyed."""
    for _ in range(5):
        panel = PickerPanel(viewer)
        trace = weakref.ref(panel)
        del panel
        gc.collect()
        assert trace() is None
    session.settings_changed.emit()
    assert controller_of(viewer).session is session


def test_a_deleted_panel_listens_no_more(panel, session, qtbot):
    before, heard = len(session.settings_changed), []
    panel.listen(session.settings_changed, lambda: heard.append(panel.width()))
    panel.deleteLater()
    qtbot.waitUntil(lambda: len(session.settings_changed) == before)
    session.settings_changed.emit()
    assert heard == []


def test_a_panel_without_a_window_is_left_alone(panel, session, qtbot):
    home = QWidget()
    panel.setParent(home)
    qtbot.wait(10)
    assert panel.isEnabled()
    home.deleteLater()
    qtbot.wait(10)
    session.settings_changed.emit()


def test_the_session_closes_with_the_window_of_a_panel(panel, session, qtbot, tmp_path):
    window = QMainWindow()
    window.setCentralWidget(panel)
    qtbot.wait(10)
    session.open_project(tmp_path / "project")
    window.show()
    window.close()
    assert session.store is None
