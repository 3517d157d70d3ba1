import pytest

from napari_drpnet.picking.plausibility import find_implausible


@pytest.mark.parametrize(
    ("diameter", "pixel_size", "name", "reason"),
    [
        (15, None, "diameter", "15 Å is less than any particle"),
        (180, 0.05, "pixel size", "0.05 Å is unusual"),
        (180, 21, "pixel size", "21 Å is unusual"),
        (30, 6, "diameter", "only 5.0 pixels wide"),
    ],
)
def test_a_number_that_is_hardly_meant_is_found(diameter, pixel_size, name, reason):
    found = find_implausible(diameter, pixel_size)
    assert found.name == name
    assert reason in found.reason


@pytest.mark.parametrize(("diameter", "pixel_size"), [(20, None), (180, 0.1), (600, 20), (36, 6)])
def test_usual_numbers_are_taken(diameter, pixel_size):
    assert find_implausible(diameter, pixel_size) is None
