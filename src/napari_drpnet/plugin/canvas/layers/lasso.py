"""Layer of the outline that is being drawn by hand."""

import numpy as np
from napari.components import ViewerModel
from numpy.typing import ArrayLike

from napari_drpnet.plugin.canvas.layers.looks import YELLOW
from napari_drpnet.plugin.canvas.layers.magnification import Magnification
from napari_drpnet.plugin.canvas.layers.symbols import Symbols
from napari_drpnet.project.points.outlines import spread_along
from napari_drpnet.project.session import Session

LASSO = "lasso"
#: Number of dots, and their diameter in screen pixels.
_DOTS, _DOT = 240, 3.0


class LassoView:
    """Draw a closed outline as a dotted yellow line.

    The number of dots is always the same, since napari is slow with another number of points.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Viewer in which the layer is drawn.
    session : Session
        Session whose points are selected.
    magnification : Magnification
        Magnification of the micrograph on the screen.

    Attributes
    ----------
    slot : LayerSlot
        Slot that holds the layer.
    """

    def __init__(self, viewer: ViewerModel, session: Session, magnification: Magnification) -> None:
        self._magnification = magnification
        self._symbols = Symbols(
            viewer,
            session,
            magnification,
            name=LASSO,
            symbol="disc",
            color=YELLOW,
            order=12,
            is_filled=True,
        )
        self.slot = self._symbols.slot

    def show(self, outline_yx: ArrayLike) -> None:
        """Draw an outline through ``(k, 2)`` positions ``(y, x)`` in unbinned pixels."""
        self.slot.revive()
        self._symbols.draw(spread_along(outline_yx, _DOTS), _DOT / self._magnification.value)

    def hide(self) -> None:
        """Draw no outline."""
        self._symbols.draw(np.empty(0), 0.0)
