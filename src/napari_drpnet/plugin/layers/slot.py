"""One place in the layer list, whatever the user does to the layer in it."""

from typing import Any, Generic, TypeVar

from napari.components import ViewerModel
from napari.layers import Layer

LayerT = TypeVar("LayerT", bound=Layer)


class LayerSlot(Generic[LayerT]):
    """Holds the layer of one kind that a view draws into.

    The layer is known by identity: renaming or moving it changes nothing. When the user deletes
    it, it stays away until `revive`.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Where layers are drawn.
    order : int
        Place among our own layers: greater is nearer to the eye.
    """

    def __init__(self, viewer: ViewerModel, order: int) -> None:
        self._viewer = viewer
        self._order = order
        self._layer: LayerT | None = None

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
        layers.insert(min(above, default=len(layers)), layer)
        if selected:
            layers.selection = selected
        self._layer = layer

    def remove(self) -> None:
        """Take the layer out."""
        layer, self._layer = self.layer, None
        if layer is not None:
            self._viewer.layers.remove(layer)


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
