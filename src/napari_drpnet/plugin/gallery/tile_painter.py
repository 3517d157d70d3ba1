"""Drawing of one thumbnail or 2D average with its marks, in the colours of the canvas."""

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QRect, Qt
from qtpy.QtGui import QColor, QImage, QPainter, QPalette, QPen

from napari_drpnet.plugin.canvas.layers.looks import GREEN, ORANGE
from napari_drpnet.project.controllers.averaging import ClassTile
from napari_drpnet.project.controllers.gallery import Tile
from napari_drpnet.project.points.review import State

#: Margin of a picture in its cell, in pixels.
MARGIN = 2
_PLACEHOLDER = QColor(96, 96, 96)
_ACCEPTED = (State.ACCEPTED, State.ACCEPTED_BY_HAND)
_BY_HAND = (State.ACCEPTED_BY_HAND, State.REJECTED_BY_HAND)
#: Size of crosses and plus signs, and widths of frames, in pixels.
_MARK, _FRAME, _FRAME_BY_HAND = 5, 2, 4
_WASHED_OUT = 0.45


def paint_tile(painter: QPainter, cell: QRect, tile: Tile, palette: QPalette) -> None:
    """Draw a thumbnail in its cell.

    Accepted points have a green frame, rejected ones an orange cross and are washed out. The frame
    is thicker where the user has labelled the point, and added ones have a plus sign.

    Parameters
    ----------
    painter : QPainter
        Painter of the area.
    cell : QRect
        Square cell.
    tile : Tile
        What is drawn.
    palette : QPalette
        Colours of the theme.
    """
    area = cell.adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)
    is_accepted = tile.state in _ACCEPTED
    color = QColor.fromRgbF(*(GREEN if is_accepted else ORANGE))
    _paint_picture(painter, area, tile.greys, tile.reason, faint=not is_accepted)
    width = _FRAME_BY_HAND if tile.state in _BY_HAND else _FRAME
    _paint_frame(painter, area, color, width)
    if not is_accepted:
        _paint_cross(painter, area, color, tile.state in _BY_HAND)
    if tile.is_added:
        _paint_plus(painter, area, color)
    if tile.is_on_dirt:
        _paint_word(painter, area, color, "dirt")
    if tile.is_selected:
        _paint_frame(painter, cell, palette.color(QPalette.ColorRole.WindowText), MARGIN)
        veil = palette.color(QPalette.ColorRole.Highlight)
        veil.setAlphaF(0.35)
        painter.fillRect(area, veil)


def paint_class(painter: QPainter, cell: QRect, tile: ClassTile) -> None:
    """Draw the average of a class in its cell.

    Classes that the user has accepted or rejected look as such thumbnails do. Others have no frame.

    Parameters
    ----------
    painter : QPainter
        Painter of the picture.
    cell : QRect
        Square cell.
    tile : ClassTile
        What is drawn.
    """
    area = cell.adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)
    green, orange = QColor.fromRgbF(*GREEN), QColor.fromRgbF(*ORANGE)
    _paint_picture(painter, area, tile.greys, "", faint=tile.accepted is False)
    if tile.accepted is not None:
        _paint_frame(painter, area, green if tile.accepted else orange, _FRAME_BY_HAND)
    if tile.accepted is False:
        _paint_cross(painter, area, orange, is_large=True)
    if tile.is_suspect:
        _paint_word(painter, area, orange, "junk?")


def _paint_word(painter: QPainter, area: QRect, color: QColor, word: str) -> None:
    """Draw a word in the bottom left corner."""
    painter.setPen(color)
    inside = area.adjusted(_FRAME + 2, _FRAME, -_FRAME, -_FRAME)
    painter.drawText(inside, Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft, word)


def _paint_picture(
    painter: QPainter, area: QRect, greys: NDArray[np.uint8] | None, reason: str, faint: bool
) -> None:
    if greys is None:
        painter.fillRect(area, _PLACEHOLDER)
        if reason:
            painter.setPen(QColor("white"))
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, "no\npicture")
        return
    height, width = greys.shape
    picture = QImage(greys.tobytes(), width, height, width, QImage.Format.Format_Grayscale8)
    painter.setOpacity(_WASHED_OUT if faint else 1.0)
    painter.drawImage(area, picture)
    painter.setOpacity(1.0)


def _paint_frame(painter: QPainter, area: QRect, color: QColor, width: int) -> None:
    """Draw a frame along the inner edge of an area."""
    left, top, right, bottom = area.left(), area.top(), area.right() + 1, area.bottom() + 1
    for x, y, w, h in (
        (left, top, right - left, width),
        (left, bottom - width, right - left, width),
        (left, top, width, bottom - top),
        (right - width, top, width, bottom - top),
    ):
        painter.fillRect(x, y, w, h, color)


def _paint_cross(painter: QPainter, area: QRect, color: QColor, is_large: bool) -> None:
    """Draw a cross in the top right corner."""
    half = _MARK + 2 if is_large else _MARK
    x, y = area.right() - half - 5, area.top() + half + 5
    painter.setPen(QPen(color, 3 if is_large else 2))
    painter.drawLine(x - half, y - half, x + half, y + half)
    painter.drawLine(x - half, y + half, x + half, y - half)


def _paint_plus(painter: QPainter, area: QRect, color: QColor) -> None:
    """Draw a plus sign in the top left corner."""
    x, y = area.left() + _MARK + 6, area.top() + _MARK + 6
    painter.setPen(QPen(color, 3))
    painter.drawLine(x - _MARK, y, x + _MARK, y)
    painter.drawLine(x, y - _MARK, x, y + _MARK)
