"""How points look, above all those on dirt."""

import numpy as np
import pytest

pytest.importorskip("napari")

from napari_drpnet.plugin.canvas.layers.looks import CYAN, GREEN, ON_DIRT, ORANGE, Looks
from napari_drpnet.project.points.review import State, is_accepted


@pytest.fixture
def vetoed(viewer, session, wait, tmp_path, write_dirty, use_toy_segmenter):
    """A session with a dirty micrograph picked, of which picks are rejected on its film."""
    path = tmp_path / "dirty.mrc"
    write_dirty(path)
    session.open_paths([path])
    wait(session)
    session.change("particle", diameter_angstrom=36.0, polarity="dark")
    session.change("segmenter", segmenter="default")
    session.change("peaks", threshold=0.3)
    session.picking.pick_current()
    wait(session)
    return session


def test_the_look_on_dirt_is_that_of_no_state():
    kinds = {(Looks.symbol[k], tuple(Looks.border_color[k, :3])) for k in range(ON_DIRT)}
    assert (Looks.symbol[ON_DIRT], tuple(Looks.border_color[ON_DIRT, :3])) == ("cross", CYAN)
    assert {color for _, color in kinds} == {GREEN, ORANGE}
    assert "cross" not in {symbol for symbol, _ in kinds}


def test_picks_on_dirt_have_their_own_look_and_say_why(viewer, vetoed):
    layer, decision = viewer.layers["picks"], vetoed.current.decision
    row = int(np.flatnonzero(decision.on_dirt)[0])
    assert str(layer.symbol[row]) == "cross"
    np.testing.assert_allclose(layer.border_color[row, :3], CYAN, atol=0.01)
    assert layer.size[row] > 0
    accepted = int(np.flatnonzero(is_accepted(decision.states))[0])
    assert str(layer.symbol[accepted]) == "disc"
    names = layer.features["state"]
    clearance = decision.review.clearance
    np.testing.assert_array_equal(layer.features["diameters to dirt"], clearance)
    assert (names[decision.on_dirt & (clearance == 0)] == "rejected: on dirt").all()
    assert (names[decision.on_dirt & (clearance > 0)] == "rejected: near dirt").all()
    told = layer.get_status(layer.data_to_world(layer.data[row]), world=True)["value"]
    assert "rejected: " in told
    assert "diameters to dirt: " in told


def test_the_clearance_moves_picks_between_the_looks_at_once(viewer, vetoed):
    layer, current = viewer.layers["picks"], vetoed.current
    before = int(current.decision.on_dirt.sum())
    vetoed.change("segmenter", live=True, clearance=3.0)
    assert int(current.decision.on_dirt.sum()) > before
    drawn = np.array([str(symbol) for symbol in layer.symbol])
    visible = current.visible
    np.testing.assert_array_equal(drawn[visible] == "cross", current.decision.on_dirt[visible])
    names = set(layer.features["state"][current.decision.on_dirt])
    assert "rejected: near dirt" in names


def test_a_click_overrules_dirt_and_nothing_is_deleted(viewer, vetoed):
    layer, current = viewer.layers["picks"], vetoed.current
    count, row = len(layer.data), int(np.flatnonzero(current.decision.on_dirt)[0])
    place = tuple(current.review.centers_yx[row])
    current.click(place)
    assert current.states[row] == State.ACCEPTED_BY_HAND
    assert str(layer.symbol[row]) == "disc"
    assert layer.features["state"][row] == "accepted by hand"
    assert len(layer.data) == count
    vetoed.undo()
    assert str(layer.symbol[row]) == "cross"


def test_picks_may_be_the_first_layer_of_a_viewer(viewer, vetoed):
    viewer.layers.clear()
    viewer.scene.camera.zoom = 0.01
    vetoed.view.show_points = True
    layer = viewer.layers["picks"]
    assert len(layer.data) == len(vetoed.current.review)
    assert layer.size.max() > 0
