"""Power spectrum with rings at the zeros of the contrast transfer function."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from qtpy.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from qtpy.QtGui import QImage, QPainter, QPen
from qtpy.QtWidgets import QWidget

from napari_drpnet.plugin.plots.plot import ACCENT, Plot

_RIGHT_HALF = -90 * 16, 180 * 16
_PERCENTILES = 2, 99.5


class SpectrumPlot(Plot):
    """Power spectrum as a grey square; the rings are drawn over its right half only.

    Parameters
    ----------
    empty_text : str
        Text that is shown while there is no spectrum.
    parent : QWidget, optional
        Parent widget.

    Attributes
    ----------
    radii : tuple of float
        Radii of the rings, as shares of half the side; see `set_rings`.
    """

    def __init__(self, *, empty_text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(empty_text, ACCENT, parent)
        self._image: QImage | None = None
        self.radii: tuple[float, ...] = ()
        self.setMinimumHeight(200)
        self.setAccessibleName("power spectrum")
        self.setToolTip(
            "Power of the micrograph at each spatial frequency, on a logarithmic scale,\n"
            "without its smooth background. Frequency 0 is in the middle."
        )

    def set_image(self, image: NDArray[np.float32] | None) -> None:
        """Show a spectrum ``(n, n)``; None removes it."""
        self._image = None if image is None else _grey(image)
        self.update()

    def set_rings(self, radii: ArrayLike) -> None:
        """Show rings with these radii, ``(k,)``, as shares of half the side."""
        self.radii = tuple(np.asarray(radii, float).tolist())
        self.update()

    def sizeHint(self) -> QSize:
        """Return the preferred size."""
        return QSize(260, 260)

    def frame(self) -> QRectF:
        """Return the square of the spectrum, in pixels."""
        side = min(self.width(), self.height())
        return QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)

    def paintEvent(self, _: QEvent) -> None:
        """Draw spectrum and rings."""
        painter = QPainter(self)
        if self._image is None:
            self._paint_empty(painter)
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        frame = self.frame()
        painter.drawImage(frame, self._image)
        painter.setPen(QPen(self._accent, 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for radius in self.radii:
            reach = radius * frame.width() / 2
            corner = frame.center() - QPointF(reach, reach)
            painter.drawArc(QRectF(corner.x(), corner.y(), 2 * reach, 2 * reach), *_RIGHT_HALF)


def _grey(image: NDArray[np.float32]) -> QImage:
    low, high = np.percentile(image, _PERCENTILES)
    grey = np.clip((image - low) / max(high - low, 1e-6), 0, 1) * 255
    levels = np.ascontiguousarray(grey, np.uint8)
    height, width = levels.shape
    return QImage(levels.tobytes(), width, height, width, QImage.Format.Format_Grayscale8).copy()
