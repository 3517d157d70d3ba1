"""Histogram of scores with a cut that can be dragged."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from qtpy.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from qtpy.QtGui import QColor, QPainter, QPainterPath, QPalette, QPen, QPolygonF
from qtpy.QtWidgets import QToolTip, QWidget

from napari_drpnet.plugin.plots.plot import ACCENT, Plot
from napari_drpnet.project.points.axes import Axis, LinearAxis

_PAD = 8
_HINT = "Drag the line, or move it with ← and → (Shift: faster)"


class HistogramPlot(Plot):
    """Histogram of scores, with a vertical line at the cut that the user can drag.

    The heights are square roots of the counts, so that a few good picks remain visible beside
    thousands of maxima of noise. Bars below the cut are grey.

    Parameters
    ----------
    caption : str
        Name of the scores, shown below the axis.
    empty_text : str
        Text that is shown while there are no scores.
    kept, dropped : str, optional
        Colours of the bars above and below the cut. Default: green, and the faded text colour.
    axis : type
        Kind of axis of the scores, on which all bars should be equally wide.
    parent : QWidget, optional
        Parent widget.

    Attributes
    ----------
    caption : str
        Name of the scores; see `set_caption`.
    edges : (n + 1,) ndarray of float
        Edges of the bars; see `set_histogram`.
    counts : (n,) ndarray of float
        Number of scores in each bar.
    """

    #: Emitted with the cut (float), rounded to the decimals shown, while the user moves it.
    cut_dragged = Signal(float)
    #: Emitted when the user releases the cut.
    cut_released = Signal()

    def __init__(
        self,
        caption: str = "",
        *,
        empty_text: str = "No picks yet",
        kept: str = ACCENT,
        dropped: str | None = None,
        axis: type[Axis] = LinearAxis,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(empty_text, kept, parent)
        self.caption = caption
        self._dropped = dropped
        self._axis = axis(0.0, 1.0)
        self.edges = np.zeros(0)
        self.counts = np.zeros(0)
        self._cut: float | None = None
        self._keeps = True
        self._keeps_below = False
        self._moving = False
        self.setMinimumHeight(90)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(caption)
        self.setAccessibleDescription(_HINT)

    @property
    def cut(self) -> float | None:
        """The cut, as it was set or dragged; None if there is none."""
        return self._cut

    def set_histogram(self, edges: ArrayLike, counts: ArrayLike) -> None:
        """Show a histogram.

        Parameters
        ----------
        edges : (n + 1,) array_like
            Ascending edges of the bars, whose range becomes that of the axis.
        counts : (n,) array_like
            Number of scores in each bar.

        Raises
        ------
        ValueError
            If the lengths do not match, or the edges are not ascending.
        """
        edges, counts = np.asarray(edges, float), np.asarray(counts, float)
        if edges.ndim != 1 or edges.shape != (len(counts) + 1,) or not edges[0] < edges[-1]:
            raise ValueError("n counts need n + 1 ascending edges")
        self.edges, self.counts = edges, counts
        self._axis = type(self._axis)(float(edges[0]), float(edges[-1]))
        self._settle()

    def set_cut(self, cut: float | None, *, keeps: bool = True, keeps_below: bool = False) -> None:
        """Move the line of the cut.

        Parameters
        ----------
        cut : float or None
            Score of the cut; None removes the line.
        keeps : bool
            Whether scores above the cut are kept; if not, all bars have the colour of `dropped`.
        keeps_below : bool
            Whether the scores that are kept are those below the cut.
        """
        self._cut, self._keeps, self._keeps_below = cut, keeps, keeps_below
        self._settle()

    def set_caption(self, caption: str) -> None:
        """Set the name of the scores."""
        self.caption = caption
        self.setAccessibleName(caption)
        self.update()

    def clear(self) -> None:
        """Remove the histogram, and show the text for an empty plot."""
        self.edges, self.counts = np.zeros(0), np.zeros(0)
        self._settle()

    def sizeHint(self) -> QSize:
        """Return the preferred size."""
        return QSize(240, 110 + self._line_height() * self._has_inner_ticks)

    def frame(self) -> QRectF:
        """Return the area of the bars, in pixels: below the number of the cut, above the axis."""
        row = self._line_height()
        below = row * (1 + self._has_inner_ticks) + 4
        return QRectF(self.rect()).adjusted(_PAD, row + 4, -_PAD, -below)

    def event(self, event: QEvent) -> bool:
        """Show the count and the range of the bar under the mouse as a tooltip."""
        if event.type() != QEvent.Type.ToolTip:
            return bool(super().event(event))
        text = _HINT
        if self._is_empty:
            text = self.caption
        elif (bar := self._bar_at(event.pos().x())) is not None:
            low, high = (self._axis.text(edge) for edge in self.edges[bar : bar + 2])
            text = f"{self.counts[bar]:.0f} from {low} to {high}\n{_HINT}"
        QToolTip.showText(event.globalPos(), text, self)
        return True

    def mousePressEvent(self, event: QEvent) -> None:
        """Move the line to the mouse."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._drag_to(self._axis.at_share(self._share_at(event.position().x())))

    def mouseMoveEvent(self, event: QEvent) -> None:
        """Drag the line."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._drag_to(self._axis.at_share(self._share_at(event.position().x())))

    def mouseReleaseEvent(self, event: QEvent) -> None:
        """Release the line."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._release()

    def keyPressEvent(self, event: QEvent) -> None:
        """Move the line with the arrow keys."""
        direction = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(event.key())
        if direction is None or self._cut is None or self._is_empty:
            super().keyPressEvent(event)
            return
        fast = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        self._drag_to(self._axis.moved(self._cut, direction / (20 if fast else 200)))

    def keyReleaseEvent(self, event: QEvent) -> None:
        """Release the line, unless the key is still held down."""
        if event.isAutoRepeat():
            return
        self._release()
        super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QEvent) -> None:
        """Release the line, because the widget will not receive the release of a key."""
        self._release()
        super().focusOutEvent(event)

    def paintEvent(self, _: QEvent) -> None:
        """Draw bars, axis and cut."""
        painter = QPainter(self)
        if self._is_empty:
            self._paint_empty(painter)
            return
        self._paint_bars(painter)
        self._paint_axis(painter)
        if self._cut is not None:
            self._paint_cut(painter, self._cut)

    @property
    def _is_empty(self) -> bool:
        return not self.counts.any()

    @property
    def _has_inner_ticks(self) -> bool:
        return len(self._axis.ticks) > 2

    def _settle(self) -> None:
        draggable = self._cut is not None and not self._is_empty
        self.setCursor(Qt.CursorShape.SplitHCursor if draggable else Qt.CursorShape.ArrowCursor)
        self.update()

    def _drag_to(self, value: float) -> None:
        if self._cut is None or self._is_empty:
            return
        if value != self._cut:
            self._moving = True
            self._cut, self._keeps = value, True
            self.update()
            self.cut_dragged.emit(value)

    def _release(self) -> None:
        if self._moving:
            self._moving = False
            self.cut_released.emit()

    def _x_of(self, values: ArrayLike) -> NDArray[np.float64]:
        frame = self.frame()
        return frame.left() + frame.width() * self._axis.shares(values)

    def _share_at(self, x: float) -> float:
        frame = self.frame()
        return float((x - frame.left()) / frame.width())

    def _bar_at(self, x: float) -> int | None:
        bar = int(np.searchsorted(self._x_of(self.edges), x, side="right")) - 1
        return bar if 0 <= bar < len(self.counts) else None

    def _paint_bars(self, painter: QPainter) -> None:
        frame = self.frame()
        x = self._x_of(self.edges)
        tall = np.sqrt(self.counts / self.counts.max()) * frame.height()
        tall = np.where(self.counts > 0, np.maximum(tall, 3), 0)
        gap = 1.0 if frame.width() > 4 * len(tall) else 0.0
        bars = QPainterPath()
        for left, right, height in zip(x[:-1], x[1:], tall, strict=True):
            bars.addRect(QRectF(left, frame.bottom() - height, right - left - gap, height))
        painter.fillPath(bars, QColor(self._dropped) if self._dropped else self._ink(0.4))
        if not self._keeps:
            return
        kept = QRectF(self.rect())
        if self._cut is not None:
            set_end = kept.setRight if self._keeps_below else kept.setLeft
            set_end(float(self._x_of(self._cut)))
        painter.setClipRect(kept)
        painter.fillPath(bars, self._accent)
        painter.setClipping(False)

    def _paint_axis(self, painter: QPainter) -> None:
        """Draw the ticks, and the caption between them or, if there are inner ticks, below."""
        frame, metrics = self.frame(), self.fontMetrics()
        row = QRectF(frame.left(), frame.bottom() + 2, frame.width(), self._line_height())
        texts = [f"{tick:g}" for tick in self._axis.ticks]
        widths = [metrics.horizontalAdvance(text) for text in texts]
        painter.setPen(QPen(self._ink(0.5), 1))
        painter.drawLine(frame.bottomLeft(), frame.bottomRight())
        painter.setPen(self._ink(0.8))
        places = self._x_of(self._axis.ticks).tolist()
        for x, text, width in zip(places, texts, widths, strict=True):
            left = min(max(x - width / 2, frame.left()), frame.right() - width)
            painter.drawLine(QPointF(x, frame.bottom()), QPointF(x, frame.bottom() + 3))
            painter.drawText(QPointF(left, row.top() + metrics.ascent()), text)
        room = int(row.width()) - 2 * (max(widths) + _PAD)
        if self._has_inner_ticks:
            row.translate(0, row.height())
        caption = metrics.elidedText(self.caption, Qt.TextElideMode.ElideRight, room)
        painter.drawText(row, Qt.AlignmentFlag.AlignHCenter, caption)

    def _paint_cut(self, painter: QPainter, cut: float) -> None:
        frame = self.frame()
        x = float(self._x_of(cut))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._ink(), 2))
        painter.drawLine(QPointF(x, frame.top()), QPointF(x, frame.bottom() + 2))
        grip = [QPointF(x - 5, 3), QPointF(x + 5, 3), QPointF(x + 5, frame.top() - 6)]
        grip += [QPointF(x, frame.top()), QPointF(x - 5, frame.top() - 6)]
        hollow = self.palette().color(QPalette.ColorRole.Window)
        painter.setBrush(self._ink() if self.hasFocus() else hollow)
        painter.drawPolygon(QPolygonF(grip))
        text = self._axis.text(cut)
        width = self.fontMetrics().horizontalAdvance(text)
        left = x + 10 if x + 10 + width < self.width() else x - 10 - width
        painter.setPen(self._ink())
        painter.drawText(QPointF(left, self.fontMetrics().ascent() + 1), text)
