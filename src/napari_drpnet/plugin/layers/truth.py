"""True particles as a points layer, for comparison."""

import numpy as np
from napari.components import ViewerModel
from napari.layers import Points

from napari_drpnet.plugin.layers.slot import LayerSlot, micrograph_space
from napari_drpnet.project.session import Session

TRUTH = "truth"
_COLOR = np.array([0.35, 0.7, 1.0, 1.0])


class TruthView:
    """True particles: small blue squares in the middle of the rings.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Where they are drawn.
    session : Session
        Whose truth it is.
    """

    def __init__(self, viewer: ViewerModel, session: Session) -> None:
        self._session = session
        self.slot: LayerSlot[Points] = LayerSlot(viewer, order=2)
        session.comparison.truth_changed.connect(self.draw)
        session.current.image_changed.connect(self.draw)

    def draw(self) -> None:
        """Draw the truth of the micrograph that is shown, if there is any."""
        current, truth = self._session.current, self._session.comparison.truth_yx
        self.slot.remove()
        if truth is None or current.image is None:
            return
        layer = Points(
            truth,
            name=TRUTH,
            symbol="square",
            size=(current.diameter_px or 50.0) / 4,
            face_color=_COLOR,
            border_color=np.array([0, 0, 0, 0.6]),
            border_width=0.15,
            **micrograph_space(current.pixel_size_angstrom),
        )
        self.slot.put(layer)
        layer.editable = False
