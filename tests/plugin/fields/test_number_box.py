import pytest

pytest.importorskip("pytestqt")
pytest.importorskip("napari")

from qtpy.QtCore import QLocale
from qtpy.QtWidgets import QApplication, QDoubleSpinBox, QLineEdit

from napari_drpnet.picking.parameters import ParticleParameters, PeakParameters
from napari_drpnet.plugin.fields.brush_field import BrushField
from napari_drpnet.plugin.fields.forms import FormRows, field_widget
from napari_drpnet.plugin.fields.number_box import set_up_number
from napari_drpnet.plugin.fields.slider_field import SliderField
from napari_drpnet.plugin.panels.picker import PickerPanel


@pytest.fixture(params=["de_DE", "fr_FR", "pl_PL", "en_US", "de_CH"])
def locale(request):
    """The locale of the user, as Qt finds it at its start."""
    before = QLocale()
    QLocale.setDefault(QLocale(request.param))
    yield request.param
    QLocale.setDefault(before)


def boxes():
    """The box of each kind of field for numbers, with what keeps it alive."""
    form = FormRows(size := field_widget(ParticleParameters, "pixel_size_angstrom"))
    slider = SliderField(PeakParameters, "sigma_px", 0, 5)
    brush = BrushField()
    return {
        "form": (form, size.inner.native),
        "slider": (slider, slider.number),
        "brush": (brush, brush.number),
    }


@pytest.mark.parametrize("kind", ["form", "slider", "brush"])
@pytest.mark.parametrize("typed", ["1.5", "1,5"])
def test_point_and_comma_are_the_decimal_point(locale, kind, typed, qtbot, type_into):
    window, box = boxes()[kind]
    qtbot.addWidget(window)
    window.show()
    type_into(box, typed)
    assert box.value() == 1.5
    assert box.text().startswith("1.5")


@pytest.fixture
def box(qtbot):
    box = QDoubleSpinBox()
    set_up_number(box)
    box.setDecimals(4)
    box.setRange(0, 1e6)
    box.setSuffix(" Å")
    qtbot.addWidget(box)
    box.show()
    return box


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("1,06", 1.06),
        ("1.06", 1.06),
        (",5", 0.5),
        ("1,234.5", 1.2345),
        ("12 000", 12000),
        ("0,65", 0.65),
        ("66670", 66670),
    ],
)
def test_there_are_no_thousands_separators(locale, box, type_into, typed, value):
    type_into(box, typed)
    assert box.value() == value


def test_a_pasted_number_may_have_a_comma(locale, box):
    QApplication.clipboard().setText("1,06")
    box.selectAll()
    box.findChild(QLineEdit).paste()
    box.interpretText()
    assert box.value() == 1.06


def test_a_text_in_place_of_the_least_number_may_have_a_comma(box, type_into):
    box.setSpecialValueText("that of the list, else of the file")
    box.setValue(0)
    box.interpretText()
    assert box.text() == "that of the list, else of the file"
    type_into(box, "1,06")
    type_into(box, "0")
    assert box.value() == 0


def test_every_box_of_the_window_reads_a_comma(qtbot, session, viewer):
    picker = PickerPanel(viewer)
    qtbot.addWidget(picker)
    found = picker.findChildren(QDoubleSpinBox)
    assert len(found) > 10
    for box in found:
        validator = box.findChild(QLineEdit).validator()
        assert validator.validate("1,0", 3)[1].startswith("1.0")
