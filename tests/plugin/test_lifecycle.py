"""Panels, docks and windows come and go at any moment: nothing is lost, nothing is left behind."""

import gc
import subprocess
import sys
import threading
import time
import weakref
from threading import Event

import pytest
from napari._qt import qt_main_window
from napari.settings import get_settings
from qtpy.compat import isalive
from qtpy.QtCore import QTimer
from qtpy.QtGui import QCloseEvent
from qtpy.QtWidgets import QApplication

from napari_drpnet.base.segmentation import BACKGROUND, ICE
from napari_drpnet.plugin.panels.micrographs import MicrographsPanel
from napari_drpnet.plugin.panels.panel import Panel
from napari_drpnet.plugin.panels.picker import PickerPanel
from napari_drpnet.project.controllers import display, opening
from napari_drpnet.project.controllers import exporting as exporter
from napari_drpnet.project.files.export_options import ExportOptions
from napari_drpnet.project.learning import training as lessons
from napari_drpnet.project.stages import auto_labels
from napari_drpnet.project.stages import cache as picker
from napari_drpnet.project.state.edits import MicrographEdit
from napari_drpnet.project.storage.store import ProjectStore
from napari_drpnet.training.from_strokes import tune
from waiting import LIMIT_S

pytestmark = pytest.mark.usefixtures("quick_training")

PANELS = [
    "Micrographs",
    "Pick",
    "Segment",
    "Classify",
    "Correct",
    "Gallery",
    "Train",
    "Compare",
    "Export",
    "View",
]


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
    """Count who listens to what changes most; what is gone but not collected does not count."""
    gc.collect()
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


def test_each_panel_opens_alone(new_viewer, qtbot):
    viewer = new_viewer()
    for name in PANELS:
        _, panel = viewer.window.add_plugin_dock_widget("napari-drpnet", name)
        qtbot.wait(10)
        assert panel.controller.viewer is viewer
        assert list(viewer.window.dock_widgets.values()) == [panel]
        click_cross(panel)


def test_a_panel_that_is_a_tab_of_the_picker_is_shown_there(window):
    width = window.picker.width()
    for name in PANELS[1:] * 2:
        panel = window.open_panel(name)
        assert panel.session is window.session
        del panel
        window.settle()
        tabs = window.picker.tabs
        assert tabs.tabText(tabs.currentIndex()) == name
        assert {type(each) for each in docked(window)} == {PickerPanel, MicrographsPanel}
        assert window.picker.width() == width


def test_the_table_is_there_once(window):
    assert window.open_panel("Micrographs") is window.open_panel("Micrographs")
    window.settle()
    assert len(docked(window)) == 2


def test_the_picker_takes_the_table_that_is_there(new_viewer, qtbot):
    window = new_viewer().window
    _, table = window.add_plugin_dock_widget("napari-drpnet", "Micrographs")
    window.add_plugin_dock_widget("napari-drpnet", "DRPnet picker")
    qtbot.wait(10)
    assert [p for p in window.dock_widgets.values() if isinstance(p, MicrographsPanel)] == [table]


@pytest.mark.slow
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


def test_panels_may_go_while_a_job_runs(picked, detector_gate):
    picked.session.step(1)
    picked.session.picking.pick_current()
    assert detector_gate.reached.wait(LIMIT_S)
    for panel in docked(picked):
        click_cross(panel)
    picked.settle()
    detector_gate.opened.set()
    picked.wait()
    assert picked.session.current.accepted_count == 16
    assert docked(picked) == []


@pytest.mark.slow
def test_anything_may_happen_while_it_trains(picked, gate_before):
    gate = gate_before(lessons, "train_classifier_copy")
    session = picked.session
    teach(picked)
    assert gate.reached.wait(LIMIT_S)
    for panel in docked(picked):
        click_cross(panel)
    session.step(1)
    for layer in list(picked.viewer.layers):
        picked.viewer.layers.remove(layer)
    session.step(-1)
    session.current.set_label([10], accepted=False)
    picked.picker = picked.open_panel("DRPnet picker")
    picked.picker.show_tab("Train")
    picked.settle()
    train = picked.picker.tabs.currentWidget().widget()
    assert train.progress.is_at_work
    gate.opened.set()
    picked.wait()
    picked.settle()
    assert train.outcome.isVisible()
    assert session.learner.outcome.micrograph == session.current.id
    assert picked.notices == []
    session.include([session.current.id], included=False)
    session.learner.keep()
    picked.wait()
    assert session.learner.is_kept


@pytest.mark.slow
def test_anything_may_happen_while_it_segments(picked, use_toy_segmenter, detector_gate):
    session, layers = picked.session, picked.viewer.layers
    detector_gate.let_through = 1
    session.segmenting.segment_current()
    picked.wait()
    assert picked.layer_names()[:3] == ["micrograph", "classes", "dirt"]
    session.segmenting.cancel()
    session.change("particle", diameter_angstrom=30.0)
    session.segmenting.segment_current()
    assert detector_gate.reached.wait(LIMIT_S)
    layers["classes"].name = "mine"
    layers.remove("dirt")
    layers.remove("picks")
    session.view.show_classes = False
    session.step(1)
    session.step(-1)
    session.view.show_classes = True
    layers.clear()
    picked.settle()
    detector_gate.opened.set()
    picked.wait()
    session.segmenting.segment_current()
    picked.wait()
    assert session.segmenting.shown is not None
    session.view.show_classes = False
    session.view.show_classes = True
    assert {"classes", "dirt"} <= set(picked.layer_names())


def test_a_trial_may_lose_its_micrograph(picked):
    session = picked.session
    teach(picked)
    picked.wait()
    assert session.learner.outcome is not None
    record = session.current.record
    session.do(MicrographEdit(before=(record,), after=()))
    picked.wait()
    assert len(session.learner.changed_yx) == 0
    session.learner.keep()
    picked.wait()
    assert session.learner.is_kept
    assert picked.notices == []


def test_measuring_ends_with_its_panel(window, discs):
    window.open(discs)
    callbacks = list(window.viewer.mouse_drag_callbacks)
    pick = window.picker.tabs.widget(0).widget()
    pick.particle.measure_button.click()
    assert len(window.viewer.mouse_drag_callbacks) == len(callbacks) + 1
    click_cross(window.picker)
    window.settle()
    assert window.viewer.mouse_drag_callbacks == callbacks


# ---- the window


def start_list(window, gate_before, discs, tmp_path):
    gate = gate_before(opening, "list_entries")
    window.session.open_paths(list(discs))
    return gate


def start_image(window, gate_before, discs, tmp_path):
    gate = gate_before(display, "render_record")
    window.session.step(1)
    return gate


def start_pick(window, gate_before, discs, tmp_path):
    gate = gate_before(picker, "detect")
    window.session.step(1)
    window.session.picking.pick_current()
    return gate


def start_pick_all(window, gate_before, discs, tmp_path):
    gate = gate_before(picker, "detect")
    window.session.picking.pick_all()
    return gate


def start_candidates(window, gate_before, discs, tmp_path):
    gate = gate_before(picker, "rank_candidates")
    window.session.change("peaks", sigma_px=2.0)
    return gate


def start_segment(window, gate_before, discs, tmp_path):
    gate = gate_before(picker, "detect")
    window.session.segmenting.segment_current()
    return gate


def start_export(window, gate_before, discs, tmp_path):
    gate = gate_before(exporter, "export_picks")
    window.session.exporter.export(tmp_path / "out", ExportOptions(), only_current=True)
    return gate


def start_train(window, gate_before, discs, tmp_path):
    gate = gate_before(lessons, "train_classifier_copy")
    teach(window)
    return gate


def start_learn(window, gate_before, discs, tmp_path):
    gate = gate_before(tune, "tune_segmenter")
    strokes = window.session.strokes
    painted = strokes.classes.copy()
    painted[:20], painted[40:60] = BACKGROUND, ICE
    strokes.take(painted)
    window.session.stroke_learner.train()
    return gate


def start_labelling(window, gate_before, discs, tmp_path):
    gate = gate_before(auto_labels, "label_candidates")
    window.session.labeller.label_automatically()
    return gate


def teach(window):
    """Say of ten picks what they are, and train."""
    window.session.current.set_label(range(6), accepted=True)
    window.session.current.set_label(range(6, 10), accepted=False)
    window.session.learner.train()


JOBS = [
    start_list,
    start_image,
    start_pick,
    start_pick_all,
    start_candidates,
    start_segment,
    start_export,
    start_train,
    start_learn,
    start_labelling,
]


def reopened(folder):
    """Open a project as another program would, and return what is in it."""
    store, project = ProjectStore.open(folder)
    store.close(project)
    return project


@pytest.mark.parametrize("start", JOBS)
def test_a_window_may_be_closed_while_a_job_runs(picked, start, gate_before, discs, tmp_path):
    session, folder = picked.session, picked.session.store.folder
    session.current.add([[5.0, 5.0]])
    gate = start(picked, gate_before, discs, tmp_path)
    assert gate.reached.wait(LIMIT_S)
    before = session.project.state
    picked.viewer.close()
    assert reopened(folder).state == before  # it is unlocked, before Qt has deleted the window
    files = sorted(folder.rglob("*"))
    gate.opened.set()
    assert session.runner.join(LIMIT_S)
    picked.settle()
    assert sorted(folder.rglob("*")) == files
    assert picked.notices == []
    assert not [panel for panel in QApplication.allWidgets() if isinstance(panel, Panel)]


def test_the_cross_of_the_window_closes_the_session_without_a_question(picked, monkeypatch, qtbot):
    session, folder = picked.session, picked.session.store.folder
    session.current.add([[5.0, 5.0]])
    before, asked = session.project.state, []
    get_settings().application.confirm_close_window = True
    monkeypatch.setattr(qt_main_window.ConfirmCloseDialog, "exec_", asked.append)
    QApplication.sendEvent(picked.viewer.window._qt_window.windowHandle(), QCloseEvent())
    qtbot.waitUntil(lambda: session.store is None)
    assert asked == []
    assert reopened(folder).state == before
    picked.viewer.close()  # napari cannot do so any more once Qt has deleted the window


def test_a_window_that_was_never_shown_closes_its_session(new_window, tmp_path):
    window = new_window(show=False)
    window.session.open_project(tmp_path / "project")
    window.viewer.close()
    window.settle()
    assert window.session.store is None
    reopened(tmp_path / "project")


def test_what_waits_to_be_drawn_does_not_disturb_the_closing(window, discs, monkeypatch, qtbot):
    rendered, render = Event(), display.render_record

    def render_and_tell(*args):
        image = render(*args)
        rendered.set()
        return image

    monkeypatch.setattr(display, "render_record", render_and_tell)
    window.session.open_paths(list(discs))
    qtbot.waitUntil(lambda: window.session.current.id is not None)
    assert rendered.wait(LIMIT_S)
    time.sleep(0.05)
    window.viewer.close()
    window.settle()
    assert window.notices == []


@pytest.mark.slow
def test_the_program_may_end_while_a_job_runs(discs, tmp_path, use_toy_weights):
    """By the hardest way: no window is closed before."""
    folder, script = tmp_path / "project", tmp_path / "script.py"
    script.write_text(_PROGRAM.format(paths=list(map(str, discs)), folder=str(folder)))
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", script], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "picking\nclosed\n"
    assert len(reopened(folder).micrographs) == 3


_PROGRAM = """
from pathlib import Path
from threading import Event

import napari
from qtpy.QtCore import QTimer
from qtpy.QtGui import QCloseEvent

from napari_drpnet.project.stages import cache as engine

viewer = napari.Viewer(show_welcome_screen=False)
_, picker = viewer.window.add_plugin_dock_widget("napari-drpnet", "DRPnet picker")
app = napari.qt.get_qapp()
session = picker.session
reached = Event()


def detect(micrograph, parameters, networks, job):
    reached.set()
    while True:
        job.advance(0, 1, "a tile without end")


engine.detect = detect


def go():
    if session.current.image is not None and session.project.settings.particle is None:
        session.change("particle", diameter_angstrom=36.0)
        session.picking.pick_current()
    if reached.is_set() and timer.isActive():
        timer.stop()
        print("picking")
        app.exit(0)


timer = QTimer()
timer.timeout.connect(go)
timer.start(10)
session.open_paths([Path(path) for path in {paths}], Path({folder!r}))
napari.run()
print("closed" if session.store is None else "open")
"""


def use_and_close(window, discs):
    """Pick in a window, close it, and return weak references to what should be gone then."""
    window.open(discs)
    window.pick()
    session, picker, layers = window.session, window.picker, list(window.viewer.layers)
    parts = (session, picker.controller, picker, *picker.findChildren(Panel), *layers)
    window.viewer.close()
    window.settle()
    assert session.runner.join(LIMIT_S)
    return [weakref.ref(part) for part in parts]


def active_timers():
    objects = (object for object in gc.get_objects() if issubclass(type(object), QTimer))
    return {timer for timer in objects if isalive(timer) and timer.isActive()}


@pytest.mark.slow
def test_windows_leave_nothing_behind(new_window, discs):
    gc.collect()
    timers, threads = active_timers(), set(threading.enumerate())
    traces = [trace for _ in range(2) for trace in use_and_close(new_window(), discs)]
    gc.collect()
    assert [trace() for trace in traces if trace() is not None] == []
    assert active_timers() <= timers
    assert set(threading.enumerate()) <= threads


# ---- more than one


@pytest.mark.slow
def test_two_windows_do_not_meet(new_window, discs):
    first, second = (new_window() for _ in range(2))
    first.open(list(discs)[:1])
    second.open(list(discs)[1:])
    first.session.picking.pick_current()
    second.session.picking.pick_current()
    first.wait()
    second.wait()
    assert len(first.session.project.micrographs) == 1
    assert len(second.session.project.micrographs) == 2
    assert first.session.current.accepted_count == second.session.current.accepted_count == 16
    first.viewer.close()
    second.session.step(1)
    second.pick()
    assert second.session.current.accepted_count == 16


@pytest.mark.slow
def test_the_same_project_in_a_second_window_says_so_once(picked, new_window, discs):
    second = new_window()
    second.session.open_paths(list(discs))
    second.wait()
    second.settle()
    assert [notice.level for notice in second.notices] == ["error"]
    assert "another window has this project open" in second.notices[0].text
    assert second.layer_names() == []
    assert second.session.store is None
    assert second.session.project.micrographs == {}
    picked.session.current.add([[5.0, 5.0]])
    assert picked.session.current.accepted_count == 17
    picked.viewer.close()
    second.open(discs)
    assert second.session.current.accepted_count == 17


@pytest.mark.slow
def test_the_theme_changes_while_a_job_runs(picked, detector_gate):
    picked.session.step(1)
    picked.session.picking.pick_current()
    assert detector_gate.reached.wait(LIMIT_S)
    for theme in ("light", "dark"):
        picked.viewer.theme = theme
        picked.settle()
    detector_gate.opened.set()
    picked.wait()
    assert picked.session.current.accepted_count == 16
