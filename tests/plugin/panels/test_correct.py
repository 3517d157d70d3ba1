from typing import get_args

import numpy as np
import pytest

pytest.importorskip("pytestqt")
pytest.importorskip("napari")

from qtpy.QtCore import QEvent, Qt
from qtpy.QtGui import QHideEvent
from qtpy.QtWidgets import QApplication, QVBoxLayout, QWidget

from napari_drpnet.plugin.panels.correct import CorrectPanel
from napari_drpnet.project.actions import ACTIONS
from napari_drpnet.project.points.review import State
from napari_drpnet.project.view import Tool


@pytest.fixture
def window(qtbot, viewer, session):
    """A window with the panel in it, on the screen."""
    window = QWidget()
    qtbot.addWidget(window)
    layout = QVBoxLayout(window)
    layout.addWidget(CorrectPanel(viewer))
    window.show()
    qtbot.waitExposed(window)
    return window


@pytest.fixture
def panel(window):
    return window.findChild(CorrectPanel)


@pytest.fixture
def picked(picked):
    """The session with its first micrograph picked: 16 accepted points."""
    return picked.session


def click(qtbot, button):
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_before_picking_it_says_what_to_do(panel, session, discs, wait):
    assert not panel.body.isVisible()
    assert "Open micrographs first." in panel.hint.text()
    session.open_paths(list(discs))
    wait(session)
    assert "add particles to the bare micrograph" in panel.hint.text()
    session.change("particle", diameter_angstrom=36.0)
    session.picking.pick_current()
    wait(session)
    assert panel.body.isVisible()
    assert not panel.hint.isVisible()


def test_it_is_no_wider_than_the_dock(panel, picked):
    assert panel.minimumSizeHint().width() <= 330
    assert panel.sizeHint().height() <= 580


def test_tools_follow_the_buttons_and_the_buttons_the_tool(panel, picked, qtbot):
    assert set(panel.tools) == set(get_args(Tool))
    for tool, button in panel.tools.items():
        click(qtbot, button)
        assert picked.view.tool == tool
    for tool, button in panel.tools.items():
        picked.view.tool = tool
        assert [name for name, each in panel.tools.items() if each.isChecked()] == [tool]
        assert panel.tool_hint.text() == button.toolTip().replace("\n", " ")
        assert "rag" in button.toolTip()


def test_the_mouse_corrects_only_while_the_panel_is_shown(panel, window, session):
    assert session.view.tool == "click"
    panel.hide()
    assert session.view.tool == "look"
    session.view.tool = "accept"
    panel.show()
    assert session.view.tool == "accept"
    window.hide()
    assert session.view.tool == "look"


def test_a_window_that_is_iconified_keeps_its_tool(panel, session, monkeypatch):
    monkeypatch.setattr(QHideEvent, "spontaneous", lambda event: True)
    panel.hideEvent(QHideEvent())
    assert session.view.tool == "click"


def test_the_brush_is_sized_by_number_and_by_keys(panel, picked, type_into):
    number = panel.brush.number
    type_into(number, "2")
    assert picked.view.brush_diameters == 2.0
    assert panel.brush.angstrom.text() == "72 Å"
    ACTIONS["larger_brush"].run(picked)
    assert picked.view.brush_diameters == 2.5
    assert (number.value(), panel.brush.angstrom.text()) == (2.5, "90 Å")


def test_a_box_enables_the_verdicts(panel, picked, viewer, qtbot):
    buttons = [panel.label_buttons[f"{verb}_selected"] for verb in ("reject", "accept", "forget")]
    assert not any(button.isEnabled() for button in buttons)
    viewer.layers["picks"].selected_data = {1, 2}
    assert all(button.isEnabled() for button in buttons)
    assert panel.selected.text() == "2 points are selected."
    click(qtbot, buttons[0])
    assert set(picked.current.states[[1, 2]]) == {State.REJECTED_BY_HAND}
    click(qtbot, buttons[1])
    assert set(picked.current.states[[1, 2]]) == {State.ACCEPTED_BY_HAND}
    click(qtbot, buttons[2])
    assert set(picked.current.states[[1, 2]]) == {State.ACCEPTED}
    viewer.layers["picks"].selected_data = set()
    assert not any(button.isEnabled() for button in buttons)


def test_a_new_layer_is_listened_to_as_well(panel, picked, viewer, wait, qtbot):
    viewer.layers.remove(viewer.layers["picks"])
    picked.step(1)
    wait(picked)
    picked.step(-1)
    wait(picked)
    viewer.layers["picks"].selected_data = {3}
    click(qtbot, panel.label_buttons["reject_selected"])
    assert picked.current.states[3] == State.REJECTED_BY_HAND


def test_uncertain_points_come_one_after_the_other(panel, picked, viewer, qtbot):
    click(qtbot, panel.doubt)
    first = picked.selection.rows.tolist()
    assert panel.selected.text() == "Uncertain: P(particle) 0.73"
    assert viewer.layers["picks"].selected_data == set(first)
    click(qtbot, panel.label_buttons["accept_selected"])
    assert picked.current.states[first[0]] == State.ACCEPTED_BY_HAND
    assert viewer.layers["picks"].selected_data == set(picked.selection.rows.tolist()) != set(first)


def test_undo_and_redo_say_what_they_would_do(panel, picked, qtbot):
    picked.current.set_label([0, 1], accepted=False)
    assert (panel.undo_title.text(), panel.redo_title.text()) == ("Reject 2 points", "")
    assert (panel.undo.isEnabled(), panel.redo.isEnabled()) == (True, False)
    click(qtbot, panel.undo)
    assert picked.project.labels(picked.current.id) == ()
    assert panel.redo_title.text() == "Reject 2 points"
    click(qtbot, panel.redo)
    assert len(picked.project.labels(picked.current.id)) == 2


def test_another_project_has_another_history(panel, picked, tmp_path):
    picked.current.set_label([0], accepted=False)
    picked.open_project(tmp_path / "other")
    assert not panel.undo.isEnabled()
    assert panel.undo_title.text() == ""
    picked.include([], True)
    assert not panel.body.isVisible()


def test_labels_are_counted(panel, picked):
    picked.current.set_label([0, 1], accepted=False)
    picked.current.add([[2.0, 2.0]])
    text = panel.counts.text()
    assert "0 accepted, 2 rejected by hand, 1 added" in text
    assert "3 on 1 micrograph" in text


def test_a_panel_that_is_gone_listens_no_more(window, panel, picked):
    panel.setParent(None)
    panel.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    picked.current.set_label([0], accepted=False)
    picked.view.tool = "box"
    picked.selection.choose([1])
    assert np.flatnonzero(picked.current.states == State.REJECTED_BY_HAND).tolist() == [0]
