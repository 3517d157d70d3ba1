import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_drpnet.project.points.axes import LinearAxis, LogAxis, LogitAxis

LOGIT, LOG = LogitAxis(), LogAxis(0.1, 1000)
ROUNDED = [0.0, 0.00123, 0.0456, 0.1, 0.5, 0.9, 0.954, 0.9971, 1.0]


@pytest.mark.parametrize("span", [1e-3, 0.05, 0.4, 1, 5, 10, 50, 255, 4000])
def test_a_linear_axis_tells_a_hundredth_of_its_range_apart(span):
    axis = LinearAxis(0, span)
    assert span / 10_000 < axis.step <= max(span / 100, 1)
    assert axis.most_decimals == len(axis.text(span).partition(".")[2])


@pytest.mark.parametrize(("low", "high"), [(1, 1), (2, 1), (0, float("nan"))])
def test_an_axis_is_ascending(low, high):
    with pytest.raises(ValueError, match="must be ascending"):
        LinearAxis(low, high)


@pytest.mark.parametrize("axis", [LinearAxis(-2, 3), LOGIT, LOG])
def test_bins_are_equally_wide_on_the_axis_and_cover_it(axis):
    edges = axis.edges(10)
    assert edges[[0, -1]].tolist() == [axis.low, axis.high]
    np.testing.assert_allclose(axis.shares(edges), np.linspace(0, 1, 11), atol=1e-12)


@pytest.mark.parametrize("axis", [LinearAxis(-2, 3), LOGIT, LOG])
def test_values_beyond_the_ends_are_at_the_ends(axis):
    assert axis.shares([-9, 9000]).tolist() == [0, 1]
    assert [axis.at_share(-0.5), axis.at_share(1.5)] == [axis.low, axis.high]


def test_a_logit_axis_resolves_values_near_0_and_1():
    """Half of the axis is for the values that share 10 % of a linear one."""
    low, high = LOGIT.shares([0.05, 0.95])
    assert high - low == pytest.approx(0.43, abs=0.01)
    near, nearer = LOGIT.shares([0.99, 0.998])
    assert nearer - near > 0.1
    np.testing.assert_allclose(LOGIT.shares(0.2) + LOGIT.shares(0.8), 1)


def test_a_slider_on_a_logit_axis_reaches_0_and_1():
    assert LOGIT.at_tick(LOGIT.tick(0.0)) == 0.0
    assert LOGIT.at_tick(LOGIT.tick(1.0)) == 1.0
    assert LOGIT.at_tick(LOGIT.tick(0.0) + 2) == pytest.approx(0.001, rel=0.1)


@given(st.integers(-350, 349))
def test_each_step_of_a_slider_on_a_logit_axis_is_another_value(tick):
    assert LOGIT.at_tick(tick) < LOGIT.at_tick(tick + 1)
    assert LOGIT.tick(LOGIT.at_tick(tick)) == tick


@pytest.mark.parametrize("share", [0.005, 0.05, -0.005, -0.05])
@pytest.mark.parametrize("value", [0.002, 0.1, 0.11, 0.5, 0.899, 0.9, 0.998])
def test_a_move_along_a_logit_axis_is_seen(value, share):
    moved = LOGIT.moved(value, share)
    assert (moved - value) * share > 0
    np.testing.assert_allclose(LOGIT.shares(moved) - LOGIT.shares(value), share, atol=1e-3)


def test_decades_are_equally_wide_on_a_logarithmic_axis():
    np.testing.assert_allclose(LOG.shares([0, 0.1, 1, 10, 100, 1000]), [0, 0, 0.25, 0.5, 0.75, 1])
    texts = [LOG.text(value) for value in (0.0, 0.25, 12.3456, 1000)]
    assert texts == ["0", "0.25", "12.3456", "1000"]
    assert LOG.at_share(0.9) == 398.0
    assert LOG.including(5000) == LogAxis(0.1, 5000)
    assert LOG.including(0) == LOG


def test_a_move_is_at_least_one_step():
    assert LinearAxis(0, 1).moved(0.5, 1e-9) == 0.501
    assert LinearAxis(0, 1).moved(0.5, -1e-9) == 0.499


@pytest.mark.parametrize("value", ROUNDED)
def test_rounded_probabilities_stay_and_are_written_without_zeros_at_the_end(value):
    assert LOGIT.rounded(value) == value
    assert float(LOGIT.text(value)) == value
    assert len(LOGIT.text(value)) >= len("0.10")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.9534217, "0.9534"),  # found: as many digits as can be told apart
        (0.0012345678, "0.00123"),
        (0.99953, "0.99953"),  # typed: all digits
        (0.123456, "0.123456"),
        (1e-9, "0.00"),
    ],
)
def test_typed_probabilities_are_shown_with_all_digits_and_others_rounded(value, text):
    assert LOGIT.text(value) == text


def test_only_a_linear_axis_is_extended():
    assert LinearAxis(0, 1).including(3) == LinearAxis(0, 3)
    assert LinearAxis(0, 1).including(-3) == LinearAxis(-3, 1)
    assert LinearAxis(0, 1).including(0.5) == LinearAxis(0, 1)
    assert LOGIT.including(1.0) == LOGIT


def test_ticks_begin_and_end_with_the_axis():
    assert LinearAxis(0, 3.14159).ticks == (0, 3.14)
    assert LOGIT.ticks[0] == LOGIT.low
    assert LOGIT.ticks[-1] == LOGIT.high
