"""Table widget in which whole rows are chosen, selected and ticked."""

from qtpy.QtCore import QModelIndex, Qt, Signal
from qtpy.QtGui import QKeyEvent, QMouseEvent
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

_ROW_PADDING = 6
#: Padding that keeps the texts of neighbouring columns apart.
_STYLE = "QTableView::item { padding: 0px 8px } QHeaderView::section { padding: 2px 10px }"


class RowTable(QTableView):
    """Table of whole rows that passes letter keys on to the viewer.

    Parameters
    ----------
    tick_column : int
        Column in which a click only ticks the row.
    parent : QWidget, optional
        Parent widget.

    Attributes
    ----------
    chosen : Signal
        Emitted with the index that a click or a key has moved to, but not when rows are sorted.
    ticked : Signal
        Emitted with the index of a clicked tick, or with the current index if Space was pressed.
    """

    chosen = Signal(QModelIndex)
    ticked = Signal(QModelIndex)

    def __init__(self, tick_column: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tick_column = tick_column
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setShowGrid(False)
        self.setStyleSheet(_STYLE)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        rows = self.verticalHeader()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setMinimumSectionSize(0)
        rows.setDefaultSectionSize(self.fontMetrics().height() + _ROW_PADDING)
        rows.hide()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Tick or choose a row."""
        index = self.indexAt(event.pos())
        is_left = event.button() == Qt.MouseButton.LeftButton
        if is_left and index.isValid() and index.column() == self._tick_column:
            self.ticked.emit(index)
            return
        super().mousePressEvent(event)
        if is_left and index.isValid():
            self.chosen.emit(index)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Handle a double click as two clicks."""
        self.mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move to another row, tick the row, or pass the key on to the viewer."""
        if event.key() == Qt.Key.Key_Space:
            self.ticked.emit(self.currentIndex())
        elif event.text() and event.text().isprintable():
            event.ignore()
        else:
            before = self.currentIndex().row()
            super().keyPressEvent(event)
            if self.currentIndex().row() != before:
                self.chosen.emit(self.currentIndex())
