"""Legend of the classes of the pixels, with the share of the area of each."""

from qtpy.QtCore import QEvent, QRectF, Qt
from qtpy.QtGui import QColor, QPainter
from qtpy.QtWidgets import QGridLayout, QLabel, QWidget

from napari_drpnet.base.segmentation import BACKGROUND, CARBON, CLASSES, ICE, PARTICLE
from napari_drpnet.plugin.canvas.layers.labels import class_colour

_SIDE = 14
#: Grey like a micrograph, which background leaves as it is.
_GROUND = QColor(128, 128, 128)
_TOOLTIPS = {
    BACKGROUND: "Background: drawn without a colour",
    PARTICLE: "Particle",
    ICE: "Ice: crystals, drops, aggregates and all other dirt that is no film",
    CARBON: "Carbon: any support film, gold included",
}


class ClassSwatch(QWidget):
    """Square in the colour of a class.

    Parameters
    ----------
    number : int
        Number of the class.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        is_drawn = number != BACKGROUND
        self._colour = QColor.fromRgbF(*class_colour(number)) if is_drawn else _GROUND
        self.setFixedSize(_SIDE, _SIDE)

    def paintEvent(self, _: QEvent) -> None:
        """Draw the square."""
        painter = QPainter(self)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._colour)
        painter.drawRoundedRect(QRectF(self.rect()), 2, 2)


class ClassLegend(QWidget):
    """Legend of the classes in two columns.

    Attributes
    ----------
    texts : dict of str to QLabel
        Texts by the name of the class.
    """

    def __init__(self) -> None:
        super().__init__()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(4)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(3, 1)
        self.texts: dict[str, QLabel] = {}
        for number, name in enumerate(CLASSES, start=BACKGROUND):
            self.texts[name] = text = QLabel(name)
            row, column = (number - 1) % 2, 2 * ((number - 1) // 2)
            for offset, part in enumerate((ClassSwatch(number), text)):
                part.setToolTip(_TOOLTIPS[number])
                grid.addWidget(part, row, column + offset)

    def show_shares(self, shares: dict[str, float]) -> None:
        """Show the share of each class by its name; none if they are unknown."""
        for name, text in self.texts.items():
            text.setText(f"{name} {shares[name]:.1%}" if name in shares else name)
