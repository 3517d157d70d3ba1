"""What the plots of the plugin share.

They are drawn with Qt alone, in a millisecond, in the colours of the theme around them.
"""

from qtpy.QtCore import Qt
from qtpy.QtGui import QColor, QPainter, QPalette
from qtpy.QtWidgets import QSizePolicy, QWidget

#: Bluish green, which colour-blind people too tell from grey.
ACCENT = "#009e73"


class Plot(QWidget):
    """What both plots share: colours from the theme, and a text where there is nothing to show.

    Parameters
    ----------
    empty_text : str
        Shown while there is no data.
    accent : str
        Name or hex code of the one strong colour.
    parent : QWidget, optional
        Parent widget.

    Attributes
    ----------
    empty_text : str
        Shown while there is no data.
    """

    def __init__(self, empty_text: str, accent: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.empty_text = empty_text
        self._accent = QColor(accent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def _ink(self, strength: float = 1.0) -> QColor:
        """Return the colour of text, more or less faded."""
        color = QColor(self.palette().color(QPalette.ColorRole.WindowText))
        color.setAlphaF(strength * color.alphaF())
        return color

    def _line_height(self) -> int:
        return int(self.fontMetrics().height())

    def _paint_empty(self, painter: QPainter) -> None:
        painter.setPen(self._ink(0.7))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.empty_text)
