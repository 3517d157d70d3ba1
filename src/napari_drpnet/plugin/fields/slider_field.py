"""Form field with a slider, a number and a reset button."""

from pydantic import BaseModel
from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import (
    QAbstractSpinBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QSlider,
    QWidget,
)

from napari_drpnet.base.wording import short_number
from napari_drpnet.plugin.fields.controls import LABEL_WIDTH, ResetButton, guard_wheel
from napari_drpnet.plugin.fields.field_facts import FieldFacts
from napari_drpnet.plugin.fields.number_box import set_up_number
from napari_drpnet.project.points.axes import Axis, LinearAxis

_LARGEST = 1e6
#: Greatest length of a unit beside the number; longer ones are in the tooltip only.
_LONGEST_SUFFIX = 3


class SliderField(QWidget):
    """Row with a label, a slider, a number with its unit, and ↺.

    Signals are emitted only for changes by the user, not by the setters. Typing a number outside
    the range of the slider extends that range, up to the bounds of the parameter. Values from the
    slider are rounded to what its axis can show.

    Parameters
    ----------
    model : type
        Parameter model that holds the field.
    name : str
        Name of the field, from which bounds, unit and tooltip are read.
    low, high : float
        Range of the slider.
    label : str, optional
        Text before the slider. Default: the name of the field in plain words.
    axis : type
        Kind of axis on which the slider places values.
    parent : QWidget, optional
        Parent widget.

    Attributes
    ----------
    slider : QSlider
        Slider of the value, in steps of its axis.
    number : QDoubleSpinBox
        Spin box of the value, with its unit.
    reset : ResetButton
        Button that requests the recommended value; disabled while that value is shown.
    """

    #: Emitted with the value (float) during a drag, and when a number is typed.
    value_changed = Signal(float)
    #: Emitted when a change ends: on mouse release, or after a typed number or a key.
    editing_finished = Signal()
    #: Emitted when the user requests the recommended value.
    reset_requested = Signal()

    def __init__(
        self,
        model: type[BaseModel],
        name: str,
        low: float,
        high: float,
        *,
        label: str | None = None,
        axis: type[Axis] = LinearAxis,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        facts = FieldFacts.read(model, name)
        self._bounds = max(facts.low, -_LARGEST), min(facts.high, _LARGEST)
        self._axis = axis(low, high)
        self._value = max(low, facts.low)
        self._recommended: float | None = None
        self._moved = False
        self._none_text = facts.none_text
        self._reset_text = "as the weights recommend" if facts.optional else "the default"

        self._label = QLabel(label or facts.label)
        self._label.setFixedWidth(LABEL_WIDTH)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setMinimumWidth(60)
        suffix = facts.suffix if len(facts.suffix) <= _LONGEST_SUFFIX else ""
        self.number = _NumberBox(self._axis, suffix)
        self.reset = ResetButton()
        self.reset.setEnabled(False)
        self._lay_out(facts.tooltip)

        self.set_range(low, high)
        self.set_recommended(None)
        self.slider.valueChanged.connect(self._on_slider_moved)
        self.slider.sliderReleased.connect(self._finish)
        self.number.valueChanged.connect(self._on_number_typed)
        self.reset.clicked.connect(self.reset_requested)

    def _lay_out(self, tooltip: str) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        for part in (self._label, self.slider, self.number, self.reset):
            row.addWidget(part, stretch=int(part is self.slider))
        for part in (self._label, self.slider, self.number):
            part.setToolTip(tooltip)
        for part in (self.slider, self.number):
            part.setAccessibleName(self._label.text())
            guard_wheel(part)

    @property
    def value(self) -> float:
        """The value, as it was set by the code or by the user."""
        return self._value

    def set_value(self, value: float, is_recommended: bool) -> None:
        """Show a value.

        Parameters
        ----------
        value : float
            Value to show. If it is outside the range of the slider, the range is extended.
        is_recommended : bool
            Whether it is the value that the weights recommend; ↺ is then disabled.
        """
        self._value = value
        if is_recommended:
            self.set_recommended(value)
        self.reset.setEnabled(not is_recommended)
        self._show()

    def set_automatic(self, value: float | None) -> None:
        """Show a value that was determined automatically, and disable ↺.

        Parameters
        ----------
        value : float or None
            Value to show; None while it is unknown, which leaves the slider where it is.
        """
        self._value = self._value if value is None else value
        self.reset.setEnabled(False)
        self.reset.setToolTip(f"automatic: {self._none_text}")
        self._show()

    def set_recommended(self, value: float | None) -> None:
        """Set the recommended value that the tooltip of ↺ shows; None if it is unknown."""
        self._recommended = value
        known = "" if value is None else f" ({short_number(value)}{self.number.suffix()})"
        self.reset.setToolTip(f"{self._reset_text}{known}")

    def set_range(self, low: float, high: float) -> None:
        """Set the range of the slider, within the bounds of the parameter.

        Raises
        ------
        ValueError
            If `high` is not above `low`.
        """
        least, greatest = self._bounds
        self._axis = type(self._axis)(max(low, least), min(high, greatest))
        self._show()

    def _show(self) -> None:
        axis = self._axis = self._axis.including(self._value)
        low, high, here = (axis.tick(value) for value in (axis.low, axis.high, self._value))
        with QSignalBlocker(self.slider), QSignalBlocker(self.number):
            self.slider.setRange(low, high)
            self.slider.setSingleStep(max((high - low) // 200, 1))
            self.slider.setPageStep(max((high - low) // 20, 1))
            self.slider.setValue(here)
            self.number.show_value(self._value, axis, self._bounds)

    def _on_slider_moved(self, tick: int) -> None:
        self._change(self._axis.at_tick(tick))
        if not self.slider.isSliderDown():
            self._finish()

    def _on_number_typed(self, value: float) -> None:
        self._change(value)
        self._finish()

    def _change(self, value: float) -> None:
        if value == self._value:
            return
        self._value = value
        self._moved = True
        self.reset.setEnabled(True)
        self._show()
        self.value_changed.emit(value)

    def _finish(self) -> None:
        if self._moved:
            self._moved = False
            self.editing_finished.emit()


class _NumberBox(QDoubleSpinBox):
    """Spin box without buttons that writes and steps numbers as an axis does."""

    def __init__(self, axis: Axis, suffix: str) -> None:
        super().__init__()
        self._axis = axis
        self.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
        set_up_number(self)
        self.setSuffix(suffix)
        # napari's theme leaves room for two buttons, which this box does not have.
        self.setStyleSheet("min-width: 56px; max-width: 56px; padding: 1px 6px")
        self.setAlignment(Qt.AlignmentFlag.AlignRight)

    def show_value(self, value: float, axis: Axis, bounds: tuple[float, float]) -> None:
        """Show a value on an axis; `bounds` are those of typed numbers."""
        self._axis = axis
        self.setDecimals(axis.most_decimals)
        self.setRange(*bounds)
        self.setValue(axis.shown(value))

    def textFromValue(self, value: float) -> str:
        """Return a number with the decimals of the axis."""
        return str(self.locale().toString(value, "f", self._axis.decimals(value)))

    def stepBy(self, steps: int) -> None:
        """Move the value by steps of the axis."""
        self.setValue(self._axis.at_tick(self._axis.tick(self.value()) + steps))
