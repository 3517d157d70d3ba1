"""Layer that marks the points which a trained network would change."""

from napari.components import ViewerModel

from napari_drpnet.plugin.canvas.layers.magnification import Magnification
from napari_drpnet.plugin.canvas.layers.symbols import Symbols
from napari_drpnet.project.session import Session

CHANGES = "would change"
_COLOR = (1.0, 0.45, 0.95)
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
        self._symbols = Symbols(
            viewer, session, magnification, name=CHANGES, symbol="diamond", color=_COLOR, order=8
        )
        self.slot = self._symbols.slot
        session.learner.finished.connect(self._on_outcome)
        session.current.points_changed.connect(self.draw)
        session.current.image_changed.connect(self.draw)
        session.current.diameter_changed.connect(self.draw)
        magnification.changed.connect(self.draw)

    def draw(self) -> None:
        """Draw the diamonds."""
        diameter = self._session.current.diameter_px or 0.0
        self._symbols.draw(self._session.learner.changed_yx, _SIDE * diameter)

    def _on_outcome(self) -> None:
        self.slot.revive()
        self.draw()
