"""Small parts that several forms are made of."""

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtWidgets import QToolButton, QWidget

#: Widths of the columns of a form, pixels: names on the left, ↺ on the right.
LABEL_WIDTH = 100
RESET_WIDTH = 22


class ResetButton(QToolButton):
    """A small ↺ that gives a parameter back to the weights."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText("↺")
        self.setAutoRaise(True)
        self.setFixedSize(RESET_WIDTH, RESET_WIDTH)
        self.setAccessibleName("reset")


class _WheelGuard(QObject):
    def eventFilter(self, watched: QWidget, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Wheel and not watched.hasFocus():
            event.ignore()
            return True
        return False


def guard_wheel(widget: QWidget) -> None:
    """Let the wheel change a value only after a click into it: else it scrolls the panel."""
    widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    widget.installEventFilter(_WheelGuard(widget))
