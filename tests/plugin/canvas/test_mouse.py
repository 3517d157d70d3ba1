"""The mouse on the canvas, driven as napari drives its callbacks."""

from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("napari")

from napari_drpnet.plugin.canvas.layers.looks import GREEN, ORANGE
from napari_drpnet.project.points.review import State


@pytest.fixture
def drag(viewer, picked):
    """A function that presses, moves and releases the mouse at positions of the micrograph."""

    def do(*places, modifiers=(), button=1):
        def event(kind, place):
            world = np.multiply(place, 2.0)  # 2 Å per pixel
            return SimpleNamespace(
                type=kind,
                position=tuple(world),
                pos=np.array(place[::-1], float) * 4,
                modifiers=modifiers,
                button=button,
                handled=False,
            )

        moving = event("mouse_press", places[0])
        active = [call(viewer, moving) for call in viewer.mouse_drag_callbacks]
        running = [generator for generator in active if generator is not None]
        steps = [("mouse_move", p) for p in places[1:]] + [("mouse_release", places[-1])]
        running = [generator for generator in running if advance(generator)]
        for kind, place in steps:
            vars(moving).update(vars(event(kind, place)))
            running = [generator for generator in running if advance(generator)]
        assert not running

    def advance(generator):
        try:
            next(generator)
        except StopIteration:
            return False
        return True

    return do


def place_of(session, row):
    return tuple(session.current.review.centers_yx[row])


def test_looking_changes_nothing(drag, picked):
    session = picked.session
    drag(place_of(session, 0))
    drag((3, 3), (80, 80))
    assert session.project.labels(session.current.id) == ()


def test_a_click_flips_and_flips_back(drag, picked):
    session = picked.session
    session.view.tool = "click"
    place = place_of(session, 0)
    drag(place)
    assert session.current.states[0] == State.REJECTED_BY_HAND
    drag(place)
    assert session.current.states[0] == State.ACCEPTED_BY_HAND


def test_a_click_on_an_empty_place_adds(drag, picked):
    session = picked.session
    session.view.tool = "click"
    drag((2.0, 2.0))
    assert session.current.accepted_count == 17
    np.testing.assert_allclose(place_of(session, -1), (2, 2))


def test_a_drag_over_nothing_pans_and_adds_nothing(drag, picked):
    session = picked.session
    session.view.tool = "click"
    drag((2.0, 2.0), (6.0, 6.0))
    assert session.current.accepted_count == 16


def test_a_drag_on_a_point_moves_it_with_the_hand(drag, picked, viewer):
    session = picked.session
    session.view.tool = "click"
    y, x = place_of(session, 3)
    drag((y + 2, x), (y + 4, x + 1), (y + 7, x + 3))
    np.testing.assert_allclose(place_of(session, 3), (y + 5, x + 3))
    assert session.current.accepted_count == 16
    assert viewer.scene.camera.mouse_pan
    session.undo()
    np.testing.assert_allclose(place_of(session, 3), (y, x))


def test_a_trembling_hand_clicks(drag, picked):
    session = picked.session
    session.view.tool = "click"
    y, x = place_of(session, 0)
    drag((y, x), (y + 0.3, x))
    assert session.current.states[0] == State.REJECTED_BY_HAND


def test_a_brush_stroke_rejects_all_it_touches_and_is_one_step_of_undo(drag, picked, viewer):
    session = picked.session
    session.view.tool = "reject"
    session.view.brush_diameters = 1.0
    top = sorted(range(16), key=lambda row: place_of(session, row)[0])[:4]
    row_of_discs = sorted((place_of(session, row) for row in top), key=lambda p: p[1])
    drag(row_of_discs[0], row_of_discs[-1])
    assert {row for row in range(16) if session.current.states[row] == State.REJECTED_BY_HAND} >= {
        top[0]
    }
    rejected = 16 - session.current.accepted_count
    assert 2 <= rejected <= 4
    session.undo()
    assert session.current.accepted_count == 16
    session.redo()
    assert session.current.accepted_count == 16 - rejected
    assert viewer.scene.camera.mouse_pan


def test_modifiers_paint_with_any_editing_tool(drag, picked):
    session = picked.session
    session.view.tool = "click"
    drag(place_of(session, 0), modifiers=("Shift",))
    assert session.current.states[0] == State.REJECTED_BY_HAND
    drag(place_of(session, 0), modifiers=("Alt",))
    assert session.current.states[0] == State.ACCEPTED_BY_HAND
    drag(place_of(session, 0), modifiers=("Control",))
    assert session.current.states[0] == State.ACCEPTED_BY_HAND


def test_alt_zooms_again_when_no_tool_paints(picked, viewer):
    names = lambda: [call.__name__ for call in viewer.mouse_drag_callbacks]  # noqa: E731
    assert "drag_to_zoom" in names()
    picked.session.view.tool = "click"
    assert "drag_to_zoom" not in names()
    picked.session.view.tool = "look"
    assert "drag_to_zoom" in names()
    picked.session.view.tool = "reject"
    picked.close()
    assert "drag_to_zoom" in names()


def test_other_buttons_and_napari_tools_go_first(drag, picked, viewer):
    session = picked.session
    session.view.tool = "click"
    drag(place_of(session, 0), button=2)
    viewer.layers["picks"].mode = "add"
    drag(place_of(session, 0))
    assert session.project.labels(session.current.id) == ()


def test_clicks_work_whichever_layer_is_active(drag, picked, viewer):
    picked.session.view.tool = "click"
    viewer.layers.selection.active = viewer.layers["micrograph"]
    drag(place_of(picked.session, 0))
    assert picked.session.current.states[0] == State.REJECTED_BY_HAND


@pytest.fixture
def ring(picked):
    """A function that returns position, diameter in pixels and colour of the brush, or None."""
    picked.pointer.position_yx = (50.0, 60.0)

    def look():
        layer = picked.brush.slot.layer
        if layer is None or not len(layer.data):
            return None
        (place,), (size,), (color,) = layer.data, layer.size, layer.border_color
        name = next((name for name, rgb in COLORS.items() if np.allclose(color[:3], rgb)), "other")
        return tuple(place), float(size), name

    return look


COLORS = {"accept": GREEN, "reject": ORANGE}


def test_the_brush_is_seen_in_its_size(picked, viewer, ring):
    session = picked.session
    session.view.brush_diameters = 2.0
    session.view.tool = "accept"
    layer = viewer.layers["picks"]
    assert viewer.layers.selection.active is layer
    assert layer.cursor == "cross"
    assert ring() == ((50, 60), 36, "accept")  # two particles of 18 pixels
    session.view.scale_brush(2)
    assert ring() == ((50, 60), 72, "accept")
    session.change("particle", diameter_angstrom=50.0)
    assert ring() == ((50, 60), 100, "accept")
    session.view.tool = "look"
    assert layer.cursor == "standard"
    assert ring() is None


@pytest.mark.parametrize(
    ("tool", "of_keys"),
    [
        ("look", {}),
        ("box", {}),
        ("lasso", {}),
        ("click", {"Shift": "reject", "Alt": "accept"}),
        ("reject", {"": "reject", "Shift": "reject", "Alt": "accept"}),
        ("accept", {"": "accept", "Shift": "reject", "Alt": "accept"}),
    ],
)
def test_the_colour_of_the_brush_is_what_a_press_would_do(picked, ring, tool, of_keys):
    picked.session.view.tool = tool
    for key in ("", "Shift", "Alt", "Meta", ""):
        picked.pointer.press_keys({key} - {""})
        assert (ring() or (0, 0, None))[2] == of_keys.get(key)


def test_there_is_no_brush_where_nothing_would_be_painted(picked, viewer, ring):
    picked.session.view.tool = "reject"
    assert ring() is not None
    viewer.layers["picks"].visible = False
    assert ring() is None
    viewer.layers["picks"].visible = True
    assert ring() is not None
    picked.pointer.position_yx = None
    picked.pointer.moved.emit()
    assert ring() is None


def test_a_deleted_brush_comes_back(picked, viewer, ring):
    picked.session.view.tool = "reject"
    viewer.layers.remove(picked.brush.slot.layer)
    picked.pointer.moved.emit()
    assert ring() is not None


def test_a_stroke_keeps_its_colour_with_the_real_mouse(window, discs):
    window.open(discs)
    window.pick()
    session, brush = window.session, window.picker.controller.brush
    center = session.current.review.centers_yx[0]
    session.view.tool, session.view.brush_diameters = "reject", 1.0
    window.drag(center)
    layer, pointer = brush.slot.layer, window.picker.controller.pointer
    np.testing.assert_allclose(layer.border_color[0, :3], ORANGE)
    np.testing.assert_allclose(layer.data, [center], atol=1)
    assert session.current.states[0] == State.REJECTED_BY_HAND
    seen = []

    def press_alt():
        pointer.press_keys({"Alt"})
        seen.append(layer.border_color[0, :3].copy())

    window.drag(center, center + 3, on_the_way=press_alt)
    np.testing.assert_allclose(seen, [ORANGE])
    np.testing.assert_allclose(layer.data, [center + 3], atol=1)


def test_before_picking_a_circle_at_the_mouse_has_the_size_of_the_particle(
    session, viewer, discs, wait
):
    session.open_paths(list(discs))
    wait(session)
    layer = viewer.layers["picks"]
    assert layer.cursor == "standard"
    for diameter in (36.0, 50.0):
        session.change("particle", diameter_angstrom=diameter)
        assert (layer.cursor, layer.cursor_size) == ("circle", diameter)
    session.change("particle", diameter_angstrom=36.0)
    session.picking.pick_current()
    wait(session)
    assert layer.cursor == "standard"
    session.step(1)
    wait(session)
    assert layer.cursor == "circle"


def test_the_status_bar_has_our_keys_and_not_those_of_napari(picked, viewer):
    layer = viewer.layers["picks"]
    keys = dict.fromkeys(("look", "click", "box", "lasso"), "E: edit")
    for tool, text in (keys | {"reject": "[: smaller", "accept": "]: larger"}).items():
        picked.session.view.tool = tool
        assert text in layer.help
        assert "use <" not in layer.help
        assert viewer.help == layer.help


def test_the_box_tool_is_that_of_napari(picked, viewer):
    picked.session.view.tool = "box"
    assert viewer.layers["picks"].mode == "select"
    picked.session.view.tool = "click"
    assert viewer.layers["picks"].mode == "pan_zoom"


def around(centers, rows, reach=5.0):
    """Return the corners of an outline around some points, which are close to each other."""
    low, high = centers[rows].min(axis=0) - reach, centers[rows].max(axis=0) + reach
    return [low, (low[0], high[1]), high, (high[0], low[1])]


def inside(centers, corners):
    return np.flatnonzero(((centers > corners[0]) & (centers < corners[2])).all(axis=1)).tolist()


@pytest.mark.parametrize(
    ("tool", "modifiers"), [("lasso", ()), ("click", ("Control",)), ("accept", ("Control",))]
)
def test_an_outline_selects_what_is_inside_and_a_key_decides(drag, picked, viewer, tool, modifiers):
    session = picked.session
    session.view.tool, centers = tool, session.current.review.centers_yx
    corners = around(centers, [0, 1])
    rows = inside(centers, corners)
    drag(*corners, modifiers=modifiers)
    assert session.selection.rows.tolist() == rows
    assert {0, 1} <= set(rows)
    assert session.project.labels(session.current.id) == ()
    assert viewer.scene.camera.mouse_pan
    session.selection.label(False)
    assert (session.current.states[rows] == State.REJECTED_BY_HAND).all()
    assert session.current.accepted_count == 16 - len(rows)
    session.undo()
    assert session.current.accepted_count == 16


def test_shift_adds_to_the_selection_of_a_lasso(drag, picked):
    session = picked.session
    session.view.tool, centers = "lasso", session.current.review.centers_yx
    drag(centers[3])
    assert session.selection.rows.tolist() == [3]
    corners = around(centers, [0])
    drag(*corners, modifiers=("Shift",))
    assert session.selection.rows.tolist() == sorted({3, *inside(centers, corners)})
    drag((2.0, 2.0))
    assert session.selection.rows.tolist() == []


def test_rejected_picks_that_are_not_drawn_are_not_selected(drag, picked):
    session = picked.session
    session.current.set_label([0], accepted=False)
    session.view.show_rejected = False
    session.view.tool = "lasso"
    drag((-5.0, -5.0), (-5.0, 500.0), (500.0, 500.0), (500.0, -5.0))
    assert session.selection.rows.tolist() == list(range(1, 16))


def test_the_outline_is_drawn_by_the_real_mouse_and_goes(window, discs):
    window.open(discs)
    window.pick()
    session, lasso = window.session, window.picker.controller.lasso
    session.view.tool, centers = "click", session.current.review.centers_yx
    corners, seen = around(centers, [0]), []
    window.drag(
        *corners,
        on_the_way=lambda: seen.append(lasso.slot.layer.data.copy()),
        modifier="Control",
    )
    for corner in corners[:3]:
        assert np.linalg.norm(seen[-1] - corner, axis=1).min() < 1
    assert len(lasso.slot.layer.data) == 0
    assert session.selection.rows.tolist() == inside(centers, corners)
    window.press("F")
    assert (session.current.states[inside(centers, corners)] == State.REJECTED_BY_HAND).all()
    window.press("Ctrl+Z")
    assert session.current.accepted_count == 16


def test_fast_clicks_do_not_zoom(picked, viewer):
    event = SimpleNamespace(handled=False)
    picked.session.view.tool = "click"
    viewer.mouse_double_click_callbacks[0](viewer, event)
    assert event.handled


HIDING = {
    "hidden": lambda session, viewer: setattr(session.view, "show_points", False),
    "closed eye": lambda session, viewer: setattr(viewer.layers["picks"], "visible", False),
    "transparent": lambda session, viewer: setattr(viewer.layers["picks"], "opacity", 0.0),
    "deleted": lambda session, viewer: viewer.layers.remove("picks"),
    "3D": lambda session, viewer: setattr(viewer.dims, "ndisplay", 3),
}


@pytest.mark.parametrize("way", HIDING)
@pytest.mark.parametrize(
    ("tool", "modifiers"), [("click", ()), ("click", ("Shift",)), ("accept", ()), ("lasso", ())]
)
def test_points_that_cannot_be_seen_are_not_corrected(drag, picked, viewer, way, tool, modifiers):
    session, notices = picked.session, []
    session.view.tool = tool
    session.current.set_label([0], accepted=False)
    before, place = session.project.labels(session.current.id), place_of(session, 0)
    if way == "3D":
        viewer.add_image(np.zeros((4, 5, 6)))
    HIDING[way](session, viewer)
    session.noticed.connect(notices.append)
    drag(place, modifiers=modifiers)
    drag((2.0, 2.0), modifiers=modifiers)
    assert session.project.labels(session.current.id) == before
    assert len(notices) == 2
    assert "nothing was changed" in notices[0].text
    drag(
        (2.0, 2.0), (60.0, 60.0), modifiers=modifiers
    )  # only a brush would change points by a drag
    assert len(notices) == (2 if tool == "click" and not modifiers else 3)
    assert viewer.scene.camera.mouse_pan


def test_points_are_corrected_again_once_they_are_shown(drag, picked, viewer):
    session, layer = picked.session, viewer.layers["picks"]
    session.view.tool = "click"
    for hide, show in ((False, True), (0.0, 0.5)):
        name = "visible" if show is True else "opacity"
        setattr(layer, name, hide)
        drag(place_of(session, 0))
        assert session.current.accepted_count == 16
        setattr(layer, name, show)
        drag(place_of(session, 0))
        assert session.current.accepted_count == 15
        session.undo()
