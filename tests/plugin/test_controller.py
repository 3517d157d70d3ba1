import gc
import weakref

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image

from napari_drpnet.plugin import controller as controllers
from napari_drpnet.plugin.panels.peaks import PeaksPanel
from napari_drpnet.project.actions import ACTIONS
from napari_drpnet.project.storage.store import ProjectStore, default_project_folder


@pytest.fixture
def controller(session, viewer):
    return controllers.controller_of(viewer)


def test_every_action_with_a_key_is_bound_and_runs(controller, viewer, session, discs, wait):
    bound = {str(key): handler for key, handler in viewer.keymap.items()}
    for action in ACTIONS.values():
        if action.key:
            assert any(handler.__doc__ == action.tooltip for handler in bound.values()), action
    session.open_paths(list(discs))
    wait(session)
    by_tooltip = {handler.__doc__: handler for handler in bound.values()}
    by_tooltip[ACTIONS["next"].tooltip](viewer)
    assert session.current.record.path == list(discs)[1]


def test_no_key_is_taken_from_napari():
    from app_model.types import KeyBinding
    from napari.utils.shortcuts import default_shortcuts

    layers = ("points", "image", "viewer")
    taken = {
        key
        for name, keys in default_shortcuts.items()
        if not any(other in name for other in ("labels", "shapes", "vectors", "tracks", "surface"))
        for key in keys
        if "brush" not in name and "label" not in name and "polygon" not in name
    }
    assert layers
    ours = {
        KeyBinding.from_str(a.key.replace("-", "+").replace("Control", "Ctrl"))
        for a in ACTIONS.values()
        if a.key
    }
    shape_keys = {
        KeyBinding.from_str("R"),
        KeyBinding.from_str("E"),
        KeyBinding.from_str("D"),
        KeyBinding.from_str("B"),
        KeyBinding.from_str("L"),
    }
    assert not (ours - shape_keys) & taken


def test_closing_saves_and_leaves_the_viewer_alone(controller, viewer, session, discs, wait):
    session.open_paths(list(discs))
    wait(session)
    folder = session.store.folder
    controller.close()
    controller.close()
    assert (folder / "project.json").is_file()
    assert not [each for each in viewer.mouse_drag_callbacks if "drpnet" in each.__module__]
    assert not [key for key in viewer.keymap if str(key) == "N"]


def test_each_viewer_has_its_own_session(controller, session, monkeypatch, tmp_path):
    monkeypatch.setenv("DRPNET_PROJECTS", str(tmp_path))
    other = ViewerModel()
    made = controllers.controller_of(other)
    assert made.session is not session
    assert controllers.controller_of(other) is made
    made.close()


def test_a_closed_controller_leaves_no_trace(tmp_path, monkeypatch, qapp, use_toy_weights):
    monkeypatch.setenv("DRPNET_PROJECTS", str(tmp_path))
    viewer = ViewerModel()
    made = controllers.controller_of(viewer)
    trace = weakref.ref(made.session)
    made.close()
    del made, viewer
    gc.collect()
    assert trace() is None


def test_the_second_window_on_a_project_says_so(
    controller, session, discs, wait, tmp_path, use_toy_weights
):
    from napari_drpnet.project.jobs.main_thread import MainThreadQueue
    from napari_drpnet.project.session import Session

    session.open_paths(list(discs))
    wait(session)
    other = Session(MainThreadQueue(), session.options)
    notices = []
    other.noticed.connect(notices.append)
    assert not other.open_project(session.store.folder)
    assert "open" in notices[0].text
    other.close()


def test_a_layer_stays_if_another_window_has_the_project_open(
    controller, viewer, session, discs, tmp_path, qtbot
):
    path = next(iter(discs))
    store, _ = ProjectStore.open(default_project_folder(tmp_path / "projects", [path]))
    (layer,) = viewer.open(path, plugin="napari-drpnet")
    qtbot.waitUntil(lambda: bool(session.failures["list"]))
    assert list(viewer.layers) == [layer]
    assert "another window has this project open" in session.obstacle
    store.close(session.project)
    controller.adoption.take_all()
    qtbot.waitUntil(lambda: session.current.image is not None)
    assert layer not in viewer.layers


def test_the_focus_is_brought_to_the_middle(controller, viewer, session, discs, wait):
    session.open_paths(list(discs))
    wait(session)
    session.change("particle", diameter_angstrom=36.0)
    session.picking.pick_current()
    wait(session)
    seen = []
    session.selection.focus_requested.connect(seen.append)
    session.selection.show_doubt()
    np.testing.assert_allclose(viewer.scene.camera.center[-2:], np.multiply(seen[0], 2.0))


def test_a_micrograph_that_napari_opens_joins_the_session(
    controller, viewer, session, discs, qtbot
):
    path = list(discs)[1]
    viewer.open(path, plugin="napari-drpnet")
    qtbot.waitUntil(lambda: session.current.image is not None)
    assert session.current.record.path == path
    assert [layer.name for layer in viewer.layers] == ["micrograph", "picks"]


def test_coordinates_that_napari_opens_lie_over_the_micrograph(
    controller, viewer, session, discs, wait, tmp_path
):
    from napari_drpnet.formats import Coordinates, write_coordinates

    session.open_paths(list(discs))
    wait(session)
    write_coordinates(tmp_path / "a.star", Coordinates(np.array([[10.0, 20.0]]), np.array([1.0])))
    viewer.open(tmp_path / "a.star", plugin="napari-drpnet")
    np.testing.assert_allclose(viewer.layers[-1].data_to_world((10, 20)), (20, 40))


def test_coordinates_of_a_micrograph_of_the_project_become_other_picks(
    controller, viewer, session, discs, wait, tmp_path, qtbot
):
    from napari_drpnet.formats import Coordinates, write_coordinates

    session.open_paths(list(discs))
    wait(session)
    path = tmp_path / f"{next(iter(discs)).stem}.star"
    write_coordinates(path, Coordinates(np.array([[10.0, 20.0]]), np.array([1.0])))
    viewer.open(path, plugin="napari-drpnet")
    qtbot.waitUntil(lambda: session.other_picks.source == path)
    assert path.name not in [layer.name for layer in viewer.layers]
    layer = viewer.layers["other picks"]
    np.testing.assert_allclose(layer.data_to_world(layer.data[0]), (20, 40))
    assert session.project.labels(session.current.id) == ()


def test_other_images_are_left_alone(controller, viewer, session):
    viewer.add_layer(Image(np.zeros((4, 4))))
    assert len(viewer.layers) == 1
    assert session.project.micrographs == {}


def test_a_micrograph_that_is_deleted_at_once_joins_nothing(
    controller, viewer, session, discs, qtbot
):
    viewer.open(next(iter(discs)), plugin="napari-drpnet")
    viewer.layers.clear()
    qtbot.wait(20)
    assert session.store is None


def test_micrographs_that_were_there_before_join_the_session(
    controller, viewer, session, discs, qtbot
):
    from qtpy.QtWidgets import QMainWindow

    controller.adoption.disconnect()
    layer = viewer.open(next(iter(discs)), plugin="napari-drpnet")[0]
    window = QMainWindow()
    qtbot.addWidget(window)
    controller.attach(window)
    assert layer not in viewer.layers
    qtbot.waitUntil(lambda: session.current.image is not None)


def test_a_drag_is_one_step_however_often_the_window_saves(picked, session, qtbot):
    """Each second the points are compared with the layer, and the edits are saved."""
    panel = PeaksPanel(picked.viewer)
    qtbot.addWidget(panel)
    panel.show()
    picked.attach(panel)
    session.forget_steps()
    slider, peaks = panel.threshold.slider, lambda: session.project.settings.peaks
    thresholds = [peaks().threshold]
    for places in ((0.3, 0.5), (0.7, 0.9)):
        slider.setSliderDown(True)
        for place in places:
            slider.setValue(round(place * slider.maximum()))
            picked.host.ticked.emit()
        slider.setSliderDown(False)
        thresholds.append(peaks().threshold)
    assert len(set(thresholds)) == 3
    for threshold in thresholds[1::-1]:
        session.undo()
        assert peaks().threshold == threshold
    assert not session.history.can_undo
