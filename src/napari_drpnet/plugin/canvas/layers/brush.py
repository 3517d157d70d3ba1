"""Layer of the brush at the mouse."""

import numpy as np
from napari.components import ViewerModel

from napari_drpnet.plugin.canvas.layers.looks import GREEN, ORANGE
from napari_drpnet.plugin.canvas.layers.magnification import Magnification
from napari_drpnet.plugin.canvas.layers.symbols import Symbols
from napari_drpnet.project.session import Session

BRUSH = "brush"


class BrushView:
    """Draw the brush as a circle: green if it accepts, orange if it rejects.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Viewer in which the layer is drawn.
    session : Session
        Session whose points the brush labels.
    magnification : Magnification
        Magnification of the micrograph on the screen.

    Attributes
    ----------
    slot : LayerSlot
        Slot that holds the layer.
    """

    def __init__(self, viewer: ViewerModel, session: Session, magnification: Magnification) -> None:
        self._symbols = Symbols(
            viewer, session, magnification, name=BRUSH, symbol="disc", color=GREEN, order=11
        )
        self.slot = self._symbols.slot

    def show(self, center_yx: tuple[float, float], diameter_px: float, accepts: bool) -> None:
        """Draw the brush at a position ``(y, x)``; lengths are in unbinned pixels."""
        self.slot.revive()
        self._symbols.draw([center_yx], diameter_px, GREEN if accepts else ORANGE)

    def hide(self) -> None:
        """Draw no brush."""
        self._symbols.draw(np.empty(0), 0.0)
