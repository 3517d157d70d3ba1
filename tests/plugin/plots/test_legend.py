import numpy as np
import pytest

pytest.importorskip("pytestqt")
pytest.importorskip("napari")

from qtpy.QtWidgets import QLabel

from napari_drpnet.plugin.canvas.layers.looks import CYAN, GREEN, ON_DIRT, ORANGE, STATE_NAMES
from napari_drpnet.plugin.plots.legend import Legend, SymbolIcon
from napari_drpnet.project.points.review import State


def coverage(qtbot, state, color):
    """How many pixels of an icon look like a colour, and whether its middle does."""
    icon = SymbolIcon(state)
    qtbot.addWidget(icon)
    image = icon.grab().toImage()
    side = image.width()
    pixels = [[image.pixelColor(x, y).getRgbF()[:3] for x in range(side)] for y in range(side)]
    near = np.abs(np.array(pixels) - color).max(axis=2) < 0.2
    return near.sum(), bool(near[side // 2, side // 2])


def test_accepted_is_a_green_ring_and_rejected_an_orange_cross(qtbot):
    ring, ring_middle = coverage(qtbot, State.ACCEPTED, GREEN)
    cross, cross_middle = coverage(qtbot, State.REJECTED, ORANGE)
    assert ring > 10
    assert cross > 5
    assert (ring_middle, cross_middle) == (False, True)
    assert coverage(qtbot, State.ACCEPTED, ORANGE)[0] == 0


def test_on_dirt_is_a_cyan_plus(qtbot):
    plus, middle = coverage(qtbot, ON_DIRT, CYAN)
    assert plus > 5
    assert middle
    assert coverage(qtbot, ON_DIRT, ORANGE)[0] == coverage(qtbot, ON_DIRT, GREEN)[0] == 0


def test_what_was_done_by_hand_is_larger_or_filled(qtbot):
    small, large = (
        coverage(qtbot, state, ORANGE)[0] for state in (State.REJECTED, State.REJECTED_BY_HAND)
    )
    assert large > 1.5 * small
    icons = [SymbolIcon(state) for state in (State.ACCEPTED, State.ACCEPTED_BY_HAND)]
    for icon in icons:
        qtbot.addWidget(icon)
    hollow, filled = (icon.grab().toImage().pixelColor(9, 9) for icon in icons)
    assert filled.greenF() > hollow.greenF() + 0.1


def test_all_states_that_are_drawn_are_explained(qtbot):
    legend = Legend()
    qtbot.addWidget(legend)
    labels = legend.findChildren(QLabel)
    names = {STATE_NAMES[state] for state in State if state != State.BELOW}
    assert {label.text() for label in labels} == names | {"on dirt"}
    assert all(label.toolTip() for label in labels)
