"""Strokes are painted with napari's own tools, in a real window with a real mouse."""

import shutil

import numpy as np
import pytest

from napari_drpnet.plugin.controller import controller_of
from napari_drpnet.project.actions import ACTIONS, PAINTING_KEYS
from napari_drpnet.project.storage.store import ProjectStore

FROM, TO = (40.0, 30.0), (40.0, 130.0)


@pytest.fixture
def window(shared_window):
    return shared_window


@pytest.fixture
def painting(window, discs):
    """A window with three micrographs whose mouse paints ice."""
    window.open(discs)
    window.session.view.stroke_class = 3
    window.session.view.stroke_brush = 9
    window.session.view.paints = True
    window.settle()
    return window


def layer_of(window, name="strokes"):
    return window.viewer.layers[name]


def stored(window, micrograph=None):
    strokes = window.session.project.strokes.get(micrograph or window.session.current.id)
    return None if strokes is None else strokes.classes


def on_disk(folder):
    """What is there if the window is killed now."""
    copied = shutil.copytree(folder, folder.with_name("copied"), ignore=lambda *_: ["lock"])
    store, project = ProjectStore.open(copied)
    store.close(project)
    (strokes,) = project.strokes.values()
    return strokes.classes


def tick(window):
    """Let the second pass after which the window saves."""
    window.picker.controller.strokes.reconcile()


def assert_bar(classes):
    """Check that the stroke from `FROM` to `TO` is there, and nothing else."""
    assert (classes[37:44, 32:128] == 3).all()
    outside = classes.copy()
    outside[34:47, 23:138] = 0
    assert not outside.any()


def test_nothing_is_drawn_before_somebody_paints(window, discs):
    window.open(discs)
    assert window.layer_names() == ["micrograph", "picks"]


def test_a_drag_paints_one_step_that_is_saved_at_once(painting):
    session = painting.session
    painting.drag(FROM, (40.0, 80.0), TO)
    assert_bar(stored(painting))
    assert session.history.undo_title == "Paint ice"
    np.testing.assert_array_equal(on_disk(session.store.folder), stored(painting))
    layer = layer_of(painting)
    np.testing.assert_array_equal(layer.data, stored(painting))
    painting.press("Ctrl+Z")
    assert stored(painting) is None
    assert not layer.data.any()
    painting.press("Ctrl+Shift+Z")
    assert_bar(layer.data)


def test_the_colours_are_those_of_the_classes(painting):
    from napari_drpnet.formats.masks.class_maps import CLASS_COLOURS

    layer = layer_of(painting)
    for number in range(1, 5):
        expected = np.divide(CLASS_COLOURS[number], 255)
        np.testing.assert_allclose(layer.get_color(number)[:3], expected, atol=1e-3)
    assert layer.colormap.map(0)[3] == 0


def test_napari_s_tools_are_steps_too(painting):
    session, layer = painting.session, layer_of(painting)
    painting.drag(FROM, TO)
    painting.press("1")
    painting.drag((40.0, 80.0), (40.0, 80.0))
    assert session.history.undo_title == "Erase strokes"
    assert layer.data[40, 80] == 0
    painting.press("F")
    session.view.stroke_class = 4
    painting.click((40.0, 40.0))
    assert session.history.undo_title == "Paint carbon"
    assert layer.data[40, 40] == layer.data[40, 60] == 4
    assert layer.data[40, 120] == 3
    painting.press("3")
    session.view.stroke_class = 1
    for corner in ((100.0, 20.0), (100.0, 60.0), (140.0, 60.0)):
        painting.click(corner)
    painting.press("Return")
    assert session.history.undo_title == "Paint background"
    assert stored(painting)[110, 55] == 1
    for _ in range(4):
        painting.press("Ctrl+Z")
    assert stored(painting) is None
    assert not layer.data.any()


def test_an_outline_of_the_right_button_is_one_step(painting):
    session, layer = painting.session, layer_of(painting)
    with layer.block_history():
        layer.paint((30, 30), 3)
        tick(painting)
        layer.paint((60, 60), 3)
    painting.settle()
    assert (stored(painting)[[30, 60], [30, 60]] == 3).all()
    session.undo()
    assert stored(painting) is None


def test_keys_are_ours_or_napari_s_as_the_table_says(painting):
    session, layer = painting.session, layer_of(painting)
    ours = {str(key) for key in layer.keymap}
    assert len(ours) == len(PAINTING_KEYS)
    assert ACTIONS["next"].key in ours
    first = session.current.id
    painting.press("N")
    painting.wait()
    assert session.current.id != first
    painting.press("B")
    painting.wait()
    assert session.current.id == first
    assert not layer.preserve_labels
    for key, mode in (
        ("1", "erase"),
        ("2", "paint"),
        ("4", "fill"),
        ("5", "pick"),
        ("3", "polygon"),
    ):
        painting.press(key)
        assert str(layer.mode) == mode
        assert session.view.paints
    painting.press("6")
    assert str(layer.mode) == "pan_zoom"
    assert not session.view.paints
    assert painting.viewer.layers.selection.active.name == "picks"


def test_napari_s_choices_of_label_and_brush_are_the_session_s(painting):
    view, layer = painting.session.view, layer_of(painting)
    layer.selected_label = 1
    assert view.stroke_class == 1
    painting.press("M")  # napari's new label
    layer.selected_label = 9
    assert layer.selected_label == view.stroke_class == 4
    painting.press("]")
    assert view.stroke_brush == 10
    layer.brush_size = 5000
    assert layer.brush_size == view.stroke_brush == 200
    view.stroke_brush, view.stroke_class = 7, 0
    assert (layer.brush_size, layer.selected_label) == (7, 0)


def test_what_is_painted_goes_to_its_micrograph_when_another_is_shown(painting):
    session, first = painting.session, painting.session.current.id

    def go_on():
        if session.current.id == first:
            session.step(1)
            painting.wait()

    painting.drag(FROM, (40.0, 60.0), (40.0, 100.0), TO, on_the_way=go_on)
    painting.wait()
    assert stored(painting) is None
    classes = stored(painting, first)
    assert classes[40, 35:55].all()
    assert not classes[40, 75:].any()
    assert not layer_of(painting).data.any()
    assert str(layer_of(painting).mode) == "paint"
    painting.drag(FROM, TO)
    assert_bar(stored(painting))
    session.undo()
    session.undo()
    painting.wait()
    assert session.current.id == first
    assert session.project.strokes == {}


def test_a_long_stroke_is_saved_while_it_goes_on_and_is_one_step(painting):
    session, saved = painting.session, []

    def look():
        tick(painting)
        saved.append(stored(painting).astype(bool).sum())
        assert not session.history.can_undo

    painting.drag(FROM, (40.0, 60.0), (40.0, 100.0), TO, on_the_way=look)
    assert saved == sorted(set(saved))
    assert_bar(stored(painting))
    session.undo()
    assert stored(painting) is None


def test_undo_with_the_keys_while_the_mouse_paints(painting):
    painting.drag(FROM, TO, on_the_way=lambda: painting.press("Ctrl+Z"))
    tick(painting)
    layer = layer_of(painting)
    there = np.zeros_like(layer.data) if stored(painting) is None else stored(painting)
    np.testing.assert_array_equal(layer.data, there)
    while painting.session.history.can_undo:
        painting.session.undo()
    assert painting.session.project.strokes == {}


def test_the_layer_may_be_renamed_moved_and_hidden(painting):
    layer = layer_of(painting)
    layer.name = "mine"
    painting.viewer.layers.move(painting.viewer.layers.index(layer), 0)
    painting.drag(FROM, TO)
    assert_bar(stored(painting))
    layer.visible = False
    assert not painting.session.view.show_strokes
    assert not painting.session.view.paints
    layer.visible = True
    assert painting.session.view.show_strokes
    painting.session.undo()
    assert not layer.data.any()


def test_the_layer_may_be_removed_while_the_mouse_paints(painting):
    session, layer = painting.session, layer_of(painting)

    def remove():
        if layer in painting.viewer.layers:
            painting.viewer.layers.remove(layer)

    painting.drag(FROM, (40.0, 60.0), TO, on_the_way=remove)
    assert stored(painting)[40, 35:55].all()
    assert not session.view.paints
    assert session.history.can_undo
    session.view.paints = True
    painting.settle()
    np.testing.assert_array_equal(layer_of(painting).data, stored(painting))
    painting.viewer.layers.remove(layer_of(painting))
    session.step(1)
    painting.wait()
    assert "strokes" in painting.layer_names()


def test_another_active_layer_ends_the_stroke(painting):
    session, layers = painting.session, painting.viewer.layers

    def choose():
        layers.selection.active = layers["micrograph"]

    painting.drag(FROM, (40.0, 60.0), TO, on_the_way=choose)
    assert stored(painting)[40, 35:55].all()
    assert not session.view.paints
    assert layers.selection.active is layers["micrograph"]
    session.undo()
    assert stored(painting) is None
    session.view.paints = True
    painting.drag(FROM, TO)
    assert_bar(stored(painting))


def test_values_that_are_no_class_are_taken_back(painting):
    layer = layer_of(painting)
    painting.drag(FROM, TO)
    layer.data[100:110] = 9
    tick(painting)
    assert_bar(layer.data)
    assert_bar(stored(painting))


def test_dots_lie_where_they_were_painted_at_any_scale(window, tmp_path):
    import mrcfile

    for shape in ((200, 150), (1500, 2100), (3838, 3710)):
        path = tmp_path / f"{shape[0]}.mrc"
        with mrcfile.new(path) as file:
            pixels = np.random.default_rng(0).normal(size=shape).astype(np.float32)
            file.set_data(pixels)
            file.voxel_size = 1.5
        window.begin_anew(tmp_path / path.stem)
        window.session.open_paths([path])
        window.wait()
        view, strokes = window.session.view, window.session.strokes
        view.paints, view.stroke_brush = True, 1
        window.settle()
        layer, frame = layer_of(window), strokes.frame
        for place in ((20.0, 30.0), (shape[0] - 30.0, 11.0)):
            dot = np.round(frame.to_network(place)).astype(int)
            layer.paint(tuple(dot), 2)
        tick(window)
        for dot in np.argwhere(stored(window) == 2):
            world = np.array(layer.data_to_world(dot))
            there = window.viewer.layers["picks"].world_to_data(world)
            np.testing.assert_allclose(there, frame.to_full(dot), atol=0.01)
            nearest = min(
                np.abs(there - place).max() / max(frame.scale_yx)
                for place in ((20.0, 30.0), (shape[0] - 30.0, 11.0))
            )
            assert nearest <= 0.5
        # The edges of the layer are those of the micrograph.
        first, last = (
            layer.data_to_world((-0.5, -0.5)),
            layer.data_to_world(np.array(layer.data.shape) - 0.5),
        )
        np.testing.assert_allclose(first, (-0.75, -0.75), atol=1e-6)
        np.testing.assert_allclose(last, np.multiply(shape, 1.5) - 0.75, atol=1e-6)


# ---- the dark brush


def test_a_dark_brush_shows_what_it_would_take_and_takes_that(painting, discs):
    session = painting.session
    session.view.is_brush_dark, session.view.dark_cut = True, -2.0
    shown = layer_of(painting, "dark brush").data.copy()
    assert 0 < (shown == 3).mean() < 0.4
    y, x = np.round(discs[session.current.record.path][5]).astype(int)
    session.view.stroke_brush = 31
    painting.click((float(y), float(x)))
    taken = stored(painting) == 3
    np.testing.assert_array_equal(taken, taken & (shown == 3))
    assert taken[y, x]
    assert taken.sum() < 31 * 31 / 2
    np.testing.assert_array_equal(layer_of(painting).data, stored(painting))
    session.undo()
    assert stored(painting) is None
    session.view.dark_cut = -3.0
    assert (layer_of(painting, "dark brush").data > 0).sum() < (shown > 0).sum()
    session.view.is_brush_dark = False
    assert "dark brush" not in painting.layer_names()


def test_the_preview_of_a_dark_brush_may_be_removed(painting):
    view = painting.session.view
    view.is_brush_dark = True
    painting.viewer.layers.remove(layer_of(painting, "dark brush"))
    assert not view.is_brush_dark
    view.is_brush_dark = True
    assert "dark brush" in painting.layer_names()
    view.stroke_class = 0
    assert "dark brush" not in painting.layer_names()
    view.stroke_class = 4
    assert set(np.unique(layer_of(painting, "dark brush").data)) == {0, 4}
    view.paints = False
    assert "dark brush" not in painting.layer_names()


# ---- the end


def test_what_is_painted_is_saved_when_the_window_closes(session, viewer, discs, wait):
    session.open_paths(list(discs))
    wait(session)
    session.view.paints = True
    folder = session.store.folder
    viewer.layers["strokes"].data[10:20, 10:20] = 4
    controller_of(viewer).close()
    assert (on_disk(folder)[10:20, 10:20] == 4).all()
