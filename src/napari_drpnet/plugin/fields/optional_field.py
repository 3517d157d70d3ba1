"""Form widget whose value may be None, for the default or the value that the weights recommend."""

from typing import Any, Literal

from magicgui.widgets import ComboBox
from magicgui.widgets.bases import ValuedContainerWidget, ValueWidget
from qtpy.QtWidgets import QDoubleSpinBox, QGraphicsOpacityEffect, QLineEdit

from napari_drpnet.plugin.fields.controls import ResetButton

Origin = Literal["default", "file", "missing"]

#: Opacity of a default: only its text is grey, since a grey frame stands for a disabled field.
_FADED = 0.6
_EXPLANATIONS: dict[Origin, str] = {
    "default": "Grey: the default, until you give a value",
    "file": "Italics: from the file, until you give a value",
    "missing": "You have to give this value",
}


class OptionalField(ValuedContainerWidget[Any]):
    """Widget whose value may be None; while it is None, its meaning is shown.

    The text of a number is grey if it is a default, and in italics if it is from the file. A text
    that the user is typing is never replaced.

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
        self._meaning: tuple[Any, Origin, str] = (None, "default", none_text)
        self._none_text, self._tooltip = none_text, inner.tooltip
        self._is_none = True
        super().__init__(widgets=[inner], layout="horizontal", labels=False, nullable=True, **about)
        self.margins = (0, 0, 0, 0)
        self._least = getattr(inner, "min", None)
        self.reset = ResetButton()
        self.reset.clicked.connect(lambda: setattr(self, "value", None))
        self.native.layout().setSpacing(4)
        self.native.layout().addWidget(self.reset)
        self._line: QLineEdit | None = inner.native.findChild(QLineEdit)
        if self._line is not None:
            faded = QGraphicsOpacityEffect(self._line)
            faded.setOpacity(_FADED)
            self._line.setGraphicsEffect(faded)
            inner.native.editingFinished.connect(self._on_editing_finished)
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

    def set_recommended(
        self, value: Any, *, origin: Origin = "default", text: str | None = None
    ) -> None:
        """Set what None stands for.

        Parameters
        ----------
        value : object
            Value that None stands for; None if it is unknown.
        origin : {'default', 'file', 'missing'}
            Where the value comes from; "missing" if the user has to give it.
        text : str, optional
            Text shown if the value is unknown. Default: the meaning of None.
        """
        meaning = (value, origin, self._none_text if text is None else text)
        if meaning != self._meaning:
            self._meaning = meaning
            self._on_editing_finished()

    def _on_editing_finished(self) -> None:
        """Show the meaning of None, unless the user is typing a number."""
        is_typing = (
            self._line is not None and self._line.isModified() and self.inner.native.hasFocus()
        )
        if self._is_none and not is_typing:
            self._show_none()

    def _on_inner_changed(self, value: Any) -> None:
        if value is None or (self._least is not None and value < self._least):
            self.value = None
        else:
            self._show_given()
            self.changed.emit(value)

    def _show_given(self) -> None:
        self._is_none = False
        if self._line is not None:
            self.inner.native.setPrefix("")
        self._show_style(None)
        self.reset.setEnabled(True)

    def _show_none(self) -> None:
        self._is_none = True
        with self.inner.changed.blocked():
            if isinstance(self.inner, ComboBox):
                self._show_none_in_list(self.inner)
            else:
                self._show_none_in_box(self.inner.native)
        recommended, origin, _ = self._meaning
        self._show_style(origin)
        self.reset.setEnabled(False)
        known = "" if recommended is None else f" ({recommended})"
        self.reset.setToolTip(f"{self._none_text}{known}")

    def _show_style(self, origin: Origin | None) -> None:
        """Show where the value comes from; None stands for the user."""
        explanation = "" if origin is None else f"\n{_EXPLANATIONS[origin]}"
        self.inner.native.setToolTip(f"{self._tooltip}{explanation}")
        if self._line is not None:
            self._line.graphicsEffect().setEnabled(origin == "default")
            font = self._line.font()
            font.setItalic(origin == "file")
            self._line.setFont(font)

    def _show_none_in_list(self, inner: ComboBox) -> None:
        recommended, _, text = self._meaning
        inner.null_string = text if recommended is None else f"auto: {recommended}"
        inner.native.setItemText(0, inner.null_string)
        inner.value = None

    def _show_none_in_box(self, native: QDoubleSpinBox) -> None:
        recommended, origin, text = self._meaning
        native.setPrefix("file: " if origin == "file" else "")
        if recommended is not None:
            native.setValue(recommended)
            return
        # Qt shows the special text at the minimum, so None is one step below the least number.
        native.setMinimum(self._least - 10.0 ** -native.decimals())
        native.setSpecialValueText(text)
        native.setValue(native.minimum())
