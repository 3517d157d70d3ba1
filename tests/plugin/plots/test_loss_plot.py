import numpy as np
import pytest

pytest.importorskip("pytestqt")
pytest.importorskip("qtpy")

from qtpy.QtGui import QColor

from napari_drpnet.plugin.plots.loss_plot import LossPlot
from napari_drpnet.plugin.plots.plot import ACCENT


@pytest.fixture
def plot(qtbot):
    plot = LossPlot()
    qtbot.addWidget(plot)
    plot.resize(300, 120)
    return plot


def alone(reports):
    """Reports of a training that holds nothing out."""
    return [(step, loss, np.nan) for step, loss in reports]


def line(plot):
    """Places ``(step, loss)`` of the pixels of the line, as shares of the axes."""
    image, frame = plot.grab().toImage(), plot.frame()
    accent = QColor(ACCENT)
    near = [
        (x + 0.5, y + 0.5)
        for x in range(image.width())
        for y in range(image.height())
        if image.pixelColor(x, y) == accent
    ]
    x, y = np.array(near).T
    return (x - frame.left()) / frame.width(), (frame.bottom() - y) / frame.height()


def test_the_line_falls_from_the_first_loss_to_the_last(plot):
    plot.set_reports(alone([(0, 0.8), (50, 0.2), (100, 0.2)]))
    steps, losses = line(plot)
    assert losses[steps < 0.05].mean() == pytest.approx(1, abs=0.1)
    assert losses[steps > 0.6].mean() == pytest.approx(0.25, abs=0.03)
    assert steps.max() == pytest.approx(1, abs=0.02)


def test_one_report_is_a_dot(plot):
    plot.set_reports(alone([(3, 0.5)]))
    steps, losses = line(plot)
    assert steps.mean() == pytest.approx(1, abs=0.02)
    assert losses.mean() == pytest.approx(1, abs=0.05)


def test_without_reports_it_says_so(plot):
    empty = plot.grab().toImage()
    plot.set_reports(alone([(0, 1.0), (1, 0.5)]))
    assert plot.grab().toImage() != empty
    plot.set_reports([])
    assert plot.grab().toImage() == empty


def test_a_loss_that_is_no_number_is_left_out(plot):
    plot.set_reports(alone([(0, 1.0), (1, np.nan), (2, 0.5)]))
    with_gap = plot.grab().toImage()
    plot.set_reports(alone([(0, 1.0), (2, 0.5)]))
    assert plot.grab().toImage() == with_gap


def test_a_loss_of_nothing_is_drawn_at_the_bottom(plot):
    plot.set_reports(alone([(0, 0.0), (10, 0.0)]))
    assert line(plot)[1].max() < 0.05


def test_what_is_held_out_has_a_line_of_its_own(plot):
    reports = [(0, 0.8), (50, 0.2), (100, 0.2)]
    plot.set_reports(alone(reports))
    one = plot.grab().toImage()
    plot.set_reports([(step, loss, 0.8 - loss / 2) for step, loss in reports])
    assert plot.grab().toImage() != one
    steps, losses = line(plot)
    assert losses[steps > 0.6].mean() == pytest.approx(0.25, abs=0.03)  # as before
    plot.set_reports([(0, np.nan, 0.5), (1, np.nan, 0.25)])
    assert plot.grab().toImage() != one
