"""Plot of the training losses against the steps."""

import numpy as np
from numpy.typing import ArrayLike
from qtpy.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from qtpy.QtGui import QPainter, QPen, QPolygonF
from qtpy.QtWidgets import QWidget

from napari_drpnet.plugin.plots.plot import ACCENT, Plot

_PAD = 4


class LossPlot(Plot):
    """Plot of the reported losses, from 0 to the greatest one.

    The solid line is the loss on the labels used for training, the dashed line the loss on
    held-out labels.

    Parameters
    ----------
    empty_text : str
        Text that is shown while there are no losses.
    accent : str
        Colour of the solid line.
    parent : QWidget, optional
        Parent widget.
    """

    def __init__(
        self,
        *,
        empty_text: str = "The loss will be drawn here",
        accent: str = ACCENT,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(empty_text, accent, parent)
        self._reports = np.empty((0, 3))
        self.setMinimumHeight(90)
        self.setAccessibleName("loss against step")
        self.setToolTip(
            "Loss: how far the network is from the labels. Solid line: labels used for training.\n"
            "Dashed line: held-out labels. Both should fall, then level off."
        )

    def set_reports(self, reports: ArrayLike) -> None:
        """Show the losses of a training.

        Parameters
        ----------
        reports : (n, 3) array_like
            Step, training loss and held-out loss of each report, in the order of the steps. NaN
            stands for a missing loss.
        """
        table = np.asarray(reports, float).reshape(-1, 3)
        self._reports = table[np.isfinite(table[:, 1:]).any(axis=1)]
        self.update()

    def sizeHint(self) -> QSize:
        """Return the preferred size."""
        return QSize(240, 110)

    def frame(self) -> QRectF:
        """Return the area of the lines, in pixels: right of the losses, above the steps."""
        row = self._line_height()
        left = self.fontMetrics().horizontalAdvance(f"{self._greatest:.2f}") + 2 * _PAD
        return QRectF(self.rect()).adjusted(left, row / 2, -2 * _PAD, -row - _PAD)

    def paintEvent(self, _: QEvent) -> None:
        """Draw the axes and the lines."""
        painter = QPainter(self)
        if not len(self._reports):
            self._paint_empty(painter)
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_axes(painter)
        self._paint_line(painter)

    @property
    def _greatest(self) -> float:
        return max(float(np.nanmax(self._reports[:, 1:])), 1e-9)

    @property
    def _last_step(self) -> float:
        return max(float(self._reports[:, 0].max()), 1.0)

    def _at(self, step: float, loss: float) -> QPointF:
        frame = self.frame()
        return QPointF(
            frame.left() + frame.width() * step / self._last_step,
            frame.bottom() - frame.height() * loss / self._greatest,
        )

    def _paint_axes(self, painter: QPainter) -> None:
        frame, row = self.frame(), self._line_height()
        painter.setPen(QPen(self._ink(0.5), 1))
        painter.drawPolyline(QPolygonF([frame.topLeft(), frame.bottomLeft(), frame.bottomRight()]))
        painter.setPen(self._ink(0.8))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for loss, text in ((0.0, "0"), (self._greatest, f"{self._greatest:.2f}")):
            y = self._at(0, loss).y()
            painter.drawText(QRectF(0, y - row / 2, frame.left() - _PAD, row), right, text)
        middle = QRectF(0, frame.top(), frame.left() - _PAD, frame.height())
        painter.drawText(middle, right, "Loss")
        below = QRectF(frame.left(), frame.bottom() + 2, frame.width(), row)
        painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, "Step")
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, f"{self._last_step:,.0f}")

    def _paint_line(self, painter: QPainter) -> None:
        """Draw the lines with a dot at their ends, so that a single report is visible."""
        styles = (self._accent, Qt.PenStyle.SolidLine), (self._ink(0.8), Qt.PenStyle.DashLine)
        for column, (color, style) in enumerate(styles, 1):
            known = self._reports[np.isfinite(self._reports[:, column])]
            points = [self._at(row[0], row[column]) for row in known]
            if points:
                painter.setPen(QPen(color, 1.6, style))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawPolyline(QPolygonF(points))
                painter.setPen(QPen(color, 1.6))
                painter.setBrush(color)
                painter.drawEllipse(points[-1], 2.0, 2.0)
