"""Area that scrolls the thumbnails of a gallery, and what the mouse and keys do there."""

from qtpy.QtCore import QEvent, QPoint, QRect, QSize, Qt
from qtpy.QtGui import (
    QColor,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QResizeEvent,
)
from qtpy.QtWidgets import QAbstractScrollArea, QApplication, QToolTip, QWidget

from napari_drpnet.plugin.canvas.layers.looks import STATE_NAMES
from napari_drpnet.plugin.gallery.tile_painter import paint_tile
from napari_drpnet.project.controllers.gallery import Gallery
from napari_drpnet.project.gallery.grid import Grid, fill

#: Least side of a cell in pixels; five fit into the width of the picker.
CELL = 62
_SIZE = QSize(5 * CELL, 3 * CELL)


class ThumbnailView(QAbstractScrollArea):
    """Thumbnails of the points of a gallery, of which only the rows in sight are drawn.

    Parameters
    ----------
    gallery : Gallery
        Gallery whose list is shown.
    parent : QWidget, optional
        Parent widget.

    Attributes
    ----------
    empty_text : str
        Text that is shown while there are no points.
    """

    def __init__(self, gallery: Gallery, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._gallery = gallery
        self.empty_text = ""
        self._pressed: QPoint | None = None  # in the area that is scrolled
        self._dragged: QPoint | None = None
        self._is_double = False
        self._anchor = 0
        self.setMinimumHeight(_SIZE.height())
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("thumbnails")

    def sizeHint(self) -> QSize:
        """Return the least useful size, so that the panel around it need not scroll."""
        return _SIZE

    # ---- what is in sight

    @property
    def grid(self) -> Grid:
        """Grid of the list that is shown."""
        width = self.viewport().width()
        return fill(len(self._gallery.listing), width, CELL)

    @property
    def shown(self) -> range:
        """Entries in sight."""
        top = self.verticalScrollBar().value()
        return self.grid.between(top, top + self.viewport().height())

    def place_of(self, entry: int) -> QRect:
        """Return where an entry is in the viewport, whether in sight or not."""
        x, y = self.grid.corner(entry)
        return QRect(x, y - self.verticalScrollBar().value(), self.grid.cell, self.grid.cell)

    def follow_list(self) -> None:
        """Show the list of the gallery after it has changed."""
        bar, page = self.verticalScrollBar(), self.viewport().height()
        bar.setRange(0, max(self.grid.height - page, 0))
        bar.setPageStep(page)
        bar.setSingleStep(CELL // 2)
        self._follow_scroll()

    def _follow_scroll(self) -> None:
        self._gallery.thumbnails.want(self._gallery.listing, self.shown)
        self.viewport().update()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """Draw what has come into sight."""
        self._follow_scroll()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the rows to the new width."""
        super().resizeEvent(event)
        self.follow_list()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the thumbnails in sight."""
        painter, palette = QPainter(self.viewport()), self.palette()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        shown = self.shown
        if not len(shown):
            painter.setPen(palette.color(QPalette.ColorRole.WindowText))
            area = self.viewport().rect().adjusted(8, 8, -8, -8)
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(area, int(flags), self.empty_text)
        for entry, tile in zip(shown, self._gallery.tiles(shown), strict=True):
            paint_tile(painter, self.place_of(entry), tile, palette)
        if self._pressed is not None and self._dragged is not None:
            self._paint_band(painter, QRect(self._pressed, self._dragged).normalized())

    def _paint_band(self, painter: QPainter, band: QRect) -> None:
        color = QColor(self.palette().color(QPalette.ColorRole.WindowText))
        painter.setPen(color)
        color.setAlphaF(0.15)
        painter.fillRect(band.translated(0, -self.verticalScrollBar().value()), color)
        painter.drawRect(band.translated(0, -self.verticalScrollBar().value()))

    # ---- mouse

    def _point(self, event: QMouseEvent | QHelpEvent) -> QPoint:
        """Return the position of an event in the area that is scrolled."""
        at = event.position().toPoint() if isinstance(event, QMouseEvent) else event.pos()
        return at + QPoint(0, self.verticalScrollBar().value())

    def _entry_at(self, point: QPoint) -> int | None:
        return self.grid.index_at(point.x(), point.y())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a click, or to drag a box."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed, self._dragged, self._is_double = self._point(event), None, False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag a box, and scroll while the mouse is above or below."""
        if self._pressed is None:
            return
        point = self._point(event)
        distance = (point - self._pressed).manhattanLength()
        if self._dragged is None and distance < QApplication.startDragDistance():
            return
        self._dragged = point
        bar, y = self.verticalScrollBar(), event.position().toPoint().y()
        if y < 0 or y > self.viewport().height():
            bar.setValue(bar.value() + (y if y < 0 else y - self.viewport().height()))
        self.viewport().update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End a click or a box."""
        pressed, dragged, self._pressed, self._dragged = self._pressed, self._dragged, None, None
        if pressed is None or self._is_double:
            return
        if dragged is not None:
            start, end = (pressed.x(), pressed.y()), (dragged.x(), dragged.y())
            boxed = self.grid.within(start, end).tolist()
            adds = event.modifiers() & (_SHIFT | _CONTROL)
            self._gallery.select([*self._gallery.selected, *boxed] if adds else boxed)
        else:
            self._click(self._entry_at(pressed), event.modifiers())
        self.viewport().update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Go to the place of the point."""
        entry = self._entry_at(self._point(event))
        self._is_double = True
        if entry is not None and not event.modifiers() & (_SHIFT | _CONTROL):
            self._gallery.go_to(entry)

    def _click(self, entry: int | None, modifiers: Qt.KeyboardModifier) -> None:
        """Flip a point, or select it with Shift or Ctrl; beside all points, select none."""
        chosen = self._gallery.selected.tolist()
        if entry is None:
            self._gallery.select([])
        elif modifiers & _SHIFT:
            first, last = sorted((self._anchor, entry))
            self._gallery.select([*chosen, *range(first, last + 1)])
        elif modifiers & _CONTROL:
            self._gallery.select(set(chosen) ^ {entry})
        else:
            self._gallery.flip(entry)
        self._anchor = self._anchor if entry is None or modifiers & _SHIFT else entry

    # ---- keys and tooltips

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Decide about what is selected; leave other keys to the scroll bar and to napari."""
        key, bar = event.key(), self.verticalScrollBar()
        plain = not event.modifiers() & (_CONTROL | Qt.KeyboardModifier.AltModifier)
        if key in _VERDICTS and plain and self._gallery.label(_VERDICTS[key]):
            return
        if key == Qt.Key.Key_A and event.modifiers() == _CONTROL:
            self._gallery.select_all()
        elif key == Qt.Key.Key_Escape and len(self._gallery.selected):
            self._gallery.select([])
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            bar.setValue(0 if key == Qt.Key.Key_Home else bar.maximum())
        else:
            super().keyPressEvent(event)

    def viewportEvent(self, event: QEvent) -> bool:
        """Show the score and the micrograph of the point under the mouse as a tooltip."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            entry = self._entry_at(self._point(event))
            text = "" if entry is None else self.describe(entry)
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return bool(super().viewportEvent(event))

    def describe(self, entry: int) -> str:
        """Return the tooltip of an entry."""
        state = self._gallery.tiles([entry])[0].state
        return f"{self._gallery.describe(entry)}\n{STATE_NAMES[state]}"


_SHIFT, _CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
_VERDICTS = {Qt.Key.Key_G: True, Qt.Key.Key_F: False}
