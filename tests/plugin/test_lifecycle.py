"""Panels, docks and windows come and go at any moment: nothing is lost, and nothing stays behind."""

import gc
import weakref

import pytest
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication

from napari_drpnet.plugin.panel import Panel
from napari_drpnet.plugin.widgets.micrographs import MicrographsPanel
from napari_drpnet.project import current, exporter, opening, picker
from napari_drpnet.project.export_options import ExportOptions
from napari_drpnet.project.store import ProjectStore

PANELS = ["Micrographs", "Pick", "Classify", "Correct", "Compare", "Export", "View"]


@pytest.fixture
def picked(window, discs):
    """A window with three micrographs, the first one picked."""
    window.open(discs)
    window.pick()
    assert window.session.current.accepted_count == 16
    return window


def docked(window):
    return list(window.viewer.window.dock_widgets.values())


def listeners(session):
    """Count who listens to what changes most."""
    signals = (
        session.settings_changed,
        session.current.states_changed,
        session.runner.status_changed,
        session.view.events.tool,
    )
    return [len(signal) for signal in signals]


def click_cross(panel):
    """Close the dock of a panel by its title bar."""
    panel.parentWidget().title.close_button.click()


# ---- docks


@pytest.mark.parametrize("name", PANELS)
def test_each_panel_opens_alone(new_viewer, name, qtbot):
    viewer = new_viewer()
    _, panel = viewer.window.add_plugin_dock_widget("napari-drpnet", name)
    qtbot.wait(10)
    assert panel.session.store is None
    assert panel.controller.viewer is viewer


def test_all_panels_share_one_session_and_one_table(window):
    panels = [window.open_panel(name) for name in PANELS * 2]
    window.settle()
    assert {panel.session for panel in panels} == {window.session}
    assert len(docked(window)) == 1 + len(PANELS)
    assert sum(isinstance(panel, MicrographsPanel) for panel in docked(window)) == 1


def test_the_picker_takes_the_table_that_is_there(new_viewer, qtbot):
    window = new_viewer().window
    _, table = window.add_plugin_dock_widget("napari-drpnet", "Micrographs")
    window.add_plugin_dock_widget("napari-drpnet", "DRPnet picker")
    qtbot.wait(10)
    assert [p for p in window.dock_widgets.values() if isinstance(p, MicrographsPanel)] == [table]


def test_a_dock_that_is_closed_opens_again_on_the_same_session(picked):
    session, before = picked.session, listeners(picked.session)
    for _ in range(2):
        click_cross(picked.picker)
        picked.settle()
        assert sum(listeners(session)) < sum(before)
        session.change("peaks", threshold=1.0)
        picked.picker = picked.open_panel("DRPnet picker")
        picked.settle()
        assert picked.picker.session is session
        assert listeners(session) == before
        session.change("peaks", threshold=None)
    assert session.current.accepted_count == 16
    assert len(docked(picked)) == 2


def test_a_closed_dock_is_deleted_with_all_that_is_in_it(picked):
    parts = [weakref.ref(part) for part in (picked.picker, *picked.picker.findChildren(Panel))]
    click_cross(picked.picker)
    del picked.picker
    picked.settle()
    table = [panel for panel in QApplication.allWidgets() if isinstance(panel, Panel)]
    assert [type(panel) for panel in table] == [MicrographsPanel]
    gc.collect()
    assert not any(part() for part in parts)


def test_a_table_that_is_closed_stays_closed(picked):
    (table,) = (panel for panel in docked(picked) if isinstance(panel, MicrographsPanel))
    click_cross(table)
    dock = picked.picker.parentWidget()
    dock.hide()
    dock.show()
    picked.settle()
    assert docked(picked) == [picked.picker]
    picked.session.step(1)
    picked.wait()
    assert picked.session.current.id == "m00002"


def test_a_dock_may_be_hidden_or_float(picked):
    dock = picked.picker.parentWidget()
    dock.title.hide_button.click()
    picked.session.change("peaks", threshold=2.0)
    picked.session.step(1)
    picked.pick()
    dock.show()
    dock.setFloating(True)
    picked.settle()
    dock.setFloating(False)
    picked.settle()
    assert picked.open_panel("DRPnet picker") is picked.picker
    assert picked.picker.session is picked.session


@pytest.mark.parametrize("name", ["DRPnet picker", "Micrographs"])
def test_a_panel_may_go_while_a_job_runs(picked, name, detector_gate):
    picked.session.step(1)
    picked.session.picking.pick_current()
    assert detector_gate.reached.wait(20)
    click_cross(picked.open_panel(name))
    picked.settle()
    detector_gate.opened.set()
    picked.wait()
    assert picked.session.current.accepted_count == 16


def test_measuring_ends_with_its_panel(picked):
    callbacks = list(picked.viewer.mouse_drag_callbacks)
    picked.picker.findChild(Panel, options=None) if False else None
    particle = picked.picker.tabs.widget(0).widget().particle
    particle.measure_button.click()
    assert len(picked.viewer.mouse_drag_callbacks) == len(callbacks) + 1
    click_cross(picked.picker)
    picked.settle()
    assert picked.viewer.mouse_drag_callbacks == callbacks
