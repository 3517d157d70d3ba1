"""The mouse on the canvas, driven as napari drives its callbacks."""

from types import SimpleNamespace

import numpy as np
import pytest

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


def test_the_brush_is_seen_in_its_size(picked, viewer):
    session = picked.session
    session.view.brush_diameters = 2.0
    session.view.tool = "accept"
    layer = viewer.layers["picks"]
    assert viewer.layers.selection.active is layer
    assert layer.cursor == "circle"
    assert layer.cursor_size == 72  # Å: two particles of 36 Å
    session.view.scale_brush(2)
    assert layer.cursor_size == 144
    session.change("particle", diameter_angstrom=50.0)
    assert layer.cursor_size == 200
    session.view.tool = "look"
    assert layer.cursor == "standard"


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
    layer, keys = viewer.layers["picks"], dict.fromkeys(("look", "click", "box"), "E: edit")
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
    ("tool", "modifiers"), [("click", ()), ("click", ("Shift",)), ("accept", ())]
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
