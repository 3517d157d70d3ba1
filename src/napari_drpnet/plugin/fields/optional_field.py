"""Form widget whose value may be None, for the default or the value that the weights recommend."""

from typing import Any

from magicgui.widgets import ComboBox
from magicgui.widgets.bases import ValuedContainerWidget, ValueWidget
from qtpy.QtWidgets import QDoubleSpinBox, QGraphicsOpacityEffect

from napari_drpnet.plugin.fields.controls import ResetButton

_FADED = 0.6


class OptionalField(ValuedContainerWidget[Any]):
    """Widget whose value may be None; while it is None, its meaning is shown faded.

    Parameters
    ----------
    inner : ValueWidget
        Widget of the value.
    none_text : str
        Meaning of None, shown if no recommended value is known.
    **about : Any
        Name, label and tooltip.

    Attributes
    ----------
    inner : ValueWidget
        Widget of the value.
    reset : ResetButton
        Button that sets the value to None; disabled while it is None.
    """

    def __init__(self, inner: ValueWidget[Any], none_text: str, **about: Any) -> None:
        self.inner = inner
        self._none_text = none_text
        self._recommended: Any = None
        self._is_none = True
        super().__init__(widgets=[inner], layout="horizontal", labels=False, nullable=True, **about)
        self.margins = (0, 0, 0, 0)
        self._least = getattr(inner, "min", None)
        self.reset = ResetButton()
        self.reset.clicked.connect(lambda: setattr(self, "value", None))
        self.native.layout().setSpacing(4)
        self.native.layout().addWidget(self.reset)
        self._faded = QGraphicsOpacityEffect(inner.native)
        self._faded.setOpacity(_FADED)
        inner.native.setGraphicsEffect(self._faded)
        inner.changed.connect(self._on_inner_changed)
        self._show_none()

    def get_value(self) -> Any:
        """Return the value, or None."""
        return None if self._is_none else self.inner.value

    def set_value(self, value: Any) -> None:
        """Show a value; for None, show its meaning."""
        if value is None:
            self._show_none()
        else:
            with self.inner.changed.blocked():
                self.inner.value = value
            self._show_given()
        self.changed.emit(value)

    def set_recommended(self, value: Any) -> None:
        """Set the value that None stands for; None if it is unknown."""
        if value == self._recommended:
            return  # do not overwrite what the user is typing
        self._recommended = value
        if self._is_none:
            self._show_none()

    def _on_inner_changed(self, value: Any) -> None:
        if value is None or (self._least is not None and value < self._least):
            self.value = None
        else:
            self._show_given()
            self.changed.emit(value)

    def _show_given(self) -> None:
        self._is_none = False
        self._faded.setEnabled(False)
        self.reset.setEnabled(True)

    def _show_none(self) -> None:
        self._is_none = True
        with self.inner.changed.blocked():
            if isinstance(self.inner, ComboBox):
                self._show_none_in_list(self.inner)
            else:
                self._show_none_in_box(self.inner.native)
        self._faded.setEnabled(True)
        self.reset.setEnabled(False)
        known = "" if self._recommended is None else f" ({self._recommended})"
        self.reset.setToolTip(f"{self._none_text}{known}")

    def _show_none_in_list(self, inner: ComboBox) -> None:
        known = self._recommended is not None
        inner.null_string = f"auto: {self._recommended}" if known else self._none_text
        inner.native.setItemText(0, inner.null_string)
        inner.value = None

    def _show_none_in_box(self, native: QDoubleSpinBox) -> None:
        if self._recommended is not None:
            native.setValue(self._recommended)
            return
        # Qt shows the special text at the minimum, so None is one step below the least number.
        native.setMinimum(self._least - 10.0 ** -native.decimals())
        native.setSpecialValueText(self._none_text)
        native.setValue(native.minimum())
