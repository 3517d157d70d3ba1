import pytest

pytest.importorskip("pytestqt")
pytest.importorskip("qtpy")

from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtWidgets import QApplication, QStyle, QStyleOptionSlider

from napari_drpnet.picking.parameters import ClassifierParameters, PeakParameters
from napari_drpnet.plugin.fields.slider_field import SliderField


@pytest.fixture
def field(qtbot):
    """The threshold from 0 to 1, at 0.19 as recommended."""
    field = SliderField(PeakParameters, "threshold", 0, 1)
    qtbot.addWidget(field)
    field.resize(320, 30)
    field.set_value(0.19, is_recommended=True)
    field.show()
    qtbot.waitExposed(field)
    return field


@pytest.fixture
def heard(field):
    heard = []
    field.value_changed.connect(heard.append)
    field.editing_finished.connect(lambda: heard.append("finished"))
    field.reset_requested.connect(lambda: heard.append("reset"))
    return heard


def test_setters_are_silent(field, heard):
    field.set_value(0.7, is_recommended=False)
    field.set_range(0, 255)
    field.set_value(500, is_recommended=True)
    field.set_recommended(None)
    field.set_automatic(0.4)
    field.set_automatic(None)
    assert heard == []


def test_number_and_slider_agree(field):
    assert (field.number.text(), field.slider.value()) == ("0.190", 190)
    field.set_value(0.25, is_recommended=False)
    assert (field.number.text(), field.slider.value()) == ("0.250", 250)


def test_a_drag_tells_values_and_in_the_end_that_it_is_over(field, heard, qtbot):
    slider = field.slider
    option = QStyleOptionSlider()
    slider.initStyleOption(option)
    part = QStyle.ComplexControl.CC_Slider, option, QStyle.SubControl.SC_SliderHandle, slider
    handle = slider.style().subControlRect(*part).center()
    qtbot.mousePress(slider, Qt.MouseButton.LeftButton, pos=handle)
    for step in (10, 20, 30):
        qtbot.mouseMove(slider, handle + QPoint(step, 0))
    assert "finished" not in heard
    qtbot.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=handle + QPoint(30, 0))
    *values, last = heard
    assert last == "finished"
    assert 0.19 < values[0] < values[1] < values[2] < 1
    assert values[-1] == field.value == field.number.value()
    assert all(value == round(value, 3) for value in values)


def test_a_typed_number_counts_when_entered(field, heard, type_into):
    type_into(field.number, "0.4")
    assert heard == [0.4, "finished"]
    type_into(field.number, "0.4")
    assert heard == [0.4, "finished"]


def test_a_typed_number_beyond_the_slider_widens_it(field, heard, type_into):
    type_into(field.number, "3.5")
    assert heard == [3.5, "finished"]
    assert field.slider.maximum() == field.slider.value() == 350
    assert field.value == 3.5


def test_a_typed_number_stays_within_the_bounds_of_the_model(qtbot, type_into):
    field = SliderField(ClassifierParameters, "accept", 0, 1)
    qtbot.addWidget(field)
    field.set_value(0.5, is_recommended=False)
    type_into(field.number, "7")
    assert field.value == 0.5
    assert field.number.value() == 0.5


def test_keys_move_the_slider(field, heard, qtbot):
    qtbot.keyClick(field.slider, Qt.Key.Key_Right)
    assert heard == [0.195, "finished"]


def test_what_no_weights_recommend_has_a_default_and_a_long_unit_is_in_the_tooltip(qtbot):
    field = SliderField(PeakParameters, "min_distance", 0, 2)
    qtbot.addWidget(field)
    field.set_value(0.5, is_recommended=True)
    assert field.reset.toolTip() == "the default (0.5)"
    assert field.number.text() == "0.50"
    assert "particle diameters" in field.number.toolTip()


def test_reset_is_offered_only_when_it_would_change_something(field, heard, qtbot, type_into):
    assert not field.reset.isEnabled()
    assert field.reset.toolTip() == "as the weights recommend (0.19)"
    type_into(field.number, "0.4")
    assert field.reset.isEnabled()
    qtbot.mouseClick(field.reset, Qt.MouseButton.LeftButton)
    assert heard[-1] == "reset"
    assert field.value == 0.4


def test_what_is_found_is_shown_until_a_number_is_typed(qtbot, type_into):
    field = SliderField(ClassifierParameters, "accept", 0, 1)
    qtbot.addWidget(field)
    field.set_automatic(0.38218)
    assert (field.value, field.number.text(), field.slider.value()) == (0.38218, "0.382", 382)
    assert field.reset.toolTip() == "automatic: the cut of best expected F1 on each micrograph"
    assert not field.reset.isEnabled()
    field.set_automatic(None)
    assert field.value == 0.38218
    type_into(field.number, "0.5")
    assert field.value == 0.5
    assert field.reset.isEnabled()


def test_the_wheel_scrolls_the_panel_unless_the_field_has_the_focus(field, heard, monkeypatch):
    def turn(widget):
        center = QPointF(widget.rect().center())
        event = QWheelEvent(
            center,
            widget.mapToGlobal(center),
            QPoint(0, 120),
            QPoint(0, 120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(widget, event)

    turn(field.slider)
    turn(field.number)
    assert heard == []
    monkeypatch.setattr(field.number, "hasFocus", lambda: True)
    turn(field.number)
    assert heard == [0.191, "finished"]


def test_unit_and_bounds_come_from_the_model(qtbot):
    field = SliderField(PeakParameters, "sigma_px", -3, 5, label="sigma")
    qtbot.addWidget(field)
    field.set_value(1.5, is_recommended=False)
    assert field.number.text() == "1.50 px"
    assert field.slider.minimum() == 0
    assert "at most 50 px" in field.slider.toolTip()


def test_a_range_must_be_one(field):
    with pytest.raises(ValueError, match="must be ascending"):
        field.set_range(1, 1)
