"""The place of the mouse over the micrograph, with real events of the mouse."""

import pytest

pytest.importorskip("napari")


def test_it_follows_the_mouse_with_and_without_a_button(window, discs):
    window.open(discs)
    pointer, seen = window.picker.controller.pointer, []
    pointer.moved.connect(lambda: seen.append(pointer.position_yx))
    window.drag((20.0, 30.0), (40.0, 60.0))
    assert seen[0] == pytest.approx((20, 30), abs=1)
    assert pointer.position_yx == pytest.approx((40, 60), abs=1)


def test_it_is_nowhere_when_the_mouse_leaves_the_canvas(window, discs):
    window.open(discs)
    window.viewer.mouse_over_canvas = True
    window.drag((20.0, 30.0))
    pointer = window.picker.controller.pointer
    assert pointer.position_yx is not None
    window.viewer.mouse_over_canvas = False
    assert pointer.position_yx is None
