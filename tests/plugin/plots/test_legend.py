import numpy as np
import pytest

pytest.importorskip("pytestqt")
pytest.importorskip("napari")

from qtpy.QtWidgets import QLabel

from napari_drpnet.plugin.canvas.layers.looks import (
    CYAN,
    GREEN,
    MARK_LOOKS,
    ON_DIRT,
    ORANGE,
    STATE_NAMES,
    YELLOW,
)
from napari_drpnet.plugin.plots.legend import Legend, MarkIcon, SymbolIcon
from napari_drpnet.project.points.marks import Mark
from napari_drpnet.project.points.review import State


def near(qtbot, icon, color):
    """Which pixels of an icon look like a colour."""
    qtbot.addWidget(icon)
    image = icon.grab().toImage()
    side = image.width()
    pixels = [[image.pixelColor(x, y).getRgbF()[:3] for x in range(side)] for y in range(side)]
    return np.abs(np.array(pixels) - color).max(axis=2) < 0.2


def coverage(qtbot, state, color):
    """How many pixels of an icon look like a colour, and whether its middle does."""
    found = near(qtbot, SymbolIcon(state), color)
    side = len(found)
    return found.sum(), bool(found[side // 2, side // 2])


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


def test_marks_of_a_comparison_differ_from_states_and_from_each_other():
    looks = [MARK_LOOKS[mark] for mark in (Mark.WRONG, Mark.MISSED, Mark.ONLY_THEIRS)]
    colors = [look.rgba[:3] for look in looks]
    others = [GREEN, ORANGE, YELLOW, CYAN]
    for k, color in enumerate(colors):
        rest = np.array(others + colors[:k] + colors[k + 1 :])
        assert np.abs(rest - color).max(axis=1).min() > 0.25
    symbols = [look.symbol for mark, look in MARK_LOOKS.items() if mark != Mark.AGREED]
    assert len(set(symbols)) == len(symbols)
    assert MARK_LOOKS[Mark.AGREED].symbol == MARK_LOOKS[Mark.ONLY_THEIRS].symbol
    brightness = [np.dot(color, (0.30, 0.59, 0.11)) for color in colors]
    assert abs(brightness[0] - brightness[1]) > 0.15


def test_wrong_points_down_and_missed_up(qtbot):
    for mark, is_wide_on_top in ((Mark.WRONG, True), (Mark.MISSED, False)):
        found = near(qtbot, MarkIcon(mark), MARK_LOOKS[mark].rgba[:3])
        half = len(found) // 2
        assert (found[:half].sum() > found[half:].sum()) == is_wide_on_top
