import numpy as np
import pytest

pytest.importorskip("pytestqt")
pytest.importorskip("qtpy")

from qtpy.QtCore import QEvent, QPoint, Qt
from qtpy.QtGui import QColor, QHelpEvent
from qtpy.QtWidgets import QApplication, QToolTip

from napari_drpnet.plugin.plots.histogram_plot import HistogramPlot
from napari_drpnet.plugin.plots.plot import ACCENT
from napari_drpnet.project.points.axes import LogitAxis

WIDTH, HEIGHT, PAD = 216, 120, 8


@pytest.fixture
def plot(qtbot):
    """A plot of scores from 0 to 1, drawn 200 pixels wide, cut in the middle."""
    plot = HistogramPlot("height of the maximum")
    qtbot.addWidget(plot)
    plot.resize(WIDTH, HEIGHT)
    plot.set_histogram(np.linspace(0, 1, 11), [10_000, 900, 100, 9, 0, 4, 9, 4, 1, 1])
    plot.set_cut(0.5)
    plot.show()
    qtbot.waitExposed(plot)
    return plot


@pytest.fixture
def heard(plot):
    """Signals that the plot has emitted, in order."""
    heard = []
    plot.cut_dragged.connect(heard.append)
    plot.cut_released.connect(lambda: heard.append("released"))
    return heard


def at(value):
    return QPoint(round(PAD + (WIDTH - 2 * PAD) * value), HEIGHT // 2)


def colors(plot, x):
    image = plot.grab().toImage()
    return {image.pixelColor(round(x), y).name() for y in range(HEIGHT)}


def bar_height(plot, bar):
    image = plot.grab().toImage()
    x = round(PAD + (WIDTH - 2 * PAD) * (bar + 0.4) / 10)
    background = image.pixelColor(1, 1)
    frame = plot.frame()
    rows = range(round(frame.top()), round(frame.bottom()) - 1)
    return sum(image.pixelColor(x, y) != background for y in rows)


def test_setters_are_silent(plot, heard):
    plot.set_cut(0.2)
    plot.set_cut(None)
    plot.set_histogram([0, 1, 2], [3, 4])
    plot.set_caption("P(particle)")
    plot.clear()
    assert heard == []


def test_dragging_tells_the_cut_and_in_the_end_its_release(plot, heard, qtbot):
    qtbot.mousePress(plot, Qt.MouseButton.LeftButton, pos=at(0.3))
    qtbot.mouseMove(plot, at(0.7))
    qtbot.mouseRelease(plot, Qt.MouseButton.LeftButton, pos=at(0.7))
    assert heard == [0.3, 0.7, "released"]
    assert plot.cut == 0.7


def test_the_cut_stays_within_the_axis(plot, heard, qtbot):
    qtbot.mousePress(plot, Qt.MouseButton.LeftButton, pos=QPoint(-50, 50))
    qtbot.mouseMove(plot, QPoint(WIDTH + 50, 50))
    assert heard == [0, 1]


def test_a_click_at_the_cut_changes_nothing(plot, heard, qtbot):
    qtbot.mouseClick(plot, Qt.MouseButton.LeftButton, pos=at(0.5))
    qtbot.mouseClick(plot, Qt.MouseButton.RightButton, pos=at(0.1))
    assert heard == []


def test_arrow_keys_move_the_cut(plot, heard, qtbot):
    qtbot.keyClick(plot, Qt.Key.Key_Right)
    qtbot.keyClick(plot, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert heard == [0.505, "released", 0.455, "released"]


def test_a_cut_beyond_the_axis_is_kept_until_moved(plot, heard, qtbot):
    plot.set_cut(7.0)
    plot.grab()
    assert plot.cut == 7.0
    qtbot.keyClick(plot, Qt.Key.Key_Left)
    assert heard == [0.995, "released"]


def test_without_scores_or_cut_there_is_nothing_to_drag(plot, heard, qtbot):
    plot.set_cut(None)
    qtbot.mouseClick(plot, Qt.MouseButton.LeftButton, pos=at(0.3))
    plot.clear()
    plot.set_cut(0.5)
    qtbot.mouseClick(plot, Qt.MouseButton.LeftButton, pos=at(0.3))
    qtbot.keyClick(plot, Qt.Key.Key_Right)
    plot.grab()
    assert heard == []


def test_bars_are_coloured_from_the_cut_on(plot):
    plot.set_cut(0.05)
    first = colors(plot, at(0.02).x()), colors(plot, at(0.08).x())
    assert ACCENT not in first[0]
    assert ACCENT in first[1]


def test_where_nothing_is_kept_no_bar_is_coloured(plot, qtbot):
    plot.set_cut(0.05, keeps=False)
    assert ACCENT not in colors(plot, at(0.08).x())
    qtbot.mouseClick(plot, Qt.MouseButton.LeftButton, pos=at(0.03))
    assert ACCENT in colors(plot, at(0.08).x())


def test_the_colours_can_be_chosen(qtbot):
    plot = HistogramPlot(kept="#112233", dropped="#445566")
    qtbot.addWidget(plot)
    plot.resize(WIDTH, HEIGHT)
    plot.set_histogram([0, 0.5, 1], [1, 1])
    plot.set_cut(0.5)
    assert QColor("#445566").name() in colors(plot, at(0.25).x())
    assert QColor("#112233").name() in colors(plot, at(0.75).x())


def test_rare_scores_remain_visible(plot):
    tall, rare, none = bar_height(plot, 0), bar_height(plot, 8), bar_height(plot, 4)
    assert bar_height(plot, 2) == pytest.approx(tall / 10, abs=1.5)
    assert rare >= 1
    assert none == 0


def test_edges_and_counts_must_fit(plot):
    with pytest.raises(ValueError, match="n \\+ 1"):
        plot.set_histogram([0, 1], [1, 2])
    with pytest.raises(ValueError, match="n \\+ 1"):
        plot.set_histogram([1, 1], [1])
    with pytest.raises(ValueError, match="n \\+ 1"):
        plot.set_histogram([], [])


def test_on_a_logit_axis_equal_distances_are_equal_log_odds(plot, qtbot):
    logit = HistogramPlot("P(particle)", axis=LogitAxis)
    qtbot.addWidget(logit)
    logit.resize(WIDTH, HEIGHT)
    logit.set_histogram(LogitAxis().edges(10), np.ones(10))
    logit.set_cut(0.5)
    heard = []
    logit.cut_dragged.connect(heard.append)
    for share in (0, 0.1, 0.9, 1):
        qtbot.mouseClick(logit, Qt.MouseButton.LeftButton, pos=at(share))
    assert heard == [0, pytest.approx(0.004, rel=0.1), pytest.approx(0.996, rel=1e-3), 1]
    assert logit.frame().height() < plot.frame().height()  # the caption is below the ticks


def test_a_bar_tells_its_count(plot, monkeypatch):
    shown = []
    monkeypatch.setattr(QToolTip, "showText", lambda _, text, *__: shown.append(text))
    point = at(0.15)
    QApplication.sendEvent(plot, QHelpEvent(QEvent.Type.ToolTip, point, plot.mapToGlobal(point)))
    assert shown[0].startswith("900 from 0.100 to 0.200")
