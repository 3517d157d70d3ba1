"""Layer that marks the uncertain point."""

import numpy as np
from napari.components import ViewerModel
from napari.layers import Points

from napari_drpnet.plugin.canvas.layers.looks import YELLOW
from napari_drpnet.plugin.canvas.layers.magnification import Magnification
from napari_drpnet.plugin.canvas.layers.slot import LayerSlot
from napari_drpnet.project.session import Session

DOUBT = "uncertain"
_COLOR = (*YELLOW, 1.0)
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
        self._magnification = magnification
        self.slot: LayerSlot[Points] = LayerSlot(viewer, session, order=7)
        session.selection.changed.connect(self.draw)
        magnification.changed.connect(self.draw)

    def draw(self) -> None:
        """Draw the square.

        The layer is created when it is first needed, and kept when it is empty, because napari
        takes about 0.1 s to remove a layer.
        """
        current, selection = self._session.current, self._session.selection
        if selection.in_doubt and not self.slot.was_deleted:
            layer = self.slot.layer or self._make()
            self.slot.place()
            assert current.review is not None
            layer.data = current.review.centers_yx[selection.rows]
            size = _SIDE * (current.diameter_px or 0.0)
            layer.size, layer.border_width = size, self._magnification.line(size)
        elif self.slot.layer is not None:
            self.slot.layer.data = np.empty((0, 2))

    def _make(self) -> Points:
        layer = Points(
            np.empty((0, 2)),
            name=DOUBT,
            symbol="square",
            face_color="transparent",
            border_color=np.array(_COLOR),
            **self.slot.space,
        )
        self.slot.put(layer)
        layer.editable = False
        return layer
