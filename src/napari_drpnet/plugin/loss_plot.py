"""The loss of a training against its steps, as it falls."""

import numpy as np
from numpy.typing import ArrayLike
from qtpy.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from qtpy.QtGui import QPainter, QPen, QPolygonF
from qtpy.QtWidgets import QWidget

from napari_drpnet.plugin.plot import ACCENT, Plot

_PAD = 4


class LossPlot(Plot):
    """A line through the losses that a training has reported, from 0 to the greatest one.

    The setter never emits.

    Parameters
    ----------
    empty_text : str
        Shown while nothing is reported.
    accent : str
        Colour of the line.
    parent : QWidget, optional
        The widget that holds this one.
    """

    def __init__(
        self,
        *,
        empty_text: str = "The loss will be drawn here",
        accent: str = ACCENT,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(empty_text, accent, parent)
        self._reports = np.empty((0, 2))
        self.setMinimumHeight(90)
        self.setAccessibleName("loss against step")
        self.setToolTip(
            "Loss: how far the classifier is from your labels. It should fall, then level off."
        )

    def set_reports(self, reports: ArrayLike) -> None:
        """Show another curve.

        Parameters
        ----------
        reports : (n, 2) array_like
            Step and loss, in the order of the steps. A loss that is no number is left out.
        """
        table = np.asarray(reports, float).reshape(-1, 2)
        self._reports = table[np.isfinite(table).all(axis=1)]
        self.update()

    def sizeHint(self) -> QSize:
        """Return the size that looks best."""
        return QSize(240, 110)

    def paintEvent(self, _: QEvent) -> None:
        """Draw axes and line."""
        painter = QPainter(self)
        if not len(self._reports):
            self._paint_empty(painter)
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_axes(painter)
        self._paint_line(painter)

    @property
    def _greatest(self) -> float:
        return max(float(self._reports[:, 1].max()), 1e-9)

    @property
    def _last_step(self) -> float:
        return max(float(self._reports[:, 0].max()), 1.0)

    def _frame(self) -> QRectF:
        """Return where the line is: right of the losses, above the steps."""
        row = self._line_height()
        left = self.fontMetrics().horizontalAdvance(f"{self._greatest:.2f}") + 2 * _PAD
        return QRectF(self.rect()).adjusted(left, row / 2, -2 * _PAD, -row - _PAD)

    def _at(self, step: float, loss: float) -> QPointF:
        frame = self._frame()
        return QPointF(
            frame.left() + frame.width() * step / self._last_step,
            frame.bottom() - frame.height() * loss / self._greatest,
        )

    def _paint_axes(self, painter: QPainter) -> None:
        frame, row = self._frame(), self._line_height()
        painter.setPen(QPen(self._ink(0.5), 1))
        painter.drawPolyline(QPolygonF([frame.topLeft(), frame.bottomLeft(), frame.bottomRight()]))
        painter.setPen(self._ink(0.8))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for loss, text in ((0.0, "0"), (self._greatest, f"{self._greatest:.2f}")):
            y = self._at(0, loss).y()
            painter.drawText(QRectF(0, y - row / 2, frame.left() - _PAD, row), right, text)
        middle = QRectF(0, frame.top(), frame.left() - _PAD, frame.height())
        painter.drawText(middle, right, "loss")
        below = QRectF(frame.left(), frame.bottom() + 2, frame.width(), row)
        painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, "step")
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, f"{self._last_step:.0f}")

    def _paint_line(self, painter: QPainter) -> None:
        """Draw the line, with a dot at its end, which is all there is of the first report."""
        points = [self._at(step, loss) for step, loss in self._reports]
        painter.setPen(QPen(self._accent, 1.6))
        painter.drawPolyline(QPolygonF(points))
        painter.setBrush(self._accent)
        painter.drawEllipse(points[-1], 2.0, 2.0)
