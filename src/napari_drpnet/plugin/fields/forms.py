"""Form widgets made from the fields of parameter models: bounds, unit, tooltip and default.

As everywhere in magicgui, `widget.changed` is emitted when the user or the code changes
`widget.value`; `show_value` sets the value without emitting.
"""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from magicgui.widgets import CheckBox, ComboBox, FloatSpinBox, LineEdit
from magicgui.widgets.bases import ValueWidget
from pydantic import BaseModel
from qtpy.QtWidgets import (
    QComboBox,
    QGridLayout,
    QLabel,
    QWidget,
)

from napari_drpnet.plugin.fields.controls import LABEL_WIDTH, RESET_WIDTH, guard_wheel
from napari_drpnet.plugin.fields.field_facts import FieldFacts
from napari_drpnet.plugin.fields.number_box import set_up_number
from napari_drpnet.plugin.fields.optional_field import OptionalField

_LARGEST = 1e9
_NARROWEST = 60
_NARROW = QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
_OTHER_FILE = object()


def field_widget(
    model: type[BaseModel],
    name: str,
    *,
    label: str | None = None,
    choices: Callable[[], Sequence[str]] | None = None,
    choose_file: Callable[[], str | None] | None = None,
) -> ValueWidget[Any]:
    """Create the widget of one parameter.

    Parameters
    ----------
    model : type
        Parameter model that holds the field.
    name : str
        Name of the field.
    label : str, optional
        Label of the widget. Default: the name of the field in plain words.
    choices : callable, optional
        Function that returns the choices of a text field; `reset_choices` calls it again.
    choose_file : callable, optional
        Function that asks the user for another file and returns its path, or None. It is used
        only with `choices`.

    Returns
    -------
    ValueWidget
        Spin box, combo box, line edit or check box; an `OptionalField` if None is allowed.
    """
    facts = FieldFacts.read(model, name)
    about = {"name": name, "label": label or facts.label, "tooltip": facts.tooltip}
    inner = _plain_widget(facts, choices, choose_file, about)
    inner.native.setMinimumWidth(_NARROWEST)
    guard_wheel(inner.native)
    if isinstance(inner, ComboBox):
        inner.native.setSizeAdjustPolicy(_NARROW)
        inner.native.setMinimumContentsLength(6)
    if facts.optional:
        return OptionalField(inner, facts.none_text, **about)
    if facts.default is not None:
        inner.value = facts.default
    return inner


def show_value(widget: ValueWidget[Any], value: Any) -> None:
    """Set the value of a widget without emitting `changed`."""
    with widget.changed.blocked():
        widget.value = value


class WholeSpinBox(FloatSpinBox):
    """Spin box for integers that, unlike magicgui's own, can show a unit and a text."""

    def get_value(self) -> int:
        """Return the value."""
        return int(super().get_value())

    def _on_value_change(self, value: float = 0) -> None:
        super()._on_value_change(int(value))


class FileChoice(ComboBox):
    """Combo box of names, and of one file that is not among them.

    Parameters
    ----------
    names : callable
        Function that returns the names, at least one.
    choose_file : callable, optional
        Function that asks the user for another file and returns its path, or None. Default:
        other files are not offered.
    **about : Any
        Name, label and tooltip.
    """

    def __init__(
        self,
        names: Callable[[], Sequence[str]],
        choose_file: Callable[[], str | None] | None = None,
        **about: Any,
    ) -> None:
        self._names = names
        self._choose_file = choose_file
        self._file: str | None = None
        self._last = ""
        super().__init__(choices=self._list_choices, **about)
        self._last = self.get_value()

    @property
    def value(self) -> str:
        """The chosen name or file; a file that is not in the list is added when it is set."""
        return super().value

    @value.setter
    def value(self, value: str) -> None:
        if value not in self.choices:
            self._file = value
            with self.changed.blocked():
                self.reset_choices()
        ComboBox.value.fset(self, value)
        self._last = value

    def _list_choices(self, _: object) -> list[tuple[str, Any]]:
        names = [(name, name) for name in self._names()]
        files = [(Path(self._file).name, self._file)] if self._file else []
        other = [("Other file…", _OTHER_FILE)] if self._choose_file else []
        return [*names, *files, *other]

    def _on_value_change(self, value: Any = None) -> None:
        if value is not _OTHER_FILE:
            self._last = value
            super()._on_value_change(value)
            return
        previous = self._last
        with self.changed.blocked():
            self.value = (self._choose_file and self._choose_file()) or previous
        if self.value != previous:
            self.changed.emit(self.value)


class FormRows(QWidget):
    """Form with one field in a row; names, values and ↺ are aligned in columns.

    Parameters
    ----------
    *rows : ValueWidget or QWidget
        Fields made by `field_widget`. A QWidget, such as a `SliderField`, takes the whole row.
    """

    def __init__(self, *rows: ValueWidget[Any] | QWidget) -> None:
        super().__init__()
        self._rows = rows  # magicgui needs a reference for as long as the window lives
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(4)
        grid.setColumnMinimumWidth(2, RESET_WIDTH)
        grid.setColumnStretch(1, 1)
        for k, row in enumerate(rows):
            if isinstance(row, QWidget):
                grid.addWidget(row, k, 0, 1, 3)
                continue
            if not isinstance(row, CheckBox):
                grid.addWidget(_label(row), k, 0)
            grid.addWidget(row.native, k, 1, 1, 2 if isinstance(row, OptionalField) else 1)


def _label(field: ValueWidget[Any]) -> QLabel:
    label = QLabel(field.label)
    label.setFixedWidth(LABEL_WIDTH)
    label.setToolTip(field.tooltip)
    return label


def _plain_widget(
    facts: FieldFacts,
    choices: Callable[[], Sequence[str]] | None,
    choose_file: Callable[[], str | None] | None,
    about: dict[str, str],
) -> ValueWidget[Any]:
    """Create the widget for values other than None."""
    if facts.kind is bool:
        return CheckBox(**about)
    if facts.kind in (int, float):
        return _spin_box(facts, about)
    if get_origin(facts.kind) is Literal:
        return ComboBox(choices=get_args(facts.kind), nullable=facts.optional, **about)
    return FileChoice(choices, choose_file, **about) if choices else LineEdit(**about)


def _spin_box(facts: FieldFacts, about: dict[str, str]) -> FloatSpinBox:
    box = (WholeSpinBox if facts.kind is int else FloatSpinBox)(step=None, **about)
    box.native.setDecimals(facts.decimals)
    box.native.setSuffix(facts.suffix)
    set_up_number(box.native)
    box.range = max(facts.low, -_LARGEST), min(facts.high, _LARGEST)
    if facts.kind is float and math.isfinite(facts.high - facts.low):
        box.step = (facts.high - facts.low) / 100
    return box
