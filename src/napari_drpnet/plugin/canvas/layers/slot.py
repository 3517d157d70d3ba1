"""Slot that holds one layer, and keeps its order and its position over the micrograph."""

from typing import Any, Generic, TypeVar

import numpy as np
from napari.components import ViewerModel
from napari.layers import Layer
from psygnal import Signal

from napari_drpnet.base.geometry import Frame
from napari_drpnet.project.session import Session

LayerT = TypeVar("LayerT", bound=Layer)


class LayerSlot(Generic[LayerT]):
    """Slot that holds the layer of a view.

    The layer is recognized by identity, so it may be renamed or moved in the list. If the user
    deletes it, it does not come back until the next micrograph or `revive`. If the pixel size
    changes, all layers change together: napari warns at each frame about layers in different units.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Viewer that shows the layer.
    session : Session
        Session whose micrograph the layer covers.
    order : int
        Position among the plugin's layers; layers with a greater order are drawn above.

    Attributes
    ----------
    frame : Frame or None
        Position of an image's pixels on the micrograph; None for data in unbinned pixels.
    present : Signal
        Emitted with False when the user has deleted the layer, and with True when another
        micrograph allows it to come back.
    """

    present = Signal(bool)

    def __init__(self, viewer: ViewerModel, session: Session, order: int) -> None:
        self._viewer = viewer
        self._session = session
        self._order = order
        self._layer: LayerT | None = None
        self.frame: Frame | None = None
        session.current.changed.connect(self._on_micrograph)
        session.settings_changed.connect(self._on_settings)
        viewer.layers.events.removed.connect(self._on_removed)

    @property
    def layer(self) -> LayerT | None:
        """The layer; None if there is none in the viewer."""
        if self._layer is not None and self._layer not in self._viewer.layers:
            return None
        return self._layer

    @property
    def was_deleted(self) -> bool:
        """Whether the user has deleted the layer."""
        return self._layer is not None and self.layer is None

    def revive(self) -> None:
        """Allow a layer that the user has deleted to be added again."""
        if self.was_deleted:
            self._layer = None

    def put(self, layer: LayerT) -> None:
        """Add a layer at its position in the layer list, without changing the selected layers."""
        layers, selected = self._viewer.layers, set(self._viewer.layers.selection)
        layer.metadata["drpnet_order"] = self._order
        above = [k for k, other in enumerate(layers) if _order(other) > self._order]
        self._layer = layer  # before insert: napari moves the camera there, and views are redrawn
        layers.insert(min(above, default=len(layers)), layer)
        if selected:
            layers.selection = selected

    @property
    def space(self) -> dict[str, Any]:
        """Arguments of napari's layers that place the layer over the micrograph.

        These are scale, units, axis labels and, for an image, the translation. An image covers the
        micrograph edge to edge. Pixel centres are at integers, so the centre of its first pixel is
        shifted by half of its own size, less half a micrograph pixel.
        """
        space = micrograph_space(self._session.current.pixel_size_angstrom)
        if self.frame is None:
            return space
        pixel = np.array(space["scale"])
        translate = self.frame.to_full((0, 0)) * pixel
        return space | {"scale": self.frame.scale_yx * pixel, "translate": translate}

    def place(self) -> None:
        """Set scale, units and translation of the layer, if there is one."""
        if self.layer is not None:
            place_layer(self.layer, self.space)

    def remove(self) -> None:
        """Remove the layer from the viewer."""
        layer, self._layer = self.layer, None
        if layer is not None:
            self._viewer.layers.remove(layer)

    def _on_micrograph(self) -> None:
        """Allow a deleted layer to come back; remove the layer if there is no micrograph."""
        if self.was_deleted:
            self.revive()
            self.present.emit(True)
        if self._session.current.record is None:
            self.remove()

    def _on_removed(self, event: Any) -> None:
        if self._layer is not None and event.value is self._layer:
            self.present.emit(False)

    def _on_settings(self) -> None:
        if self._session.current.image is not None:
            self.place()


def is_own_layer(layer: Layer) -> bool:
    """Return whether a slot has put a layer into the viewer."""
    return "drpnet_order" in layer.metadata


def _order(layer: Layer) -> int:
    return int(layer.metadata.get("drpnet_order", -1))


def micrograph_space(pixel_size_angstrom: float | None) -> dict[str, Any]:
    """Return scale, units and axis labels, which all layers over a micrograph share.

    If one layer had other units, napari would ignore the units of all layers.
    """
    known = pixel_size_angstrom is not None
    return {
        "scale": (pixel_size_angstrom or 1.0,) * 2,
        "units": ("angstrom" if known else "pixel",) * 2,
        "axis_labels": ("y", "x"),
    }


def place_layer(layer: Layer, space: dict[str, Any]) -> None:
    """Set the placement of a layer, as `micrograph_space` returns it, where it differs."""
    for name, value in space.items():
        if not np.array_equal(getattr(layer, name), value):
            setattr(layer, name, value)
