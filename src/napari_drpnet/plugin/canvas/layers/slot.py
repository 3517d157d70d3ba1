"""One place in the layer list and over the micrograph, whatever the user does to the layer."""

from typing import Any, Generic, TypeVar

import numpy as np
from napari.components import ViewerModel
from napari.layers import Layer

from napari_drpnet.base.geometry import Frame
from napari_drpnet.project.session import Session

LayerT = TypeVar("LayerT", bound=Layer)


class LayerSlot(Generic[LayerT]):
    """Holds the layer of one kind that a view draws into.

    The layer is known by identity: renaming or moving it changes nothing. When the user deletes
    it, it stays away until the next micrograph, or `revive`. When the pixel size changes, it
    changes with all others: napari complains of each frame with layers in different units.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Where layers are drawn.
    session : Session
        Whose micrograph it lies over.
    order : int
        Place among our own layers: greater is nearer to the eye.

    Attributes
    ----------
    frame : Frame or None
        How the pixels of an image lie on the micrograph; None for what is in unbinned pixels.
    """

    def __init__(self, viewer: ViewerModel, session: Session, order: int) -> None:
        self._viewer = viewer
        self._session = session
        self._order = order
        self._layer: LayerT | None = None
        self.frame: Frame | None = None
        session.current.changed.connect(self._on_micrograph)
        session.settings_changed.connect(self._on_settings)

    @property
    def layer(self) -> LayerT | None:
        """The layer, if it is still there."""
        if self._layer is not None and self._layer not in self._viewer.layers:
            return None
        return self._layer

    @property
    def was_deleted(self) -> bool:
        """Whether the user has deleted the layer."""
        return self._layer is not None and self.layer is None

    def revive(self) -> None:
        """Let the next `put` bring a deleted layer back."""
        if self.was_deleted:
            self._layer = None

    def put(self, layer: LayerT) -> None:
        """Add a layer at its place among our own, without changing what is selected."""
        layers, selected = self._viewer.layers, set(self._viewer.layers.selection)
        layer.metadata["drpnet_order"] = self._order
        above = [k for k, other in enumerate(layers) if _order(other) > self._order]
        self._layer = layer  # first: napari moves the camera to the first layer, and views follow
        layers.insert(min(above, default=len(layers)), layer)
        if selected:
            layers.selection = selected

    @property
    def space(self) -> dict[str, Any]:
        """Scale, units and the rest of the place of the layer, as napari's layers take them.

        An image covers the micrograph edge to edge. Pixel centres are at integers, so its first
        pixel is centred half of its own size, less half a micrograph pixel, from the micrograph's.
        """
        space = micrograph_space(self._session.current.pixel_size_angstrom)
        if self.frame is None:
            return space
        pixel = np.array(space["scale"])
        translate = self.frame.to_full((0, 0)) * pixel
        return space | {"scale": self.frame.scale_yx * pixel, "translate": translate}

    def place(self) -> None:
        """Lay the layer, if it is there, over the micrograph."""
        if self.layer is not None:
            place_layer(self.layer, self.space)

    def remove(self) -> None:
        """Take the layer out."""
        layer, self._layer = self.layer, None
        if layer is not None:
            self._viewer.layers.remove(layer)

    def _on_micrograph(self) -> None:
        """Let a deleted layer come back with the next micrograph; without one, no layer stays."""
        self.revive()
        if self._session.current.record is None:
            self.remove()

    def _on_settings(self) -> None:
        if self._session.current.image is not None:
            self.place()


def _order(layer: Layer) -> int:
    return int(layer.metadata.get("drpnet_order", -1))


def micrograph_space(pixel_size_angstrom: float | None) -> dict[str, Any]:
    """Return what all layers over a micrograph share: scale, units and the names of its axes.

    A layer with other units would make napari ignore the units of all.
    """
    known = pixel_size_angstrom is not None
    return {
        "scale": (pixel_size_angstrom or 1.0,) * 2,
        "units": ("angstrom" if known else "pixel",) * 2,
        "axis_labels": ("y", "x"),
    }


def place_layer(layer: Layer, space: dict[str, Any]) -> None:
    """Give a layer a scale, units and the rest of its place; what it has already costs nothing."""
    for name, value in space.items():
        if not np.array_equal(getattr(layer, name), value):
            setattr(layer, name, value)
