import math

import pytest

from napari_drpnet.base.wording import counted, short_number


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 picks"), (1, "1 pick"), (2, "2 picks"), (12345, "12,345 picks")]
)
def test_the_noun_agrees_with_its_number(number, text):
    assert counted(number, "pick") == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (66670, "66670"),
        (66674.2, "66674"),
        (999.6, "1000"),
        (99.96, "100"),
        (1.0649, "1.06"),
        (2.0, "2"),
        (0.08, "0.08"),
        (-1234.5, "-1234"),
        (0, "0"),
        (1.2e-5, "1.2e-05"),
        (1e12, "1000000000000"),
        (math.inf, "inf"),
        (math.nan, "nan"),
    ],
)
def test_large_numbers_have_no_exponent(value, text):
    assert short_number(value) == text


def test_more_digits_can_be_asked_for():
    assert short_number(1.06493, 4) == "1.065"
    assert short_number(9999.7, 4) == "10000"
