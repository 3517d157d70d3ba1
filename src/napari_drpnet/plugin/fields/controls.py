"""Small widgets and helpers that forms and panels share."""

from collections.abc import Callable
from html import escape

from qtpy.QtCore import QEvent, QObject, Qt, QTimer
from qtpy.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

#: Widths of the columns of a form, in pixels: names on the left, ↺ on the right.
LABEL_WIDTH = 100
RESET_WIDTH = 22
#: Orange dot, visible in the dark and the light theme.
_MARK = '<span style="color: #e08a00">●</span> '


class ResetButton(QToolButton):
    """Small button ↺ that resets a parameter to its recommended or default value."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText("↺")
        self.setAutoRaise(True)
        self.setFixedSize(RESET_WIDTH, RESET_WIDTH)
        self.setAccessibleName("reset")


class Soon(QTimer):
    """Timer for an update that is asked for often and made at most once per interval.

    Parameters
    ----------
    parent : QWidget or None
        Widget that is updated; None for a layer.
    update : callable
        Function that updates it.
    every_ms : int
        Interval in milliseconds, from the first request to the update.
    """

    def __init__(self, parent: QWidget | None, update: Callable[[], None], every_ms: int) -> None:
        super().__init__(parent)
        self.setSingleShot(True)
        self.setInterval(every_ms)
        self.timeout.connect(update)

    def ask(self) -> None:
        """Ask for an update, unless one is coming."""
        if not self.isActive():
            self.start()


class _WheelGuard(QObject):
    def eventFilter(self, watched: QWidget, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Wheel and not watched.hasFocus():
            event.ignore()
            return True
        return False


def guard_wheel(widget: QWidget) -> None:
    """Ignore the mouse wheel while a widget has no focus, so that it scrolls the panel."""
    widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    widget.installEventFilter(_WheelGuard(widget))


class Hint(QLabel):
    """Label for a message to the user, hidden while the message is empty.

    Parameters
    ----------
    parent : QWidget, optional
        Panel that holds the label.
    marked : bool
        Whether an orange dot before the text shows that the user should act.
    """

    def __init__(self, parent: QWidget | None = None, *, marked: bool = False) -> None:
        super().__init__(parent)
        self._is_marked, self._text = marked, ""
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        policy = self.sizePolicy()
        policy.setHorizontalPolicy(QSizePolicy.Policy.Ignored)  # a long text widens no panel
        self.setSizePolicy(policy)
        self.say("")

    def say(self, text: str, *, marked: bool | None = None) -> None:
        """Show a text, or hide the label if it is empty; by default the mark stays as it is."""
        self._is_marked = self._is_marked if marked is None else marked
        self.setText(f"{_MARK if self._is_marked else ''}{escape(text)}")
        self.setAccessibleName(text)
        self._text = text
        if self.parentWidget() is not None:  # without a parent it would open as a window
            self.setVisible(bool(text))

    def changeEvent(self, event: QEvent) -> None:
        """Hide the label when it is added to a panel without a text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ParentChange and not self._text:
            self.hide()


class Foldable(QWidget):
    """Collapsible part of a panel, opened and closed by a click on its title.

    Parameters
    ----------
    title : str
        Title, which is always shown.
    content : QWidget
        Widget that is shown while the part is open; it is closed at first.
    tooltip : str
        Tooltip of the title.

    Attributes
    ----------
    button : QToolButton
        Button with the title.
    """

    def __init__(self, title: str, content: QWidget, tooltip: str) -> None:
        super().__init__()
        self._title, self._content = title, content
        self.button = QToolButton()
        self.button.setCheckable(True)
        self.button.setAutoRaise(True)
        self.button.setToolTip(tooltip)
        self.button.setAccessibleName(title)
        self.button.toggled.connect(self._open)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.button)
        layout.addWidget(content)
        self._open(False)

    def _open(self, is_open: bool) -> None:
        self.button.setText(f"{'▾' if is_open else '▸'} {self._title}")
        self._content.setVisible(is_open)


def choose_weights_file(parent: QWidget, kind: str) -> str | None:
    """Ask the user for a file of detector or classifier weights; return None if cancelled."""
    files = "Weights (*.safetensors)"
    path, _ = QFileDialog.getOpenFileName(parent, f"Choose {kind} weights", "", files)
    return path or None


def column(*parts: QWidget, margin: int = 0, spacing: int = 6) -> QVBoxLayout:
    """Return a vertical layout of widgets."""
    layout = QVBoxLayout()
    layout.setContentsMargins(margin, margin, margin, margin)
    layout.setSpacing(spacing)
    for part in parts:
        layout.addWidget(part)
    return layout


def row(*parts: QWidget, spacing: int = -1, stretch: int = 0) -> QWidget:
    """Return a widget with other widgets side by side; spacing −1 is that of the style."""
    widget = QWidget()
    layout = QHBoxLayout(widget)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(spacing)
    for part in parts:
        layout.addWidget(part, stretch=stretch)
    return widget
