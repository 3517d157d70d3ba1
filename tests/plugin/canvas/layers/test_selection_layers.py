"""Selected points in the layers: napari's selection and the session's are one."""

import numpy as np
import pytest

pytest.importorskip("napari")

from napari_drpnet.plugin.canvas.layers.looks import YELLOW
from napari_drpnet.project.points.review import State


@pytest.fixture
def layer(picked, viewer):
    return viewer.layers["picks"]


def test_both_ways_and_hidden_points_stay_out(picked, layer):
    session = picked.session
    session.change("peaks", threshold=float(np.median(session.current.stored.picks.height)))
    below = int(np.flatnonzero(session.current.states == State.BELOW)[0])
    layer.selected_data = {0, 2, below}
    assert session.selection.rows.tolist() == [0, 2]
    assert layer.selected_data == {0, 2}
    session.selection.choose([1])
    assert layer.selected_data == {1}
    session.selection.clear()
    assert layer.selected_data == set()


def test_selected_points_are_yellow_with_thick_lines(picked, layer):
    selection = picked.session.selection
    picked.session.current.set_label([1], accepted=False)
    before = [layer.border_color.copy(), layer.face_color.copy(), layer.border_width.copy()]
    selection.choose([0, 1])
    for row in (0, 1):
        np.testing.assert_allclose(layer.border_color[row, :3], YELLOW)
        np.testing.assert_allclose(layer.face_color[row, :3], YELLOW)
    assert layer.border_width[0] == pytest.approx(2 * before[2][0])
    np.testing.assert_array_equal(layer.border_color[2:], before[0][2:])
    picked.session.current.set_label([1], accepted=True)
    np.testing.assert_allclose(layer.border_color[1, :3], YELLOW)
    picked.session.current.set_label([1], accepted=False)
    selection.clear()
    after = [layer.border_color, layer.face_color, layer.border_width]
    for one, other in zip(before, after, strict=True):
        np.testing.assert_allclose(other, one)


def test_the_selection_outlives_a_label(picked, layer):
    layer.selected_data = {0, 2}
    picked.session.selection.label(accepted=False)
    assert layer.selected_data == {0, 2}


def test_points_added_and_deleted_by_napari_are_labels(picked, layer):
    session = picked.session
    layer.selected_data = {1}
    layer.add([5.0, 5.0])
    assert len(layer.data) == len(session.current.states)
    (label,) = session.project.labels(session.current.id)
    assert (label.center_yx, label.accepted) == ((5.0, 5.0), True)
    layer.selected_data = {3}
    layer.remove_selected()
    assert session.current.states[3] == State.REJECTED_BY_HAND
    assert len(layer.data) == len(session.current.states)


def test_a_square_marks_the_point_in_doubt(picked, layer, viewer):
    session = picked.session
    assert "uncertain" not in viewer.layers
    session.selection.show_doubt()
    mark = viewer.layers["uncertain"]
    (row,) = session.selection.rows
    np.testing.assert_array_equal(mark.data, session.current.review.centers_yx[[row]])
    np.testing.assert_array_equal(mark.scale, layer.scale)
    assert mark.size[0] > session.current.diameter_px
    assert viewer.layers.selection.active is layer
    session.selection.label(accepted=True)
    np.testing.assert_array_equal(
        mark.data, session.current.review.centers_yx[session.selection.rows]
    )
    session.selection.clear()
    assert len(mark.data) == 0


def test_the_square_that_was_deleted_comes_back_with_another_micrograph(picked, viewer, wait):
    session = picked.session
    session.picking.pick_all()
    wait(session)
    session.selection.show_doubt()
    viewer.layers.remove(viewer.layers["uncertain"])
    session.selection.show_doubt()
    assert "uncertain" not in viewer.layers
    session.step(1)
    wait(session)
    session.selection.show_doubt()
    assert len(viewer.layers["uncertain"].data) == 1
    session.step(1)
    assert len(viewer.layers["uncertain"].data) == 0


def test_the_square_is_drawn_once_where_it_is_the_only_layer(picked, viewer):
    viewer.layers.clear()
    viewer.scene.camera.zoom = 0.01  # napari fits the view to a first layer: lines are redrawn
    picked.session.selection.show_doubt()
    assert [layer.name for layer in viewer.layers] == ["uncertain"]


def test_the_view_comes_close_enough_to_judge_and_never_zooms_out(picked, viewer):
    session, camera = picked.session, viewer.scene.camera
    camera.zoom = 0.1
    session.selection.show_doubt()
    y, x = session.current.review.centers_yx[session.selection.rows[0]]
    assert camera.center[-2:] == pytest.approx((2 * y, 2 * x))
    assert camera.zoom * 36.0 == pytest.approx(60.0)
    camera.zoom = 10.0
    session.selection.show_doubt()
    assert camera.zoom == 10.0
