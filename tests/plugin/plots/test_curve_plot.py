import numpy as np
import pytest

pytest.importorskip("pytestqt")
pytest.importorskip("qtpy")

from napari_drpnet.evaluation.precision_recall import Rates
from napari_drpnet.plugin.plots.curve_plot import CurvePlot
from napari_drpnet.plugin.plots.plot import ACCENT


@pytest.fixture
def plot(qtbot):
    plot = CurvePlot()
    qtbot.addWidget(plot)
    plot.resize(300, 200)
    return plot


def where(plot, color):
    """Mean place ``(recall, precision)`` of the pixels of a colour, None for none."""
    image, frame = plot.grab().toImage(), plot.frame()
    found = [
        (x, y)
        for x in range(round(frame.center().x()), image.width())
        for y in range(image.height())
        if image.pixelColor(x, y).name() == color
    ]
    if not found:
        return None
    x, y = np.mean(found, axis=0) + 0.5
    return (x - frame.left()) / frame.width(), (frame.bottom() - y) / frame.height()


def test_the_current_point_lies_at_its_rates(plot):
    plot.set_curve([0, 0.5, 1], [1, 0.9, 0.2])
    plot.set_point(Rates(precision=0.25, recall=0.8, f1=0.38))
    assert where(plot, ACCENT) == pytest.approx((0.8, 0.25), abs=0.01)
    plot.set_point(None)
    assert where(plot, ACCENT) is None


def test_clear_takes_everything_away(plot):
    empty = plot.grab().toImage()
    plot.set_curve([0, 1], [1, 0])
    plot.set_point(Rates(0.5, 0.5, 0.5))
    plot.set_best(Rates(0.6, 0.6, 0.6))
    assert plot.grab().toImage() != empty
    plot.clear()
    assert plot.grab().toImage() == empty


def test_the_best_point_is_drawn(plot):
    plot.set_curve([0, 1], [1, 0])
    without = plot.grab().toImage()
    plot.set_best(Rates(0.6, 0.6, 0.6))
    assert plot.grab().toImage() != without


def test_a_long_curve_is_thinned_but_keeps_its_ends(plot):
    recall = np.linspace(0, 1, 50_000)
    plot.set_curve(recall, 1 - recall)
    curve = plot.curve
    assert curve.size() == 1000
    assert (curve[0].x(), curve[0].y()) == (0, 1)
    assert (curve[999].x(), curve[999].y()) == (1, 0)


def test_an_empty_curve_shows_the_empty_text(plot):
    empty = plot.grab().toImage()
    plot.set_curve([], [])
    assert plot.grab().toImage() == empty


def test_recall_and_precision_have_one_length(plot):
    with pytest.raises(ValueError):
        plot.set_curve([0, 1], [1])
