"""Layer that marks the uncertain point."""

import numpy as np
from napari.components import ViewerModel

from napari_drpnet.plugin.canvas.layers.looks import YELLOW
from napari_drpnet.plugin.canvas.layers.magnification import Magnification
from napari_drpnet.plugin.canvas.layers.symbols import Symbols
from napari_drpnet.project.session import Session

DOUBT = "uncertain"
#: Side of a mark, in particle diameters.
_SIDE = 1.5


class DoubtView:
    """Mark the uncertain point that the user is asked to label with a yellow square.

    The layer is empty while there is no such point.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Viewer in which the layer is drawn.
    session : Session
        Session whose uncertain point is marked.
    magnification : Magnification
        Magnification of the micrograph on the screen.

    Attributes
    ----------
    slot : LayerSlot
        Slot that holds the layer.
    """

    def __init__(self, viewer: ViewerModel, session: Session, magnification: Magnification) -> None:
        self._session = session
        self._symbols = Symbols(
            viewer, session, magnification, name=DOUBT, symbol="square", color=YELLOW, order=7
        )
        self.slot = self._symbols.slot
        session.selection.changed.connect(self.draw)
        magnification.changed.connect(self.draw)

    def draw(self) -> None:
        """Draw the square."""
        current, selection, centers = self._session.current, self._session.selection, np.empty(0)
        if selection.in_doubt and current.review is not None:
            centers = current.review.centers_yx[selection.rows]
        self._symbols.draw(centers, _SIDE * (current.diameter_px or 0.0))
