"""Typing of numbers, which is the same in all fields."""

from qtpy.QtCore import QLocale
from qtpy.QtGui import QValidator
from qtpy.QtWidgets import QDoubleSpinBox, QLineEdit


def set_up_number(box: QDoubleSpinBox) -> None:
    """Make a spin box read "." and "," as the decimal point, whatever the locale.

    There are no thousands separators. Numbers are shown with a point, as everywhere in the window.
    A typed number becomes the value when it is entered, not at each digit.
    """
    box.setLocale(QLocale.c())
    box.findChild(QLineEdit).setValidator(_DecimalValidator(box))
    box.setKeyboardTracking(False)


class _DecimalValidator(QValidator):
    """Validator of the text of a spin box that replaces each comma in a number by a point."""

    def __init__(self, box: QDoubleSpinBox) -> None:
        super().__init__(box)
        self._box = box

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        """Return the state of a text, the text with points, and the position of the cursor."""
        if text != self._box.specialValueText():
            text = text.replace(",", ".")
        return self._box.validate(text, position)

    def fixup(self, text: str) -> str:
        """Return the text that the spin box makes of one that is no number."""
        return self._box.fixup(text)
