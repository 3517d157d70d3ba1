"""Base class of the plots, which are drawn with Qt alone in the colours of the theme."""

from qtpy.QtCore import Qt
from qtpy.QtGui import QColor, QPainter, QPalette
from qtpy.QtWidgets import QSizePolicy, QWidget

#: Bluish green, which colour-blind people can also distinguish from grey.
ACCENT = "#009e73"


class Plot(QWidget):
    """Base class of the plots: colours of the theme, and a text for an empty plot.

    Parameters
    ----------
    empty_text : str
        Text that is shown while there are no data.
    accent : str
        Name or hex code of the accent colour.
    parent : QWidget, optional
        Parent widget.

    Attributes
    ----------
    empty_text : str
        Text that is shown while there are no data.
    """

    def __init__(self, empty_text: str, accent: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.empty_text = empty_text
        self._accent = QColor(accent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def _ink(self, strength: float = 1.0) -> QColor:
        """Return the text colour of the theme, with its opacity multiplied by `strength`."""
        color = QColor(self.palette().color(QPalette.ColorRole.WindowText))
        color.setAlphaF(strength * color.alphaF())
        return color

    def _line_height(self) -> int:
        return int(self.fontMetrics().height())

    def _paint_empty(self, painter: QPainter) -> None:
        painter.setPen(self._ink(0.7))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.empty_text)
