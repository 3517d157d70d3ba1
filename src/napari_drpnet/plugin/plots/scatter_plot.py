"""Scatter plot of two scores, with a cut of each that can be dragged."""

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from qtpy.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from qtpy.QtGui import QColor, QPainter, QPen, QPolygonF
from qtpy.QtWidgets import QToolTip, QWidget

from napari_drpnet.plugin.plots.plot import ACCENT, Plot
from napari_drpnet.project.points.axes import Axis, LinearAxis

Direction = Literal["x", "y"]
#: Distance from a line or a dot within which the mouse reaches it, in pixels.
_REACH = 6.0
_DOT, _MARK = 4.0, 7.0
_KEYS: dict[Qt.Key, tuple[Direction, int]] = {
    Qt.Key.Key_Left: ("x", -1),
    Qt.Key.Key_Right: ("x", 1),
    Qt.Key.Key_Down: ("y", -1),
    Qt.Key.Key_Up: ("y", 1),
}


class ScatterPlot(Plot):
    """Dots at two scores, in groups of one colour each, with a line at each cut.

    Parameters
    ----------
    colors : sequence of str
        Colour of each group; "" for the faded text colour. Later groups are drawn above.
    empty_text : str
        Text that is shown while there are no dots.
    parent : QWidget, optional
        Parent widget.

    Attributes
    ----------
    describe : callable
        Function that returns the tooltip of a dot.
    x, y : (n,) ndarray of float
        Scores of the dots; see `set_dots`.
    cuts : dict of str to float or None
        Cuts of ``x`` and ``y``; see `set_cuts`.
    marked : int or None
        Dot with a circle around it.
    """

    #: Emitted with the index of a dot that was clicked.
    dot_clicked = Signal(int)
    #: Emitted with "x" or "y" and the rounded cut (float) while the user moves it.
    cut_dragged = Signal(str, float)
    #: Emitted when the user releases a cut.
    cut_released = Signal()

    def __init__(
        self,
        colors: tuple[str, ...] = (ACCENT,),
        *,
        empty_text: str = "No picks yet",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(empty_text, ACCENT, parent)
        self._colors = colors
        self._axes: dict[Direction, Axis] = {"x": LinearAxis(0, 1), "y": LinearAxis(0, 1)}
        self._captions: dict[Direction, str] = {"x": "", "y": ""}
        self.x = self.y = np.zeros(0)
        self._groups: NDArray[np.intp] = np.zeros(0, np.intp)
        self.marked: int | None = None
        self.cuts: dict[Direction, float | None] = {"x": None, "y": None}
        self._held: Direction | None = None
        self._moved = False
        self.describe: Callable[[int], str] = lambda _: ""
        self.setMinimumHeight(110)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def set_axes(self, x: Axis, y: Axis, x_caption: str, y_caption: str) -> None:
        """Set the axes and their captions."""
        self._axes, self._captions = {"x": x, "y": y}, {"x": x_caption, "y": y_caption}
        self.setAccessibleName(f"{y_caption} against {x_caption}")
        self.update()

    def set_dots(self, x: ArrayLike, y: ArrayLike, groups: ArrayLike) -> None:
        """Show dots.

        Parameters
        ----------
        x, y : (n,) array_like
            Scores of the dots.
        groups : (n,) array_like of int
            Index of the colour of each dot.

        Raises
        ------
        ValueError
            If the lengths differ.
        """
        x, y, groups = np.asarray(x, float), np.asarray(y, float), np.asarray(groups, np.intp)
        if not x.shape == y.shape == groups.shape:
            raise ValueError("each dot needs two scores and a group")
        self.x, self.y, self._groups, self.marked = x, y, groups, None
        self.update()

    def mark(self, dot: int | None) -> None:
        """Mark one dot with a ring; None removes the mark."""
        self.marked = dot
        self.update()

    def set_cuts(self, x: float | None = None, y: float | None = None) -> None:
        """Move the lines of the cuts; None removes a line."""
        self.cuts = {"x": x, "y": y}
        self.update()

    def clear(self) -> None:
        """Remove the dots, and show the text for an empty plot."""
        self.set_dots([], [], [])

    def sizeHint(self) -> QSize:
        """Return the preferred size."""
        return QSize(240, 190)

    def frame(self) -> QRectF:
        """Return the area of the dots, in pixels, inside the texts of the axes."""
        row, metrics = self._line_height(), self.fontMetrics()
        texts = [f"{tick:g}" for tick in self._axes["y"].ticks]
        left = row + max(metrics.horizontalAdvance(text) for text in texts) + 8
        return QRectF(self.rect()).adjusted(left, row / 2 + 2, -10, -2 * row - 6)

    def place(self, dot: int) -> QPointF:
        """Return the place of a dot, in pixels."""
        places = self._at(self.x[dot : dot + 1], self.y[dot : dot + 1])
        return QPointF(places[0])  # a copy, since the polygon is deleted with its points

    def event(self, event: QEvent) -> bool:
        """Show the description of the dot under the mouse as a tooltip."""
        if event.type() != QEvent.Type.ToolTip:
            return bool(super().event(event))
        dot = self._dot_at(QPointF(event.pos()))
        text = self.toolTip() if dot is None else self.describe(dot)
        QToolTip.showText(event.globalPos(), text, self)
        return True

    def mousePressEvent(self, event: QEvent) -> None:
        """Take the line under the mouse, or else click the dot there."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        self._held = self._line_at(event.position())
        dot = self._dot_at(event.position())
        if self._held is None and dot is not None:
            self.dot_clicked.emit(dot)

    def mouseMoveEvent(self, event: QEvent) -> None:
        """Drag the line that is held, and show by the cursor what a press would take."""
        place = event.position()
        if self._held is not None and event.buttons() & Qt.MouseButton.LeftButton:
            self._drag_to(self._held, self._axes[self._held].at_share(self._share(place)))
            return
        line = self._line_at(place)
        cursors = {"x": Qt.CursorShape.SplitHCursor, "y": Qt.CursorShape.SplitVCursor}
        if line is not None:
            self.setCursor(cursors[line])
        else:
            over = self._dot_at(place) is not None
            pointing, arrow = Qt.CursorShape.PointingHandCursor, Qt.CursorShape.ArrowCursor
            self.setCursor(pointing if over else arrow)

    def mouseReleaseEvent(self, event: QEvent) -> None:
        """Release the line."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._release()

    def keyPressEvent(self, event: QEvent) -> None:
        """Move a line with the arrow keys; with Shift faster."""
        direction, sign = _KEYS.get(event.key(), ("x", 0))
        cut = self.cuts[direction]
        if not sign or cut is None or not len(self.x):
            super().keyPressEvent(event)
            return
        fast = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        self._drag_to(direction, self._axes[direction].moved(cut, sign / (20 if fast else 200)))

    def keyReleaseEvent(self, event: QEvent) -> None:
        """Release the line, unless the key is still held down."""
        if not event.isAutoRepeat():
            self._release()
            super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QEvent) -> None:
        """Release the line, because the widget will not receive the release of a key."""
        self._release()
        super().focusOutEvent(event)

    def paintEvent(self, _: QEvent) -> None:
        """Draw axes, dots, the marked dot and the cuts."""
        painter = QPainter(self)
        if not len(self.x):
            self._paint_empty(painter)
            return
        self._paint_axes(painter)
        for group, color in enumerate(self._colors):
            of_group = self._groups == group
            ink = QColor(color) if color else self._ink(0.4)
            # Squares: round dots take Qt twenty times as long.
            painter.setPen(QPen(ink, _DOT, Qt.PenStyle.SolidLine, Qt.PenCapStyle.SquareCap))
            painter.drawPoints(self._at(self.x[of_group], self.y[of_group]))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.marked is not None:
            painter.setPen(QPen(self._ink(), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(self.place(self.marked), _MARK, _MARK)
        self._paint_cuts(painter)

    def _drag_to(self, direction: Direction, cut: float) -> None:
        if cut != self.cuts[direction]:
            self._moved = True
            self.cuts[direction] = cut
            self.update()
            self.cut_dragged.emit(direction, cut)

    def _release(self) -> None:
        self._held = None
        if self._moved:
            self._moved = False
            self.cut_released.emit()

    def _at(self, x: ArrayLike, y: ArrayLike) -> QPolygonF:
        frame = self.frame()
        across = frame.left() + frame.width() * self._axes["x"].shares(x)
        up = frame.bottom() - frame.height() * self._axes["y"].shares(y)
        places = zip(across.tolist(), up.tolist(), strict=True)
        return QPolygonF([QPointF(*place) for place in places])

    def _share(self, place: QPointF) -> float:
        """Return the position of the mouse on the axis of the line that is held, from 0 to 1."""
        frame = self.frame()
        if self._held == "x":
            return (place.x() - frame.left()) / frame.width()
        return (frame.bottom() - place.y()) / frame.height()

    def line(self, direction: Direction, cut: float) -> tuple[QPointF, QPointF]:
        """Return the ends of the line of a cut, in pixels of the widget."""
        frame, share = self.frame(), float(self._axes[direction].shares(cut))
        if direction == "x":
            x = frame.left() + frame.width() * share
            return QPointF(x, frame.bottom()), QPointF(x, frame.top())
        y = frame.bottom() - frame.height() * share
        return QPointF(frame.left(), y), QPointF(frame.right(), y)

    def _line_at(self, place: QPointF) -> Direction | None:
        """Return the direction of the nearest line within reach of the mouse."""
        found: list[tuple[float, Direction]] = []
        for direction, cut in self.cuts.items():
            if cut is not None and len(self.x):
                on_line = self.line(direction, cut)[0]
                off = place - on_line
                found.append((abs(off.x() if direction == "x" else off.y()), direction))
        distance, direction = min(found, default=(np.inf, "x"))
        return direction if distance <= _REACH else None

    def _dot_at(self, place: QPointF) -> int | None:
        """Return the nearest dot within reach of the mouse."""
        if not len(self.x):
            return None
        frame = self.frame()
        across = frame.left() + frame.width() * self._axes["x"].shares(self.x) - place.x()
        up = frame.bottom() - frame.height() * self._axes["y"].shares(self.y) - place.y()
        distance = np.hypot(across, up)
        nearest = int(distance.argmin())
        return nearest if distance[nearest] <= _REACH else None

    def _paint_axes(self, painter: QPainter) -> None:
        frame, row = self.frame(), self._line_height()
        painter.setPen(QPen(self._ink(0.5), 1))
        painter.drawLine(frame.bottomLeft(), frame.bottomRight())
        painter.drawLine(frame.bottomLeft(), frame.topLeft())
        painter.setPen(self._ink(0.8))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for tick in self._axes["y"].ticks:
            y = self.line("y", tick)[0].y()
            painter.drawText(QRectF(0, y - row / 2, frame.left() - 4, row), right, f"{tick:g}")
        for tick in self._axes["x"].ticks:
            x, text = self.line("x", tick)[0].x(), f"{tick:g}"
            width = self.fontMetrics().horizontalAdvance(text)
            left = min(max(x - width / 2, frame.left()), frame.right() - width)
            painter.drawText(QPointF(left, frame.bottom() + row), text)
        title = QRectF(frame.left(), self.height() - row - 1, frame.width(), row)
        painter.drawText(title, Qt.AlignmentFlag.AlignCenter, self._captions["x"])
        painter.save()
        painter.translate(0, frame.bottom())
        painter.rotate(-90)
        title = QRectF(0, 0, frame.height(), row)
        painter.drawText(title, Qt.AlignmentFlag.AlignCenter, self._captions["y"])
        painter.restore()

    def _paint_cuts(self, painter: QPainter) -> None:
        """Draw the lines, each with its number at its end."""
        frame, row = self.frame(), self._line_height()
        for direction, cut in self.cuts.items():
            if cut is None:
                continue
            start, end = self.line(direction, cut)
            painter.setPen(QPen(self._ink(), 2))
            painter.drawLine(start, end)
            text = self._axes[direction].text(cut)
            width = self.fontMetrics().horizontalAdvance(text)
            if direction == "x":
                left = min(end.x() + 4, frame.right() - width)
                painter.drawText(QPointF(left, frame.top() + row - 4), text)
            else:
                above = max(end.y() - 4, frame.top() + row - 4)
                painter.drawText(QPointF(frame.right() - width, above), text)
