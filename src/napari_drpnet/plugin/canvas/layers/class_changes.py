"""Labels layer with outlines of the pixels whose class a trained segmenter would change."""

from napari.components import ViewerModel
from napari.layers import Labels

from napari_drpnet.plugin.canvas.layers.labels import class_colormap
from napari_drpnet.plugin.canvas.layers.slot import LayerSlot
from napari_drpnet.project.session import Session

CLASS_CHANGES = "would change class"


class ClassChangesView:
    """Outline the pixels that would change, in the colour of their new class.

    The layer is hidden while no outcome of a training on strokes is open.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Viewer in which the layer is drawn.
    session : Session
        Session whose outcome is drawn.

    Attributes
    ----------
    slot : LayerSlot
        Slot that holds the layer.
    """

    def __init__(self, viewer: ViewerModel, session: Session) -> None:
        self._session = session
        self.slot: LayerSlot[Labels] = LayerSlot(viewer, session, order=3)
        session.stroke_learner.finished.connect(self._on_outcome)
        session.current.changed.connect(self.draw)
        session.current.image_changed.connect(self.draw)

    def draw(self) -> None:
        """Draw the outlines."""
        changes, layer = self._session.stroke_learner.changes, self.slot.layer
        if changes is None or self._session.current.image is None:
            if layer is not None:
                layer.visible = False
            return
        if self.slot.was_deleted:
            return
        self.slot.frame = changes.frame
        if layer is None:
            layer = self._make()
        layer.data = changes.classes
        self.slot.place()
        layer.visible = True

    def _make(self) -> Labels:
        changes = self._session.stroke_learner.changes
        assert changes is not None
        layer = Labels(
            changes.classes,
            name=CLASS_CHANGES,
            colormap=class_colormap(),
            opacity=1.0,
            **self.slot.space,
        )
        layer.contour = 1
        self.slot.put(layer)
        layer.editable = False
        return layer

    def _on_outcome(self) -> None:
        self.slot.revive()
        self.draw()
