"""Precision-recall curve, with the current picks marked on it."""

import numpy as np
from numpy.typing import ArrayLike
from qtpy.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QPainter, QPen, QPolygonF
from qtpy.QtWidgets import QWidget

from napari_drpnet.evaluation.precision_recall import Rates
from napari_drpnet.plugin.plots.plot import ACCENT, Plot

_TICKS = (0.0, 0.5, 1.0)
_RADIUS = 5.0
_MOST_POINTS = 1000


def _polygon(recall: ArrayLike, precision: ArrayLike) -> QPolygonF:
    points = np.column_stack([recall, precision]).astype(float)
    shown = np.linspace(0, len(points) - 1, min(len(points), _MOST_POINTS)).astype(int)
    return QPolygonF([QPointF(x, y) for x, y in points[shown]])


def _f1_line(f1: float) -> QPolygonF:
    recall = np.linspace(f1 / (2 - f1), 1, 40)
    return _polygon(recall, f1 * recall / (2 * recall - f1))


_F1_LINES = {f1: _f1_line(f1) for f1 in (0.5, 0.7, 0.9)}


class CurvePlot(Plot):
    """Precision-recall curve with marks at the current picks and at the greatest F1.

    F1 is constant along the faint lines.

    Parameters
    ----------
    empty_text : str
        Text that is shown while there is no curve.
    accent : str
        Colour of the current point.
    parent : QWidget, optional
        Parent widget.

    Attributes
    ----------
    curve : QPolygonF
        Points (recall, precision) of the curve that is drawn; see `set_curve`.
    point, best : Rates or None
        Rates that are marked; see `set_point` and `set_best`.
    """

    def __init__(
        self,
        *,
        empty_text: str = "Open true positions to compare with",
        accent: str = ACCENT,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(empty_text, accent, parent)
        self.curve = QPolygonF()
        self.point: Rates | None = None
        self.best: Rates | None = None
        self.setMinimumHeight(150)
        self.setAccessibleName("precision against recall")
        self.setToolTip(
            "Recall: share of the true particles that are found.\n"
            "Precision: share of the picks that are particles.\n"
            "F1: one number for both; equal along the faint lines."
        )

    def set_curve(self, recall: ArrayLike, precision: ArrayLike) -> None:
        """Show a curve.

        Parameters
        ----------
        recall, precision : (n,) array_like
            Rates from 0 to 1, in the order of the scores.

        Raises
        ------
        ValueError
            If the lengths differ.
        """
        self.curve = _polygon(recall, precision)
        self.update()

    def set_point(self, point: Rates | None) -> None:
        """Mark the rates of the current picks; None removes the mark."""
        self.point = point
        self.update()

    def set_best(self, best: Rates | None) -> None:
        """Mark the rates where F1 is greatest; None removes the mark."""
        self.best = best
        self.update()

    def clear(self) -> None:
        """Remove the curve and the marks, and show the text for an empty plot."""
        self.curve = QPolygonF()
        self.point = self.best = None
        self.update()

    def sizeHint(self) -> QSize:
        """Return the preferred size."""
        return QSize(240, 200)

    def frame(self) -> QRectF:
        """Return the area of the rates from 0 to 1, in pixels, inside the texts of the axes."""
        row = self._line_height()
        left = row + self.fontMetrics().horizontalAdvance("0.5") + 8
        right = self.fontMetrics().horizontalAdvance("F1 0.5") + 6
        return QRectF(self.rect()).adjusted(left, row / 2, -right, -2 * row - 4)

    def paintEvent(self, _: QEvent) -> None:
        """Draw grid, curve and marks."""
        painter = QPainter(self)
        if self.curve.isEmpty() and self.point is None:
            self._paint_empty(painter)
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_grid(painter)
        self._paint_f1_lines(painter)
        self._draw_line(painter, self.curve, QPen(self._ink(0.9), 1.6))
        self._paint_marks(painter)

    def _at(self, recall: float, precision: float) -> QPointF:
        frame = self.frame()
        return QPointF(
            frame.left() + frame.width() * recall, frame.bottom() - frame.height() * precision
        )

    def _draw_line(self, painter: QPainter, curve: QPolygonF, pen: QPen) -> None:
        frame = self.frame()
        pen.setCosmetic(True)
        painter.save()
        painter.translate(frame.bottomLeft())
        painter.scale(frame.width(), -frame.height())
        painter.setPen(pen)
        painter.drawPolyline(curve)
        painter.restore()

    def _paint_grid(self, painter: QPainter) -> None:
        frame, row = self.frame(), self._line_height()
        for tick in _TICKS:
            across, up = self._at(0, tick), self._at(tick, 0)
            painter.setPen(QPen(self._ink(0.25), 1))
            painter.drawLine(across, self._at(1, tick))
            painter.drawLine(up, self._at(tick, 1))
            painter.setPen(self._ink(0.8))
            beside = QRectF(0, across.y() - row / 2, frame.left() - 4, row)
            below = QRectF(up.x() - 20, up.y() + 2, 40, row)
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(beside, right, f"{tick:g}")
            painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, f"{tick:g}")
        title = QRectF(frame.left(), self.height() - row, frame.width(), row)
        painter.drawText(title, Qt.AlignmentFlag.AlignCenter, "Recall")
        painter.save()
        painter.translate(0, frame.bottom())
        painter.rotate(-90)
        title = QRectF(0, 0, frame.height(), row)
        painter.drawText(title, Qt.AlignmentFlag.AlignCenter, "Precision")
        painter.restore()

    def _paint_f1_lines(self, painter: QPainter) -> None:
        third = self._line_height() / 3
        for f1, line in _F1_LINES.items():
            self._draw_line(painter, line, QPen(self._ink(0.3), 1, Qt.PenStyle.DotLine))
            end = self._at(1, line[line.size() - 1].y()) + QPointF(4, third)
            painter.setPen(self._ink(0.6))
            painter.drawText(end, f"F1 {f1:g}")

    def _paint_marks(self, painter: QPainter) -> None:
        """Mark both points, and explain the marks in the lower left corner."""
        row, corner = self._line_height(), self._at(0, 0) + QPointF(14, -8)
        marks = (("Now", self.point, self._paint_disc), ("Best", self.best, self._paint_diamond))
        for name, rates, paint in marks:
            if rates is None:
                continue
            paint(painter, self._at(rates.recall, rates.precision))
            paint(painter, corner)
            painter.setPen(self._ink())
            beside = corner + QPointF(12, row / 2 - self.fontMetrics().descent())
            painter.drawText(beside, f"{name}: F1 {rates.f1:.2f}")
            corner -= QPointF(0, row)

    def _paint_disc(self, painter: QPainter, center: QPointF) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._accent)
        painter.drawEllipse(center, _RADIUS, _RADIUS)

    def _paint_diamond(self, painter: QPainter, center: QPointF) -> None:
        painter.setPen(QPen(self._ink(), 1.5))
        painter.setBrush(QColor(Qt.GlobalColor.transparent))
        corners = [QPointF(0, -1), QPointF(1, 0), QPointF(0, 1), QPointF(-1, 0)]
        painter.drawPolygon(QPolygonF([center + 1.4 * _RADIUS * c for c in corners]))
