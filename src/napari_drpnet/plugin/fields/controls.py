"""Small parts that several forms and panels are made of."""

from html import escape

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtWidgets import QFileDialog, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

#: Widths of the columns of a form, pixels: names on the left, ↺ on the right.
LABEL_WIDTH = 100
RESET_WIDTH = 22
#: Orange, which stands out in the dark and the light theme.
_MARK = '<span style="color: #e08a00">●</span> '


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


class Hint(QLabel):
    """A sentence to the user; it takes no room while there is nothing to say.

    Parameters
    ----------
    parent : QWidget, optional
        The panel that it is in.
    marked : bool
        Begin with an orange dot: the user should do something.
    """

    def __init__(self, parent: QWidget | None = None, *, marked: bool = False) -> None:
        super().__init__(parent)
        self._is_marked, self._text = marked, ""
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        policy = self.sizePolicy()
        policy.setHorizontalPolicy(QSizePolicy.Policy.Ignored)  # it makes no panel wider
        self.setSizePolicy(policy)
        self.say("")

    def say(self, text: str, *, marked: bool | None = None) -> None:
        """Show another text, or nothing; marked as before, unless told else."""
        self._is_marked = self._is_marked if marked is None else marked
        self.setText(f"{_MARK if self._is_marked else ''}{escape(text)}")
        self.setAccessibleName(text)
        self._text = text
        if self.parentWidget() is not None:  # else this would open a window
            self.setVisible(bool(text))

    def changeEvent(self, event: QEvent) -> None:
        """Take no room in the panel that it comes into without a text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ParentChange and not self._text:
            self.hide()


class Foldable(QWidget):
    """A part of a panel that opens and closes with a click on its title.

    Parameters
    ----------
    title : str
        Always shown.
    content : QWidget
        Shown while it is open; closed at first.
    tooltip : str
        What is inside.

    Attributes
    ----------
    button : QToolButton
        The title.
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
    """Ask the user for a file of detector or classifier weights; None when there is no answer."""
    files = "Weights (*.safetensors)"
    path, _ = QFileDialog.getOpenFileName(parent, f"Choose {kind} weights", "", files)
    return path or None


def column(*parts: QWidget, margin: int = 0, spacing: int = 6) -> QVBoxLayout:
    """Lay parts below each other, at the top."""
    layout = QVBoxLayout()
    layout.setContentsMargins(margin, margin, margin, margin)
    layout.setSpacing(spacing)
    for part in parts:
        layout.addWidget(part)
    return layout
