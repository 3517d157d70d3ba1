"""The layer of symbols keeps its place, and is changed in place where it can be."""

import numpy as np
import pytest

pytest.importorskip("napari")

from napari_drpnet.plugin.canvas.layers.symbols import Symbols

RED, BLUE = (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)


@pytest.fixture
def symbols(picked, viewer):
    options = {"name": "marks", "symbol": "square", "color": RED, "order": 20}
    return Symbols(viewer, picked.session, picked.magnification, **options)


def test_it_is_made_when_it_is_needed_and_then_kept(picked, viewer, symbols):
    symbols.draw([], 10.0)
    assert "marks" not in viewer.layers
    symbols.draw([(3, 4), (5, 6)], 10.5)
    layer = viewer.layers["marks"]
    assert layer is viewer.layers[-1]
    assert viewer.layers.selection.active is viewer.layers["picks"]
    np.testing.assert_array_equal(layer.data, [(3, 4), (5, 6)])
    np.testing.assert_array_equal(layer.size, [10.5, 10.5])
    np.testing.assert_array_equal(layer.border_color, [(*RED, 1), (*RED, 1)])
    np.testing.assert_array_equal(layer.face_color[:, 3], [0, 0])
    assert not layer.editable
    symbols.draw([], 10.0)
    assert symbols.slot.layer is layer
    assert len(layer.data) == 0


def test_it_never_writes_into_the_positions_that_it_was_given(symbols):
    given = np.array([(3.0, 4.0), (5.0, 6.0)])
    before = given.copy()
    symbols.draw(given, 10.0)
    symbols.draw([(30, 40), (50, 60)], 20.0, BLUE)
    np.testing.assert_array_equal(given, before)
    layer = symbols.slot.layer
    np.testing.assert_array_equal(layer.data, [(30, 40), (50, 60)])
    np.testing.assert_array_equal(layer.size, [20, 20])
    np.testing.assert_array_equal(layer.border_color[:, :3], [BLUE, BLUE])


def test_what_the_user_has_deleted_stays_away(viewer, symbols):
    symbols.draw([(3, 4)], 10.0)
    viewer.layers.remove("marks")
    symbols.draw([(5, 6)], 10.0)
    assert "marks" not in viewer.layers
    symbols.slot.revive()
    symbols.draw([(5, 6)], 10.0)
    assert "marks" in viewer.layers
