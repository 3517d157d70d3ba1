"""A frame around the point in doubt, so that nobody has to look for it."""

import numpy as np
from napari.components import ViewerModel
from napari.layers import Points

from napari_drpnet.plugin.canvas.layers.magnification import Magnification
from napari_drpnet.plugin.canvas.layers.slot import LayerSlot
from napari_drpnet.project.session import Session

DOUBT = "uncertain"
_COLOR = (1.0, 0.9, 0.2, 1.0)
#: In particle diameters.
_SIDE = 1.5


class DoubtView:
    """A yellow square around the point that the user is asked about; no point, no square.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Where it is drawn.
    session : Session
        Whose selection it is.
    magnification : Magnification
        How large it is on the screen.

    Attributes
    ----------
    slot : LayerSlot
        The place of its layer.
    """

    def __init__(self, viewer: ViewerModel, session: Session, magnification: Magnification) -> None:
        self._session = session
        self._magnification = magnification
        self.slot: LayerSlot[Points] = LayerSlot(viewer, session, order=4)
        session.selection.changed.connect(self.draw)
        magnification.changed.connect(self.draw)

    def draw(self) -> None:
        """Draw the square where it belongs; the layer is made when it is first needed.

        It stays when it is empty: napari takes some 0.1 s to remove a layer.
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
