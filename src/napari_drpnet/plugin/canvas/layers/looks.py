"""Symbol, size and colour of a point for each of its states."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from napari.layers import Points
from numpy.typing import NDArray

from napari_drpnet.plugin.canvas.layers.magnification import Magnification
from napari_drpnet.project.points.marks import Mark
from napari_drpnet.project.points.review import State

#: Names of the states; the file writer reads the beginning of them.
STATE_NAMES = {
    State.BELOW: "below",
    State.REJECTED: "rejected",
    State.ACCEPTED: "accepted",
    State.REJECTED_BY_HAND: "rejected by hand",
    State.ACCEPTED_BY_HAND: "accepted by hand",
}
#: Number of the look of a point that is rejected since it is on dirt or too near to it; the looks
#: before it are those of the states.
ON_DIRT = len(State)
#: Names of such points.
ON_DIRT_NAME, NEAR_DIRT_NAME = "rejected: on dirt", "rejected: near dirt"
GREEN, ORANGE, CYAN = (0.27, 0.90, 0.47), (1.0, 0.47, 0.20), (0.35, 1.0, 1.0)
#: Colour of selected points, and of the mark of the uncertain one.
YELLOW = (1.0, 0.9, 0.2)
_CLEAR, _TINT = 0.0, 0.25
#: Least diameter of a ring, in screen pixels.
_LEAST_RING = 5.0
#: Size of a cross: share of the particle diameter, limits in screen pixels, factor if by hand.
_CROSS, _CROSS_LIMITS, _LARGER = 0.45, (5.0, 18.0), 1.5


@dataclass(frozen=True)
class MarkLook:
    """Look of one kind of mark, an outline distinct in colour and in shape from all others.

    The colours differ in brightness too, so that colour-blind people can tell them apart.

    Parameters
    ----------
    symbol : str
        Name of the symbol in napari.
    rgba : tuple of float
        Colour, each part from 0 to 1.
    diameters : float
        Size in particle diameters.
    limits : tuple of float
        Least and greatest size in screen pixels.
    """

    symbol: str
    rgba: tuple[float, float, float, float]
    diameters: float
    limits: tuple[float, float]


#: Limits of marks that are meant to be seen from afar.
_STRIKING = (9.0, np.inf)
#: Looks of the marks of a comparison.
MARK_LOOKS = {
    Mark.RIGHT: MarkLook("disc", (1.0, 1.0, 1.0, 0.6), 0.4, (6.0, 16.0)),
    Mark.WRONG: MarkLook("triangle_down", (1.0, 0.30, 0.65, 1.0), 0.8, _STRIKING),
    Mark.MISSED: MarkLook("triangle_up", (0.60, 0.72, 1.0, 1.0), 0.8, _STRIKING),
    Mark.AGREED: MarkLook("star", (0.72, 0.45, 1.0, 0.7), 0.35, (8.0, 16.0)),
    Mark.ONLY_THEIRS: MarkLook("star", (0.72, 0.45, 1.0, 1.0), 0.6, (11.0, 28.0)),
}


class Looks:
    """Symbols of the states: rings for accepted, crosses for rejected points, + on dirt.

    Rings are filled, and crosses are larger, where the user has labelled the point by hand. Rings
    have the size of the particle and a line width in screen pixels. Crosses stay small at any
    zoom, so that they do not hide the particle. The arrays have one row for each `State`, and one
    for `ON_DIRT`.

    Parameters
    ----------
    magnification : Magnification
        Magnification of the micrograph on the screen.
    diameter_px : float
        Diameter of the particle in unbinned pixels.
    """

    _looks = (*State, ON_DIRT)
    accepted = np.isin(_looks, (State.ACCEPTED, State.ACCEPTED_BY_HAND))
    by_hand = np.isin(_looks, (State.ACCEPTED_BY_HAND, State.REJECTED_BY_HAND))
    symbol = np.where(accepted, "disc", "x").astype(object)
    symbol[ON_DIRT] = "cross"
    border_color = np.where(accepted[:, None], (*GREEN, 1.0), (*ORANGE, 1.0))
    border_color[ON_DIRT, :3] = CYAN
    _opacity = np.where(accepted, np.where(by_hand, _TINT, _CLEAR), 1.0)
    face_color = np.column_stack([border_color[:, :3], _opacity])

    def __init__(self, magnification: Magnification, diameter_px: float) -> None:
        rings = magnification.within(diameter_px, _LEAST_RING, np.inf)
        crosses = magnification.within(_CROSS * diameter_px, *_CROSS_LIMITS)
        crosses = crosses * np.where(self.by_hand, _LARGER, 1.0)
        self.size = np.where(self.accepted, rings, crosses)
        self.border_width = np.where(self.accepted, magnification.line(rings), 0.0)


@cache
def mark_symbols() -> dict[Mark, object]:
    """Return the symbols of the marks as napari stores them."""
    names = [look.symbol for look in MARK_LOOKS.values()]
    stored = Points(np.zeros((len(names), 2)), symbol=names).symbol
    return dict(zip(MARK_LOOKS, stored, strict=True))


@cache
def napari_symbols() -> NDArray[np.object_]:
    """Return the symbols as napari stores them, one for each look."""
    return Points(np.zeros((len(Looks.symbol), 2)), symbol=Looks.symbol).symbol
