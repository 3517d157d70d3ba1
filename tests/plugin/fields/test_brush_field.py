import pytest

pytest.importorskip("pytestqt")
pytest.importorskip("qtpy")

from qtpy.QtCore import Qt

from napari_drpnet.plugin.fields.brush_field import BrushField
from napari_drpnet.project.view import BRUSH_LIMITS


@pytest.fixture
def field(qtbot):
    field = BrushField()
    qtbot.addWidget(field)
    field.resize(320, 30)
    field.set_value(3.0, 180.0)
    field.show()
    qtbot.waitExposed(field)
    return field


@pytest.fixture
def heard(field):
    heard = []
    field.value_changed.connect(heard.append)
    return heard


def test_it_shows_both_units_and_tells_nobody(field, heard):
    assert (field.number.text(), field.angstrom.text()) == ("3.0 ⌀", "540 Å")
    field.set_value(0.5, None)
    assert (field.number.text(), field.angstrom.text()) == ("0.5 ⌀", "")
    assert heard == []


def test_typed_numbers_stay_within_the_limits(field, heard, type_into):
    for typed in ("7.5", "999"):
        type_into(field.number, typed)
    assert heard[0] == 7.5
    assert all(value <= BRUSH_LIMITS[1] for value in heard)


def test_the_slider_runs_from_limit_to_limit(field, heard, qtbot):
    qtbot.keyClick(field.slider, Qt.Key.Key_Home)
    qtbot.keyClick(field.slider, Qt.Key.Key_End)
    assert heard == list(BRUSH_LIMITS)


@pytest.mark.parametrize("diameters", [0.5, 1.0, 3.0, 12.5, 50.0])
def test_slider_and_number_agree(field, heard, diameters):
    field.set_value(diameters, 100.0)
    position = field.slider.value()
    for moved in (abs(position - 1), position):
        field.slider.setValue(moved)
    assert heard[-1] == pytest.approx(diameters, rel=0.03, abs=0.051)


def test_the_tooltip_names_unit_and_keys(field):
    assert all(text in field.slider.toolTip() for text in ("Å", "[", "]"))
