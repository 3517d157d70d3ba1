import numpy as np
import pytest

pytest.importorskip("pytestqt")

from qtpy.QtCore import QPoint, Qt
from qtpy.QtGui import QColor

from napari_drpnet.plugin.plots.scatter_plot import ScatterPlot
from napari_drpnet.project.points.axes import LinearAxis, LogitAxis

RED, BLUE = "#ff0000", "#0000ff"
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def plot(qtbot):
    plot = ScatterPlot((RED, BLUE))
    plot.set_axes(LinearAxis(0, 10), LogitAxis(), "height", "P")
    plot.set_dots([2, 5, 8], [0.1, 0.5, 0.9], [0, 0, 1])
    plot.resize(300, 220)
    qtbot.addWidget(plot)
    plot.show()
    qtbot.waitExposed(plot)
    return plot


def color_at(plot, dot):
    place = plot.place(dot)
    return plot.grab().toImage().pixelColor(round(place.x()), round(place.y())).name()


def place_of_line(plot, direction):
    start, end = plot.line(direction, plot.cuts[direction])
    return QPoint(round((start.x() + end.x()) / 2), round((start.y() + end.y()) / 2))


def drag(qtbot, plot, start, *places):
    qtbot.mousePress(plot, LEFT, pos=start)
    for place in places:
        qtbot.mouseMove(plot, place)
    qtbot.mouseRelease(plot, LEFT, pos=places[-1])


def test_each_group_has_its_colour(plot):
    assert [color_at(plot, dot) for dot in range(3)] == [RED, RED, BLUE]


def test_a_click_near_a_dot_names_it_and_one_elsewhere_nothing(plot, qtbot):
    clicked = []
    plot.dot_clicked.connect(clicked.append)
    place = plot.place(1).toPoint()
    qtbot.mouseClick(plot, LEFT, pos=place + QPoint(3, -3))
    qtbot.mouseClick(plot, LEFT, pos=place + QPoint(15, 15))
    assert clicked == [1]


def test_both_lines_are_dragged_and_released_once(plot, qtbot):
    plot.set_cuts(4, 0.3)
    dragged, released = [], []
    plot.cut_dragged.connect(lambda *cut: dragged.append(cut))
    plot.cut_released.connect(lambda: released.append(True))
    goal = plot.place(1).toPoint() + QPoint(0, 30)
    drag(qtbot, plot, place_of_line(plot, "x") - QPoint(0, 60), goal - QPoint(9, 0), goal)
    assert [direction for direction, _ in dragged] == ["x", "x"]
    assert plot.cuts["x"] == pytest.approx(5, abs=0.05)
    assert plot.cuts["y"] == 0.3
    assert released == [True]
    goal = plot.place(2).toPoint() - QPoint(30, 0)
    drag(qtbot, plot, place_of_line(plot, "y") + QPoint(60, 0), goal)
    assert dragged[-1][0] == "y"
    assert plot.cuts["y"] == pytest.approx(0.9, abs=0.02)
    assert released == [True, True]


def test_a_line_stays_within_its_axis(plot, qtbot):
    plot.set_cuts(4, None)
    start = place_of_line(plot, "x")
    drag(qtbot, plot, start, QPoint(1000, start.y()))
    assert plot.cuts["x"] == 10


def test_arrow_keys_move_the_lines(plot, qtbot):
    plot.set_cuts(5, 0.5)
    qtbot.keyClick(plot, Qt.Key.Key_Right)
    assert plot.cuts["x"] > 5
    qtbot.keyClick(plot, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert plot.cuts["y"] < 0.45


def test_a_mark_is_drawn_until_other_dots_come(plot):
    before = plot.grab().toImage()
    plot.mark(1)
    assert plot.grab().toImage() != before
    plot.set_dots([2, 5, 8], [0.1, 0.5, 0.9], [0, 0, 1])
    assert plot.grab().toImage() == before


def test_an_empty_plot_has_no_lines(plot, qtbot):
    plot.set_cuts(5, 0.5)
    plot.clear()
    qtbot.mouseClick(plot, LEFT, pos=QPoint(150, 100))
    assert plot.cuts == {"x": 5, "y": 0.5}


def test_lengths_must_agree(plot):
    with pytest.raises(ValueError, match="two scores"):
        plot.set_dots([1, 2], [1, 2], [0])
    assert QColor(RED).isValid()


def test_thousands_of_dots_are_drawn_in_a_moment(plot):
    values = np.random.default_rng(0).uniform(0, 1, (2, 2000))
    plot.set_dots(10 * values[0], values[1], np.zeros(2000, int))
    assert not plot.grab().toImage().isNull()
