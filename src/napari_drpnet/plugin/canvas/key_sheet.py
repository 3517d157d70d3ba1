"""List of the keys, and of what the mouse does, in a window of its own."""

from collections.abc import Iterable

from qtpy.QtCore import Qt
from qtpy.QtGui import QHideEvent
from qtpy.QtWidgets import QDialog, QGridLayout, QLabel, QWidget

from napari_drpnet.project.actions import ACTIONS, GESTURES, PAINTING
from napari_drpnet.project.view import ViewState

_COLUMN_GAP_PX = 28


class KeySheet(QDialog):
    """List of the keys and of what the mouse does; shown while ``view.show_keys`` is set.

    Parameters
    ----------
    view : ViewState
        State of the view.
    parent : QWidget
        Window that it belongs to.
    """

    def __init__(self, view: ViewState, parent: QWidget) -> None:
        super().__init__(parent)
        self._view = view
        self.setWindowTitle("Keys and mouse")
        keys = ((action.key, action.tooltip) for action in ACTIONS.values() if action.key)
        grid = QGridLayout(self)
        grid.setHorizontalSpacing(_COLUMN_GAP_PX // 2)
        grid.setVerticalSpacing(3)
        grid.setColumnMinimumWidth(2, _COLUMN_GAP_PX)
        _fill(grid, 0, "Keys", keys)
        _fill(grid, 3, "Mouse on the micrograph", GESTURES)
        _fill(grid, 3, "While strokes are painted", PAINTING, top=len(GESTURES) + 1)
        view.events.show_keys.connect(self._show)

    def hideEvent(self, event: QHideEvent) -> None:
        """Note that it was closed."""
        super().hideEvent(event)
        self._view.show_keys = False

    def _show(self, shown: bool) -> None:
        if shown:
            # Qt would cut the texts at two thirds of the height of the screen.
            width = self.sizeHint().width()
            self.resize(width, self.layout().totalHeightForWidth(width))
        self.setVisible(shown)
        if shown:
            self.raise_()


def _fill(
    grid: QGridLayout, column: int, title: str, rows: Iterable[tuple[str, str]], top: int = 0
) -> None:
    """Write a heading in the row `top`, and below it what each key or gesture does."""
    upper = Qt.AlignmentFlag.AlignTop
    grid.addWidget(QLabel(f"<b>{title}</b>"), top, column, 1, 2)
    for row, (what, does) in enumerate(rows, start=top + 1):
        name, text = QLabel(what), QLabel(does)
        name.setTextFormat(Qt.TextFormat.PlainText)
        name.setStyleSheet("font-weight: bold")
        text.setWordWrap(True)
        text.setMinimumWidth(260)
        grid.addWidget(name, row, column, upper)
        grid.addWidget(text, row, column + 1, upper)
