import pytest

pytest.importorskip("pytestqt")
pytest.importorskip("magicgui")

from magicgui.widgets import CheckBox, ComboBox, Container, FloatSpinBox, LineEdit
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLineEdit

from napari_drpnet.picking.parameters import DetectorParameters, ParticleParameters, PeakParameters
from napari_drpnet.plugin.fields.forms import (
    FileChoice,
    FormRows,
    WholeSpinBox,
    field_widget,
    show_value,
)
from napari_drpnet.plugin.fields.optional_field import OptionalField
from napari_drpnet.simulation.parameters import SimulationParameters


@pytest.fixture
def make(qtbot):
    """A function that makes a field in a window, and a list of what it tells."""
    windows = []

    def make(model, name, **settings):
        field = field_widget(model, name, **settings)
        windows.append(FormRows(field))
        qtbot.addWidget(windows[-1])
        windows[-1].show()
        heard = []
        field.changed.connect(heard.append)
        return field, heard

    return make


@pytest.mark.parametrize(
    ("model", "name", "kind", "default"),
    [
        (PeakParameters, "min_distance", FloatSpinBox, 0.5),
        (PeakParameters, "level", WholeSpinBox, 1),
        (ParticleParameters, "polarity", ComboBox, "auto"),
        (DetectorParameters, "device", LineEdit, "auto"),
        (SimulationParameters, "carbon", CheckBox, False),
        (PeakParameters, "border", OptionalField, None),
        (DetectorParameters, "normalization", OptionalField, None),
    ],
)
def test_each_kind_of_field_has_its_widget_and_default(make, model, name, kind, default):
    field, heard = make(model, name)
    assert isinstance(field, kind)
    assert field.value == default
    assert field.name == name
    assert heard == []


def test_a_number_has_the_unit_and_bounds_of_its_model(make):
    field, _ = make(PeakParameters, "min_distance", label="distance")
    assert field.native.text() == "0.50 diameters"
    assert (field.min, field.max, field.label) == (0, 5, "distance")
    assert PeakParameters.model_fields["min_distance"].title in field.tooltip


def test_a_pixel_size_keeps_four_decimals(make):
    field, _ = make(ParticleParameters, "pixel_size_angstrom")
    field.value = 0.6575
    assert field.value == 0.6575


def test_a_number_is_told_when_entered_not_at_each_digit(make, type_into):
    field, heard = make(ParticleParameters, "diameter_angstrom")
    type_into(field.native, "180")
    assert heard == [180]


def test_a_whole_number_is_an_int(make, type_into):
    field, heard = make(PeakParameters, "level")
    type_into(field.native, "3")
    assert heard == [3]
    assert isinstance(heard[0], int)
    assert isinstance(field.value, int)


def test_show_value_is_silent(make):
    field, heard = make(PeakParameters, "border")
    show_value(field, 0.7)
    assert field.value == 0.7
    show_value(field, None)
    assert field.value is None
    assert heard == []
    field.value = 0.3
    assert heard == [0.3]


def test_none_is_a_text_until_a_number_is_given(make, qtbot, type_into):
    field, heard = make(PeakParameters, "max_count")
    native = field.inner.native
    assert native.text() == "no limit"
    assert not field.reset.isEnabled()
    type_into(native, "1")
    assert (field.value, heard) == (1, [1])
    assert native.text() == "1"
    qtbot.mouseClick(field.reset, Qt.MouseButton.LeftButton)
    assert (field.value, heard) == (None, [1, None])
    assert native.text() == "no limit"


def test_stepping_below_the_least_number_is_none(make, qtbot):
    field, heard = make(PeakParameters, "max_count")
    field.value = 1
    qtbot.keyClick(field.inner.native, Qt.Key.Key_Down)
    assert field.value is None
    assert heard == [1, None]


def is_grey(field):
    return field.inner.native.findChild(QLineEdit).graphicsEffect().isEnabled()


def is_italic(field):
    return field.inner.native.findChild(QLineEdit).font().italic()


def test_a_recommended_number_is_grey_while_none(make, type_into):
    field, heard = make(PeakParameters, "border")
    field.set_recommended(0.5)
    native = field.inner.native
    assert (field.value, native.text()) == (None, "0.50 diameters")
    assert is_grey(field)
    assert native.graphicsEffect() is None  # the frame is grey only where a field is disabled
    assert native.toolTip().endswith("Grey: the default, until you give a value")
    assert "0.5" in field.reset.toolTip()
    type_into(native, "0.8")
    assert (field.value, heard) == (0.8, [0.8])
    assert not is_grey(field)
    assert native.toolTip() == field.tooltip
    field.set_recommended(0.6)
    assert field.value == 0.8
    field.value = None
    assert native.text() == "0.60 diameters"
    field.set_recommended(None)
    assert native.text() == "as recommended"
    assert heard == [0.8, None]


def test_a_number_of_the_file_is_in_italics_while_none(make, type_into):
    field, _ = make(ParticleParameters, "pixel_size_angstrom")
    native = field.inner.native
    field.set_recommended(2.0, origin="file")
    assert (field.value, native.text()) == (None, "file: 2.0000 Å")
    assert is_italic(field)
    assert not is_grey(field)
    assert "Italics: from the file" in native.toolTip()
    type_into(native, "1.06")
    assert native.text() == "1.0600 Å"
    assert not is_italic(field)
    field.value = None
    assert is_italic(field)


def test_a_number_that_is_missing_is_asked_for(make):
    field, _ = make(ParticleParameters, "pixel_size_angstrom")
    field.set_recommended(None, origin="missing", text="give it in Å")
    assert field.inner.native.text() == "give it in Å"
    assert not is_grey(field)
    assert not is_italic(field)
    field.set_recommended(None)
    assert field.inner.native.text() == "from its header"


def test_none_is_the_first_choice_of_a_list(make, qtbot):
    field, heard = make(DetectorParameters, "map_units")
    native = field.inner.native
    assert native.currentText() == "as recommended"
    field.set_recommended("absolute")
    assert (field.value, native.currentText()) == (None, "auto: absolute")
    native.setCurrentIndex(2)
    assert (field.value, heard) == ("published", ["published"])
    native.setCurrentIndex(0)
    assert (field.value, heard) == (None, ["published", None])


def test_none_survives_a_new_home(make):
    field, heard = make(DetectorParameters, "map_units")
    field.set_recommended("absolute")
    container = Container(widgets=[field])
    container.reset_choices()
    assert field.value is None
    assert heard == []


def weights(names=("default", "lab"), file=None):
    return {"choices": lambda: names, "choose_file": lambda: file}


def choose(field, text):
    field.native.setCurrentIndex(field.native.findText(text))


def test_another_file_can_be_chosen(make):
    field, heard = make(DetectorParameters, "weights", **weights(file="/lab/mine.safetensors"))
    assert isinstance(field, FileChoice)
    choose(field, "Other file…")
    assert (field.value, heard) == ("/lab/mine.safetensors", ["/lab/mine.safetensors"])
    assert field.native.currentText() == "mine.safetensors"
    choose(field, "lab")
    assert heard[1:] == ["lab"]


def test_no_file_leaves_the_choice_as_it_was(make):
    field, heard = make(DetectorParameters, "weights", **weights())
    choose(field, "lab")
    choose(field, "Other file…")
    assert field.value == "lab"
    assert heard == ["lab"]


def test_a_file_of_a_saved_project_joins_the_list(make):
    field, heard = make(DetectorParameters, "weights", **weights())
    for folder in ("a", "b"):
        show_value(field, f"/{folder}/mine.safetensors")
        assert field.value == f"/{folder}/mine.safetensors"
    choose(field, "Other file…")
    assert field.value == "/b/mine.safetensors"
    assert heard == []


def test_choices_are_asked_again(make):
    names = ["default"]
    field, _ = make(DetectorParameters, "weights", choices=lambda: names)
    names.append("new")
    field.reset_choices()
    assert field.choices == ("default", "new")


def test_names_and_values_stand_in_columns(qtbot):
    names = ("border", "max_count", "min_distance", "level")
    fields = [field_widget(PeakParameters, name) for name in names]
    rows = FormRows(*fields)
    qtbot.addWidget(rows)
    rows.resize(320, 200)
    rows.show()
    qtbot.waitExposed(rows)
    boxes = [field.inner.native if isinstance(field, OptionalField) else field.native
             for field in fields]  # fmt: skip
    edges = {(b.mapTo(rows, b.rect().topLeft()).x(), b.width()) for b in boxes}
    assert len(edges) == 1
    assert rows.minimumSizeHint().width() <= 320
