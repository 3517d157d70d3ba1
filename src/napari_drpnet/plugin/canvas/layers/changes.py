"""Diamonds around the points that would change, while an outcome of what was trained is open."""

import numpy as np
from napari.components import ViewerModel
from napari.layers import Points

from napari_drpnet.plugin.canvas.layers.magnification import Magnification
from napari_drpnet.plugin.canvas.layers.slot import LayerSlot
from napari_drpnet.project.session import Session

CHANGES = "would change"
_COLOR = (1.0, 0.45, 0.95, 1.0)
#: In particle diameters.
_SIDE = 1.7


class ChangesView:
    """Pink diamonds around the points that would change sides; no outcome, no diamonds.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Where they are drawn.
    session : Session
        Whose outcome it is.
    magnification : Magnification
        How large they are on the screen.

    Attributes
    ----------
    slot : LayerSlot
        The place of its layer.
    """

    def __init__(self, viewer: ViewerModel, session: Session, magnification: Magnification) -> None:
        self._session = session
        self._magnification = magnification
        self.slot: LayerSlot[Points] = LayerSlot(viewer, session, order=5)
        session.learner.finished.connect(self._on_outcome)
        session.current.points_changed.connect(self.draw)
        session.current.image_changed.connect(self.draw)
        magnification.changed.connect(self.draw)

    def draw(self) -> None:
        """Draw them; the layer is made when it is first needed, and stays when it is empty.

        napari takes some 0.1 s to remove a layer.
        """
        current, layer = self._session.current, self.slot.layer
        changed = self._session.learner.changed_yx
        if len(changed) and current.image is not None and not self.slot.was_deleted:
            layer = layer or self._make()
            self.slot.place()
            layer.data = changed
            size = _SIDE * (current.diameter_px or 0.0)
            layer.size, layer.border_width = size, self._magnification.line(size)
            layer.editable = False  # new data have made it so
        elif layer is not None and len(layer.data):
            layer.data = np.empty((0, 2))

    def _make(self) -> Points:
        layer = Points(
            np.empty((0, 2)),
            name=CHANGES,
            symbol="diamond",
            face_color="transparent",
            border_color=np.array(_COLOR),
            **self.slot.space,
        )
        self.slot.put(layer)
        return layer

    def _on_outcome(self) -> None:
        self.slot.revive()
        self.draw()
