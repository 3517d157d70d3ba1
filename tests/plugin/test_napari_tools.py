"""What napari lets people do with our layers, in a real window: it ends in the right state."""

import numpy as np
import pytest
from napari.layers._layer_actions import _duplicate_layer
from qtpy.QtCore import QSignalBlocker
from scipy.spatial import cKDTree

from napari_drpnet.formats import Coordinates, read_coordinates, write_coordinates
from napari_drpnet.project.controllers import display
from napari_drpnet.project.points.review import State, is_accepted
from napari_drpnet.project.stages import cache as picker
from waiting import LIMIT_S

LAYERS = ["micrograph", "distance map", "truth", "picks", "uncertain", "comparison"]


@pytest.fixture
def window(shared_window):
    return shared_window


@pytest.fixture
def picked(window, discs):
    """A window with three micrographs, the first one picked."""
    window.open(discs)
    window.pick()
    assert window.session.current.accepted_count == 16
    return window


@pytest.fixture
def busy(picked, discs, tmp_path):
    """The same with all layers that there are."""
    for path, truth in discs.items():
        coordinates = Coordinates(truth, np.full(len(truth), np.nan))
        write_coordinates(tmp_path / "truth" / f"{path.stem}.csv", coordinates)
    picked.session.comparison.load(tmp_path / "truth")
    picked.wait()
    picked.session.selection.show_doubt()
    picked.settle()
    assert picked.layer_names() == LAYERS
    return picked


def work(window):
    """Do what makes all layers change."""
    session = window.session
    session.change("peaks", threshold=1.2)
    session.change("peaks", sigma_px=2.0)
    window.wait()
    session.change("peaks", threshold=None, sigma_px=None)
    window.wait()
    session.current.add([[5.0, 5.0]])
    session.selection.show_doubt()
    session.view.display = session.view.display.model_copy(update={"invert": True})
    window.settle()
    session.view.display = session.view.display.model_copy(update={"invert": False})
    session.undo()
    session.selection.show_doubt()
    window.settle()
    assert session.current.accepted_count == 16


def step_and_pick(window):
    window.session.step(1 if window.session.current.id == "m00001" else -1)
    window.pick()
    window.session.selection.show_doubt()
    window.settle()


# ---- layers


@pytest.mark.slow
def test_layers_may_be_deleted_and_come_back(busy):
    layers = busy.viewer.layers
    for names in (LAYERS[:2], LAYERS[2:], LAYERS):
        layers.selection = {layer for layer in layers if layer.name in names}
        layers.remove_selected()
        busy.settle()
        work(busy)
        assert busy.layer_names() == [name for name in LAYERS if name not in names]
        step_and_pick(busy)
        assert busy.layer_names() == LAYERS


@pytest.mark.slow
def test_layers_may_be_renamed_moved_locked_hidden_and_doubled(busy):
    layers = busy.viewer.layers
    ours = list(layers)
    for number, layer in enumerate(ours):
        layer.name = f"mine {number}"
        layer.locked = True
    layers.reverse()
    work(busy)
    layers.selection = set(ours)
    _duplicate_layer(layers)
    doubles = {layer: layer.data.copy() for layer in layers if layer not in ours}
    assert len(doubles) == len(LAYERS)
    step_and_pick(busy)
    work(busy)
    for layer, data in doubles.items():
        np.testing.assert_array_equal(layer.data, data)
        layers.remove(layer)
    for visible in (False, True):
        for layer in ours:
            layer.visible = visible
        work(busy)
    assert layers == list(reversed(ours))
    assert [layer.name for layer in ours] == [f"mine {number}" for number in range(len(ours))]


@pytest.mark.slow
def test_all_layers_may_go_while_a_job_runs(busy, gate_before):
    session = busy.session
    jobs = (
        (display, "render_record", lambda: session.step(1)),
        (picker, "detect", session.picking.pick_current),
        (picker, "rank_candidates", lambda: session.change("peaks", sigma_px=2.0)),
    )
    for module, function, start in jobs:
        gate = gate_before(module, function)
        start()
        assert gate.reached.wait(LIMIT_S)
        busy.viewer.layers.clear()
        gate.opened.set()
        busy.wait()
        busy.settle()
        assert busy.layer_names() == []
    assert session.current.accepted_count == 16
    step_and_pick(busy)
    assert busy.layer_names() == LAYERS


def test_points_may_be_drawn_alone_after_an_image_was_deleted(picked):
    layers = picked.viewer.layers
    layers.remove(layers["distance map"])
    layers["micrograph"].visible = False
    picked.settle()
    picked.session.current.add([[5.0, 5.0]])
    picked.settle()
    layers.remove(layers["micrograph"])
    picked.session.undo()
    picked.settle()
    assert layers["picks"].visible


# ---- micrographs


def test_what_is_hidden_stays_hidden_on_the_next_micrograph(picked):
    session, layers = picked.session, picked.viewer.layers
    layers["micrograph"].visible = layers["picks"].visible = False
    session.step(1)
    picked.pick()
    assert not layers["micrograph"].visible
    assert not layers["picks"].visible
    session.view.show_points = True
    assert layers["picks"].visible
    assert np.count_nonzero(layers["picks"].size) == 16


def test_another_project_may_be_opened_while_a_job_runs(picked, gate_before, tmp_path):
    session, first = picked.session, picked.session.store.folder
    gate = gate_before(picker, "detect")
    session.step(1)
    session.picking.pick_all()
    assert gate.reached.wait(LIMIT_S)
    assert session.open_project(tmp_path / "other")
    picked.settle()
    gate.opened.set()
    picked.wait()
    assert picked.layer_names() == []
    assert session.project.micrographs == {}
    assert session.open_project(first)
    session.step(-1)  # it opens where it was left, and that micrograph was not picked
    picked.wait()
    assert picked.layer_names() == ["micrograph", "distance map", "picks"]
    assert [layer.visible for layer in picked.viewer.layers] == [True] * 3
    assert session.current.accepted_count == 16


@pytest.mark.slow
def test_results_land_where_they_belong(window, discs, detector_gate):
    window.open(discs)
    session = window.session
    session.picking.pick_current()
    assert detector_gate.reached.wait(LIMIT_S)
    for key in "NNNBNB":
        window.press(key)
    session.picking.pick_all()
    for key in "BBN":
        window.press(key)
    detector_gate.opened.set()
    for key in "NBBNN":
        window.press(key)
    window.wait()
    window.wait()
    for (path, truth), name in zip(discs.items(), session.project.micrographs, strict=True):
        found = session.store.load_candidates(name).picks.centers_yx[:16]
        assert cKDTree(truth).query(found)[0].max() < 3, path
        session.current.select(name)
        window.wait()
        np.testing.assert_array_equal(
            window.viewer.layers["picks"].data, session.current.review.centers_yx
        )
        assert session.summaries[name].accepted == 16
        assert session.current.accepted_count == 16


# ---- napari's own tools


def test_clicks_in_the_mode_add(picked):
    session, layer = picked.session, picked.viewer.layers["picks"]
    picked.picker.show_tab("Correct")
    picked.settle()
    picked.press("P")
    assert str(layer.mode) == "add"
    for place in ((4.0, 80.0), (80.0, 4.0)):
        picked.click(place)
        np.testing.assert_allclose(session.current.review.centers_yx[-1], place, atol=0.6)
    assert session.current.accepted_count == 18
    assert list(session.current.states[-2:]) == [State.ACCEPTED_BY_HAND] * 2


def test_select_and_delete(picked):
    session, layer = picked.session, picked.viewer.layers["picks"]
    picked.press("S")
    assert str(layer.mode) == "select"
    picked.click(layer.data[3])
    assert layer.selected_data == {3}
    assert session.selection.rows.tolist() == [3]
    picked.press("Del")
    assert session.current.states[3] == State.REJECTED_BY_HAND
    assert session.current.accepted_count == 15
    picked.press("Ctrl+Z")
    assert session.current.accepted_count == 16
    assert session.project.labels("m00001") == ()


def test_dragging_selected_points_is_one_step_of_undo(picked):
    session, layer = picked.session, picked.viewer.layers["picks"]
    before = layer.data.copy()
    picked.press("S")
    layer.selected_data = {2, 5}
    y, x = before[2]
    tick = picked.picker.controller.host.ticked.emit  # while the hand rests on the way
    picked.drag((y, x), (y + 2, x), (y + 4, x + 1), (y + 6, x + 3), on_the_way=tick)
    after = session.current.review.centers_yx
    np.testing.assert_allclose(after[[2, 5]] - before[[2, 5]], [[6, 3]] * 2, atol=0.6)
    np.testing.assert_array_equal(layer.data, after)
    picked.press("Ctrl+Z")
    np.testing.assert_array_equal(layer.data, before)
    assert session.project.labels("m00001") == ()


def test_pasting_here_and_on_another_micrograph(picked, qtbot):
    session, layer = picked.session, picked.viewer.layers["picks"]
    picked.press("P")
    picked.click((4.0, 80.0))
    picked.press("S")
    layer.selected_data = {1, len(layer.data) - 1}
    place = session.current.review.centers_yx[[1, -1]]
    picked.press("Ctrl+C")
    with QSignalBlocker(picked.picker.controller.host):
        picked.press("Ctrl+V")
        assert len(layer.data) == len(session.current.review) + 2  # until the next tick
    qtbot.waitUntil(lambda: len(layer.data) == len(session.current.review))
    assert session.current.accepted_count == 17  # a particle on itself is one particle
    picked.press("N")
    picked.pick()
    picked.press("Ctrl+V")
    qtbot.waitUntil(lambda: len(session.project.labels("m00002")) == 2)
    np.testing.assert_array_equal(
        sorted(label.center_yx for label in session.project.labels("m00002")),
        sorted(place.tolist()),
    )
    assert len(layer.data) == len(session.current.review)
    picked.press("Ctrl+Z")
    assert session.project.labels("m00002") == ()
    assert session.current.accepted_count == 16


def test_deleting_all_and_taking_that_back(picked):
    session, layer = picked.session, picked.viewer.layers["picks"]
    before = layer.data.copy()
    layer_list = picked.viewer.window._qt_viewer.layers
    for focus in (None, layer_list):
        picked.press("S")
        picked.press("A")
        picked.press("Del")
        assert session.current.accepted_count == 0
        assert "picks" in picked.layer_names()
        picked.press("Ctrl+Z", focus)
        assert session.current.accepted_count == 16
        np.testing.assert_array_equal(layer.data, before)
    assert session.project.labels("m00001") == ()


def test_saving_the_layer_writes_what_is_accepted(picked, tmp_path):
    session, layer = picked.session, picked.viewer.layers["picks"]
    session.current.set_label([0, 1], accepted=False)
    session.change("peaks", threshold=float(np.median(session.current.stored.picks.height)))
    session.current.add([[5.0, 5.0]])
    accepted = session.current.review.centers_yx[is_accepted(session.current.states)]
    assert 0 < len(accepted) < 16
    picked.viewer.layers.selection = {layer}
    for file in (tmp_path / "a.star", tmp_path / "a.box"):
        picked.viewer.layers.save(str(file), selected=True, plugin="napari-drpnet")
        written = read_coordinates(file).centers_yx
        assert cKDTree(written).query(accepted)[0].max() <= 1
        assert len(written) == len(accepted)


def test_the_button_of_3d_leaves_the_picks_where_they_can_be_corrected(picked, qtbot):
    session, viewer = picked.session, picked.viewer
    session.view.tool = "click"
    place = session.current.review.centers_yx[0]
    button = viewer.window._qt_viewer.viewerButtons.ndisplayButton
    button.click()
    qtbot.waitUntil(lambda: viewer.dims.ndisplay == 2)
    picked.settle()
    assert not button.isChecked()
    assert "only in 2D" in picked.notices[-1].text
    picked.click(place)
    assert session.current.states[0] == State.REJECTED_BY_HAND


# ---- our own tools


@pytest.mark.parametrize("tool", ["click", "reject"])
def test_layers_and_micrographs_may_change_under_the_mouse(picked, tool):
    session, layers = picked.session, picked.viewer.layers
    places = session.current.review.centers_yx[[0, 1, 2]]

    def delete_picks():
        if "picks" in picked.layer_names():
            layers.remove("picks")

    session.view.tool = tool
    picked.drag(*places, on_the_way=delete_picks)
    labels = session.project.labels("m00001")
    assert len(labels) == 1 if tool == "click" else len(labels) >= 3
    picked.press("Ctrl+Z")
    assert session.project.labels("m00001") == ()
    picked.press("N")
    picked.pick()
    picked.press("B")
    picked.wait()
    picked.drag(*places, on_the_way=lambda: picked.press("N"))
    picked.wait()
    labels = session.project.labels("m00001")
    assert len(labels) == 0 if tool == "click" else len(labels) >= 1
    assert session.project.labels("m00002") == session.project.labels("m00003") == ()
    assert picked.viewer.scene.camera.mouse_pan
