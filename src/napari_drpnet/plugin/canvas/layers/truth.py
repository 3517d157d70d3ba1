"""Points layer of the true particles, for comparison."""

import numpy as np
from napari.components import ViewerModel
from napari.layers import Points

from napari_drpnet.plugin.canvas.layers.magnification import Magnification
from napari_drpnet.plugin.canvas.layers.slot import LayerSlot
from napari_drpnet.project.session import Session

TRUTH = "truth"
_WHITE, _BLACK = np.array([1, 1, 1, 1.0]), np.array([0, 0, 0, 1.0])
#: Size of a square: share of the particle diameter, and limits in screen pixels.
_SIZE, _LIMITS = 0.2, (4.0, 8.0)


class TruthView:
    """Draw the true particles as small white squares at their centres.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Viewer in which the layer is drawn.
    session : Session
        Session whose true positions are drawn.
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
        self.slot: LayerSlot[Points] = LayerSlot(viewer, session, order=5)
        session.comparison.positions_changed.connect(self._on_truth)
        session.current.image_changed.connect(self.draw)
        session.current.diameter_changed.connect(self._resize)
        magnification.changed.connect(self._resize)

    def draw(self) -> None:
        """Draw the true particles of the current micrograph; remove the layer if none are known."""
        current, truth = self._session.current, self._session.comparison.truth_yx
        if truth is None:
            self.slot.remove()
        elif current.image is not None and not self.slot.was_deleted:
            layer = self.slot.layer or self._make()
            layer.data, layer.size = truth, self._size()
            self.slot.place()

    def _make(self) -> Points:
        layer = Points(
            np.empty((0, 2)),
            name=TRUTH,
            symbol="square",
            face_color=_WHITE,
            border_color=_BLACK,
            border_width=0.2,
            **self.slot.space,
        )
        self.slot.put(layer)
        layer.editable = False
        return layer

    def _on_truth(self) -> None:
        self.slot.revive()
        self.draw()

    def _size(self) -> float:
        diameter = self._session.current.diameter_px or 50.0
        return float(self._magnification.within(_SIZE * diameter, *_LIMITS))

    def _resize(self) -> None:
        if self.slot.layer is not None:
            self.slot.layer.size = self._size()
