"""Layer that marks the points which a trained network would change."""

import numpy as np
from napari.components import ViewerModel
from napari.layers import Points

from napari_drpnet.plugin.canvas.layers.magnification import Magnification
from napari_drpnet.plugin.canvas.layers.slot import LayerSlot
from napari_drpnet.project.session import Session

CHANGES = "would change"
_COLOR = (1.0, 0.45, 0.95, 1.0)
#: Side of a mark, in particle diameters.
_SIDE = 1.7


class ChangesView:
    """Mark the picks that a trained network would add or remove with pink diamonds.

    The layer is empty while no training outcome is open.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Viewer in which the layer is drawn.
    session : Session
        Session whose training outcome is drawn.
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
        self.slot: LayerSlot[Points] = LayerSlot(viewer, session, order=8)
        session.learner.finished.connect(self._on_outcome)
        session.current.points_changed.connect(self.draw)
        session.current.image_changed.connect(self.draw)
        session.current.diameter_changed.connect(self.draw)
        magnification.changed.connect(self.draw)

    def draw(self) -> None:
        """Draw the diamonds.

        The layer is created when it is first needed, and kept when it is empty, because napari
        takes about 0.1 s to remove a layer.
        """
        current, layer = self._session.current, self.slot.layer
        changed = self._session.learner.changed_yx
        if len(changed) and current.image is not None and not self.slot.was_deleted:
            layer = layer or self._make()
            self.slot.place()
            layer.data = changed
            size = _SIDE * (current.diameter_px or 0.0)
            layer.size, layer.border_width = size, self._magnification.line(size)
            layer.editable = False  # napari resets it when the data change
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
