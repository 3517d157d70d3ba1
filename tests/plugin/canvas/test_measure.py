"""Measuring by drawing, driven as napari drives its callbacks."""

from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("napari")
pytest.importorskip("pytestqt")

from napari.layers import Shapes

from napari_drpnet.plugin.canvas.measure import Measure

PIXEL_SIZE = 2.0


@pytest.fixture
def measure(session, viewer, discs, wait):
    session.open_paths(list(discs))
    wait(session)
    measure = Measure(viewer, session)
    yield measure
    measure.stop()


@pytest.fixture
def told(measure):
    """The diameters that were measured, in unbinned pixels."""
    told = []
    measure.measured.connect(told.append)
    return told


class Drag:
    """A mouse with its button down, places in pixels of the micrograph."""

    def __init__(self, viewer, place, button=1):
        self.event = SimpleNamespace(button=button, modifiers=(), handled=False)
        self._move_to("mouse_press", place)
        calls = [call(viewer, self.event) for call in list(viewer.mouse_drag_callbacks)]
        self.running = [generator for generator in calls if generator is not None]
        self._advance()

    def to(self, place):
        self._move_to("mouse_move", place)
        self._advance()

    def release(self):
        self.event.type = "mouse_release"
        self._advance()
        assert not self.running

    def _move_to(self, kind, place):
        self.event.type = kind
        self.event.position = tuple(np.multiply(place, PIXEL_SIZE))
        self.event.pos = np.array(place[::-1], float) * 4

    def _advance(self):
        self.running = [g for g in self.running if next(g, "over") != "over"]


def names(viewer):
    return [layer.name for layer in viewer.layers]


def test_a_drag_from_edge_to_edge_is_the_diameter(measure, viewer, told):
    measure.start()
    drag = Drag(viewer, (20, 30))
    drag.to((20, 40))
    drag.to((50, 70))
    drag.release()
    assert told == [pytest.approx(50)]
    assert not measure.is_on


def test_the_circle_is_seen_only_while_drawing(measure, viewer):
    measure.start()
    before = names(viewer)
    drag = Drag(viewer, (20, 30))
    drag.to((50, 70))
    circle = next(layer for layer in viewer.layers if layer.name == "diameter")
    np.testing.assert_allclose(circle.data, [[35, 50]])
    np.testing.assert_allclose(circle.size, 50)
    np.testing.assert_allclose(circle.scale, PIXEL_SIZE)
    assert circle.text.values.tolist() in ("100 Å", ["100 Å"])
    drag.release()
    assert names(viewer) == before


def test_without_a_pixel_size_it_measures_in_pixels(session, viewer, tmp_path, write_discs, wait):
    write_discs(tmp_path / "unknown.mrc", pixel_size=0)
    session.open_paths([tmp_path / "unknown.mrc"])
    wait(session)
    measure, told = Measure(viewer, session), []
    measure.measured.connect(told.append)
    measure.start()
    drag = Drag(viewer, (10, 15))  # one unit on the canvas is a pixel
    drag.to((25, 35))
    circle = viewer.layers["diameter"]
    assert circle.text.values.tolist() in ("50 px", ["50 px"])
    drag.release()
    assert told == [pytest.approx(50)]


def test_what_is_selected_stays_selected_and_the_view_stays(measure, viewer):
    active, pan = viewer.layers.selection.active, viewer.scene.camera.mouse_pan
    measure.start()
    drag = Drag(viewer, (20, 30))
    drag.to((50, 70))
    assert viewer.layers.selection.active is active
    assert not viewer.scene.camera.mouse_pan
    drag.release()
    assert viewer.layers.selection.active is active
    assert viewer.scene.camera.mouse_pan == pan


def test_a_click_measures_nothing_and_the_next_drag_does(measure, viewer, told):
    measure.start()
    Drag(viewer, (20, 30)).release()
    drag = Drag(viewer, (20, 30))
    drag.to((20, 31))
    drag.release()
    assert told == []
    assert measure.is_on
    drag = Drag(viewer, (20, 30))
    drag.to((20, 60))
    drag.release()
    assert told == [pytest.approx(30)]


def test_other_buttons_do_not_draw(measure, viewer, told):
    measure.start()
    drag = Drag(viewer, (20, 30), button=2)
    assert "diameter" not in names(viewer)
    drag.to((20, 60))
    drag.release()
    assert told == []


def test_only_one_drag_is_measured(measure, viewer, told):
    measure.start()
    for _ in range(2):
        drag = Drag(viewer, (20, 30))
        drag.to((20, 60))
        drag.release()
    assert len(told) == 1


def test_no_other_tool_is_on_meanwhile_and_it_comes_back(measure, viewer, session):
    session.view.tool = "click"
    toggled = []
    measure.toggled.connect(toggled.append)
    measure.start()
    assert session.view.tool == "look"
    drag = Drag(viewer, (20, 30))
    drag.to((20, 60))
    drag.release()
    assert session.view.tool == "click"
    assert toggled == [True, False]


def test_another_tool_ends_measuring(measure, viewer, session, told):
    measure.start()
    session.view.tool = "reject"
    assert not measure.is_on
    assert session.view.tool == "reject"
    before = session.project.settings
    drag = Drag(viewer, (20, 30))
    drag.to((20, 60))
    drag.release()
    assert told == []
    assert session.project.settings is before


def test_a_layer_that_is_being_drawn_into_is_left_alone(measure, viewer):
    shapes = viewer.add_layer(Shapes())
    shapes.mode = "add_rectangle"
    measure.start()
    assert str(shapes.mode) == "pan_zoom"


def test_stopping_in_the_middle_leaves_nothing_behind(measure, viewer, told):
    measure.start()
    before = names(viewer)
    drag = Drag(viewer, (20, 30))
    drag.to((20, 60))
    measure.stop()
    assert names(viewer) == before
    drag.to((20, 80))
    drag.release()
    assert told == []
    assert viewer.scene.camera.mouse_pan


def test_the_circle_may_be_deleted_in_the_middle(measure, viewer, told):
    measure.start()
    drag = Drag(viewer, (20, 30))
    drag.to((20, 60))
    viewer.layers.remove(viewer.layers["diameter"])
    drag.to((20, 80))
    drag.release()
    assert told == []
    assert measure.is_on


def test_all_layers_may_be_deleted_in_the_middle(measure, viewer, told):
    measure.start()
    drag = Drag(viewer, (20, 30))
    drag.to((20, 60))
    viewer.layers.clear()
    drag.to((20, 80))
    drag.release()
    assert told == []


def test_starting_and_stopping_twice_changes_nothing(measure, viewer):
    before = len(viewer.mouse_drag_callbacks)
    measure.start()
    measure.start()
    assert len(viewer.mouse_drag_callbacks) == before + 1
    measure.stop()
    measure.stop()
    assert len(viewer.mouse_drag_callbacks) == before
