import numpy as np
import pytest

pytest.importorskip("pytestqt")
pytest.importorskip("qtpy")

from napari_drpnet.plugin.plots.spectrum_plot import SpectrumPlot


@pytest.fixture
def plot(qtbot):
    plot = SpectrumPlot(empty_text="nothing")
    qtbot.addWidget(plot)
    plot.resize(300, 240)
    return plot


def greys(plot):
    """Return the pixels of the square as grey values."""
    picture, frame = plot.grab().toImage(), plot.frame()
    xs, ys = np.arange(frame.left(), frame.right()), np.arange(frame.top(), frame.bottom())
    return np.array([[picture.pixelColor(int(x), int(y)).green() for x in xs] for y in ys])


def test_the_spectrum_is_a_square_in_the_middle_with_rows_downwards(plot):
    image = np.zeros((64, 64), np.float32)
    image[:32, :32] = 1
    plot.set_image(image)
    shown = greys(plot)
    assert shown.shape == (240, 240)
    assert shown[60, 60] == 255
    assert shown[60, 180] == shown[180, 60] == 0
    assert plot.frame().left() == 30


def test_rings_are_on_the_right_half_at_their_radii(plot):
    plot.set_image(np.zeros((64, 64), np.float32))
    before = greys(plot)
    plot.set_rings([0.5])
    ys, xs = np.nonzero(greys(plot) != before)
    assert xs.min() >= 118
    assert np.hypot(ys - 119.5, xs - 119.5) == pytest.approx(60, abs=2.5)
    plot.set_rings([])
    assert (greys(plot) == before).all()


def test_a_spectrum_of_one_value_is_drawn_and_can_be_removed(plot):
    plot.set_image(np.ones((8, 8), np.float32))
    assert (greys(plot) == 0).all()
    plot.set_image(None)
    assert len(np.unique(greys(plot))) > 1  # the text
