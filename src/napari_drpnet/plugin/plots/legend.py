"""Legend of the symbols on the micrograph."""

import math
from collections.abc import Callable
from functools import partial

from qtpy.QtCore import QEvent, QPointF, QRectF, Qt
from qtpy.QtGui import QColor, QPainter, QPen, QPolygonF
from qtpy.QtWidgets import QGridLayout, QLabel, QWidget

from napari_drpnet.plugin.canvas.layers.looks import (
    CYAN,
    GREEN,
    MARK_LOOKS,
    ON_DIRT,
    ORANGE,
    STATE_NAMES,
)
from napari_drpnet.project.points.marks import Mark
from napari_drpnet.project.points.review import State

_SIDE = 18
#: Grey like the ice of a micrograph, in both themes.
_GROUND = QColor(70, 70, 70)
_TOOLTIPS = {
    State.ACCEPTED: "Accepted by the model",
    State.REJECTED: "Above the threshold, but rejected by the model",
    State.ACCEPTED_BY_HAND: "Accepted, added or moved by you; no setting changes that",
    State.REJECTED_BY_HAND: "Rejected by you; no setting changes that",
}
_ON_DIRT = "Rejected because a segmenter found dirt there, or too near; a click accepts it"


class Icon(QWidget):
    """Base class of the icons: a small square, grey like a micrograph."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(_SIDE, _SIDE)

    def paintEvent(self, _: QEvent) -> None:
        """Draw the symbol on a grey background."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(_GROUND)
        painter.drawRoundedRect(QRectF(self.rect()), 3, 3)
        self._paint_symbol(painter, QRectF(self.rect()).center())

    def _paint_symbol(self, painter: QPainter, center: QPointF) -> None:
        raise NotImplementedError


class SymbolIcon(Icon):
    """Icon of the symbol of one state, drawn as on the micrograph.

    Parameters
    ----------
    state : int
        `State` of a point, or `ON_DIRT`.
    """

    def __init__(self, state: int) -> None:
        super().__init__()
        self._state = state

    def _paint_symbol(self, painter: QPainter, center: QPointF) -> None:
        if self._state == ON_DIRT:
            _paint_plus(painter, center)
            return
        by_hand = self._state in (State.ACCEPTED_BY_HAND, State.REJECTED_BY_HAND)
        accepted = self._state in (State.ACCEPTED, State.ACCEPTED_BY_HAND)
        paint = _paint_ring if accepted else _paint_cross
        paint(painter, center, by_hand)


class MarkIcon(Icon):
    """Icon of one kind of mark of a comparison, drawn as on the micrograph.

    Parameters
    ----------
    mark : Mark
        Kind of mark.
    """

    def __init__(self, mark: Mark) -> None:
        super().__init__()
        self._look = MARK_LOOKS[mark]

    def _paint_symbol(self, painter: QPainter, center: QPointF) -> None:
        color = QColor.fromRgbF(*self._look.rgba)
        painter.setPen(QPen(color, 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        _PAINT_MARK[self._look.symbol](painter, center)


class Legend(QWidget):
    """Legend in two columns: states set by the model on the left, by hand on the right."""

    def __init__(self) -> None:
        super().__init__()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(4)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(3, 1)
        for k, (state, tooltip) in enumerate(_TOOLTIPS.items()):
            row, column = k % 2, 2 * (k // 2)
            for offset, part in enumerate((SymbolIcon(state), QLabel(STATE_NAMES[state]))):
                part.setToolTip(tooltip)
                grid.addWidget(part, row, column + offset)
        for offset, part in enumerate((SymbolIcon(ON_DIRT), QLabel("on dirt"))):
            part.setToolTip(_ON_DIRT)
            grid.addWidget(part, 2, offset)


def _paint_ring(painter: QPainter, center: QPointF, by_hand: bool) -> None:
    color = QColor.fromRgbF(*GREEN)
    painter.setPen(QPen(color, 1.5))
    color.setAlphaF(0.35 if by_hand else 0.0)
    painter.setBrush(color)
    painter.drawEllipse(center, 6.0, 6.0)


def _paint_cross(painter: QPainter, center: QPointF, by_hand: bool) -> None:
    reach = 5.0 if by_hand else 3.0
    painter.setPen(QPen(QColor.fromRgbF(*ORANGE), 2.0 if by_hand else 1.5))
    for sign in (1, -1):
        arm = QPointF(reach, sign * reach)
        painter.drawLine(center - arm, center + arm)


def _paint_circle(painter: QPainter, center: QPointF) -> None:
    painter.drawEllipse(center, 3.0, 3.0)


def _paint_triangle(turn: int, painter: QPainter, center: QPointF) -> None:
    """Draw a triangle with its tip up for turn −1, and down for 1."""
    corners = (QPointF(-5.5, -4.5 * turn), QPointF(5.5, -4.5 * turn), QPointF(0.0, 5.0 * turn))
    painter.drawPolygon(QPolygonF([center + corner for corner in corners]))


def _paint_star(painter: QPainter, center: QPointF) -> None:
    """Draw a star with five points, one of them up."""
    reaches = (6.5, 2.8) * 5
    angles = (math.pi * (k / 5 - 0.5) for k in range(len(reaches)))
    corners = (
        QPointF(reach * math.cos(angle), reach * math.sin(angle))
        for reach, angle in zip(reaches, angles, strict=True)
    )
    painter.drawPolygon(QPolygonF([center + corner for corner in corners]))


#: How the symbols of marks are drawn, by their names in napari.
_PAINT_MARK: dict[str, Callable[[QPainter, QPointF], None]] = {
    "disc": _paint_circle,
    "star": _paint_star,
    "triangle_up": partial(_paint_triangle, -1),
    "triangle_down": partial(_paint_triangle, 1),
}


def _paint_plus(painter: QPainter, center: QPointF) -> None:
    painter.setPen(QPen(QColor.fromRgbF(*CYAN), 1.5))
    for arm in (QPointF(3.5, 0.0), QPointF(0.0, 3.5)):
        painter.drawLine(center - arm, center + arm)
