"""List of 2D averages as pictures, of which one can be chosen."""

from collections.abc import Sequence

from qtpy.QtCore import QRect, QSignalBlocker, QSize, Qt
from qtpy.QtGui import QIcon, QPainter, QPixmap
from qtpy.QtWidgets import QListView, QListWidget, QListWidgetItem

from napari_drpnet.base.wording import counted
from napari_drpnet.plugin.gallery.tile_painter import paint_class
from napari_drpnet.project.controllers.averaging import ClassTile

#: Side of a picture, size of its cell with the number below it, and height of the list.
_SIDE = 56
_CELL = QSize(62, 78)
_HEIGHT = 2 * _CELL.height() + 6
_SUSPECT = "Looks like junk: off centre, or fainter than most. This is only a suggestion"
_VERDICTS = {True: "accepted", False: "rejected", None: ""}


class ClassList(QListWidget):
    """Averages with their numbers of points below them."""

    def __init__(self) -> None:
        super().__init__()
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setMovement(QListView.Movement.Static)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setIconSize(QSize(_SIDE, _SIDE))
        self.setGridSize(_CELL)
        self.setFixedHeight(_HEIGHT)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("2D averages")

    @property
    def chosen(self) -> int | None:
        """Number of the chosen class; None if none is chosen."""
        return next((index.row() for index in self.selectedIndexes()), None)

    def show_tiles(self, tiles: Sequence[ClassTile], chosen: int | None) -> None:
        """Show classes, of which one may be chosen, without a signal."""
        with QSignalBlocker(self):
            while self.count() > len(tiles):
                self.takeItem(len(tiles))
            for number, tile in enumerate(tiles):
                item = self.item(number) or QListWidgetItem(self)
                item.setText(f"{tile.count:,}")
                item.setIcon(self._icon(tile))
                item.setToolTip(_describe(number, tile))
                item.setData(Qt.ItemDataRole.AccessibleTextRole, item.toolTip())
            if chosen != self.chosen:
                self.setCurrentRow(-1 if chosen is None else chosen)

    def _icon(self, tile: ClassTile) -> QIcon:
        """Return the picture of a class, which is not tinted if the class is chosen."""
        ratio = self.devicePixelRatioF()
        picture = QPixmap(QSize(_SIDE, _SIDE) * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        paint_class(painter, QRect(0, 0, _SIDE, _SIDE), tile)
        painter.end()
        icon = QIcon(picture)
        icon.addPixmap(picture, QIcon.Mode.Selected)
        return icon


def _describe(number: int, tile: ClassTile) -> str:
    lines = (
        f"Class {number + 1}: {counted(tile.count, 'pick')}",
        _VERDICTS[tile.accepted],
        _SUSPECT if tile.is_suspect else "",
    )
    return "\n".join(filter(None, lines))
