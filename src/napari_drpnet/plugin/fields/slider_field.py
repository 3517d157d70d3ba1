"""A parameter on a slider, with a number one can type and a way back to the recommended one."""

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

from napari_drpnet.plugin.fields.controls import LABEL_WIDTH, ResetButton, guard_wheel
from napari_drpnet.plugin.fields.field_facts import FieldFacts, decimals_for

_LARGEST = 1e6
#: A longer unit stands in the tooltip only.
_LONGEST_SUFFIX = 3


class SliderField(QWidget):
    """Label, slider, number with its unit, and ↺ in one row.

    The setters never emit; only the user's hand does. A number typed beyond the slider widens it,
    up to the bounds of the parameter. Every emitted value has the decimals that are shown.

    Parameters
    ----------
    model : type
        Parameter model that holds the field.
    name : str
        The field: its bounds, unit and tooltip are read from there.
    low, high : float
        Range of the slider.
    label : str, optional
        Text before the slider; default: the name of the field.
    parent : QWidget, optional
        The widget that holds this one.

    Attributes
    ----------
    slider : QSlider
        The value in steps of its last decimal.
    number : QDoubleSpinBox
        The value as a number with its unit.
    reset : ResetButton
        Asks for the recommended value; disabled while that is shown.
    """

    #: The value (float), while it is dragged, and when it is typed.
    value_changed = Signal(float)
    #: The mouse was released after a change, or a number was typed, or a key pressed.
    editing_finished = Signal()
    #: The user wants the recommended value back.
    reset_requested = Signal()

    def __init__(
        self,
        model: type[BaseModel],
        name: str,
        low: float,
        high: float,
        *,
        label: str | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        facts = FieldFacts.read(model, name)
        self._bounds = max(facts.low, -_LARGEST), min(facts.high, _LARGEST)
        self._value = max(low, facts.low)
        self._recommended: float | None = None
        self._moved = False
        self._none_text = facts.none_text
        self._reset_text = "as the weights recommend" if facts.optional else "the default"

        self._label = QLabel(label or facts.label)
        self._label.setFixedWidth(LABEL_WIDTH)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setMinimumWidth(60)
        self.number = _number_box(facts.suffix if len(facts.suffix) <= _LONGEST_SUFFIX else "")
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
        """The value, as it was set or as the user moved it."""
        return self._value

    def set_value(self, value: float, is_recommended: bool) -> None:
        """Show a value.

        Parameters
        ----------
        value : float
            May lie outside the slider's range, which it then widens.
        is_recommended : bool
            Whether it is the one that the weights recommend, so that ↺ has nothing to do.
        """
        self._value = value
        if is_recommended:
            self.set_recommended(value)
        self.reset.setEnabled(not is_recommended)
        self._show()

    def set_automatic(self, value: float | None) -> None:
        """Show what was found where no number is given, so that ↺ has nothing to do.

        Parameters
        ----------
        value : float or None
            None while nothing is found: the slider then stays where it is.
        """
        self._value = self._value if value is None else value
        self.reset.setEnabled(False)
        self.reset.setToolTip(f"automatic: {self._none_text}")
        self._show()

    def set_recommended(self, value: float | None) -> None:
        """Tell the user, in the tooltip of ↺, what the weights recommend."""
        self._recommended = value
        known = "" if value is None else f" ({value:.3g}{self.number.suffix()})"
        self.reset.setToolTip(f"{self._reset_text}{known}")

    def set_range(self, low: float, high: float) -> None:
        """Let the slider run from `low` to `high`, as far as the parameter's bounds allow.

        Raises
        ------
        ValueError
            When `high` is not above `low`.
        """
        if not low < high:
            raise ValueError(f"a slider needs a range, not {low} to {high}")
        least, greatest = self._bounds
        self._low, self._high = max(low, least), min(high, greatest)
        self._show()

    def _show(self) -> None:
        self._low, self._high = min(self._low, self._value), max(self._high, self._value)
        self._decimals = decimals_for(self._high - self._low)
        low, high, here = (self._position(v) for v in (self._low, self._high, self._value))
        with QSignalBlocker(self.slider), QSignalBlocker(self.number):
            self.slider.setRange(low, high)
            self.slider.setSingleStep(max((high - low) // 200, 1))
            self.slider.setPageStep(max((high - low) // 20, 1))
            self.slider.setValue(here)
            self.number.setDecimals(self._decimals)
            self.number.setRange(*self._bounds)
            self.number.setSingleStep(10.0**-self._decimals)
            self.number.setValue(self._value)

    def _position(self, value: float) -> int:
        """Return where a value lies on the slider, whose steps are the last decimal shown."""
        return round(value * 10**self._decimals)

    def _on_slider_moved(self, position: int) -> None:
        self._change(position / 10**self._decimals)
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


def _number_box(suffix: str) -> QDoubleSpinBox:
    box = QDoubleSpinBox()
    box.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
    box.setKeyboardTracking(False)
    box.setSuffix(suffix)
    # napari's theme makes number boxes wide: room for two buttons that this one does not have.
    box.setStyleSheet("min-width: 56px; max-width: 56px; padding: 1px 6px")
    box.setAlignment(Qt.AlignmentFlag.AlignRight)
    return box
