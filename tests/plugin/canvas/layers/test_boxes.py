"""Boxes of picks: under the mouse and selected, in the size of Export."""

import numpy as np
import pytest

pytest.importorskip("napari")


def squares(controller):
    layer = controller.boxes.slot.layer
    return None if layer is None else layer.data


def point_at(controller, center_yx):
    controller.pointer.position_yx = None if center_yx is None else tuple(center_yx)
    controller.pointer.moved.emit()


@pytest.fixture
def centers(picked, session):
    session.view.show_boxes = True
    return session.current.review.centers_yx


def test_there_is_none_until_it_is_ticked(picked, session):
    center = session.current.review.centers_yx[0]
    point_at(picked, center)
    assert squares(picked) is None
    session.view.show_boxes = True
    np.testing.assert_array_equal(squares(picked), [center])
    session.view.show_boxes = False
    assert len(squares(picked)) == 0


def test_the_pick_under_the_mouse_and_the_selected_ones_have_a_box(picked, session, centers):
    point_at(picked, (2.0, 2.0))
    assert squares(picked) is None
    point_at(picked, centers[3] + 2)
    np.testing.assert_array_equal(squares(picked), centers[[3]])
    session.selection.choose([1, 5])
    np.testing.assert_array_equal(squares(picked), centers[[1, 3, 5]])
    point_at(picked, None)
    np.testing.assert_array_equal(squares(picked), centers[[1, 5]])
    assert np.array_equal(picked.boxes.slot.layer.scale, picked.picks.slot.layer.scale)


def test_the_box_has_the_size_of_export_at_once(picked, session, centers):
    point_at(picked, centers[0])
    layer = picked.boxes.slot.layer
    assert layer.size.tolist() == [28]  # 1.5 diameters of 18 pixels, even
    session.exporter.choose(box_size_px=64)
    assert layer.size.tolist() == [64]
    session.exporter.choose(box_size_px=None)
    session.change("particle", diameter_angstrom=60.0)
    assert layer.size.tolist() == [46]


def test_another_micrograph_has_no_box(picked, session, centers, wait):
    session.selection.choose([1, 5])
    session.step(1)
    wait(session)
    assert len(squares(picked)) == 0


def test_a_deleted_layer_is_unticked_and_comes_back_when_it_is_ticked(
    picked, session, viewer, centers, wait
):
    point_at(picked, centers[0])
    viewer.layers.remove(picked.boxes.slot.layer)
    assert not session.view.show_boxes
    session.step(1)
    session.step(-1)
    wait(session)
    assert squares(picked) is None
    session.view.show_boxes = True
    np.testing.assert_array_equal(squares(picked), centers[[0]])


def test_the_real_mouse_moves_the_box_from_pick_to_pick(window, discs):
    window.open(discs)
    window.pick()
    session, controller = window.session, window.picker.controller
    session.view.show_boxes = True
    first, second = session.current.review.centers_yx[:2]
    window.drag(first)
    np.testing.assert_array_equal(squares(controller), [first])
    window.drag(second)
    np.testing.assert_array_equal(squares(controller), [second])
