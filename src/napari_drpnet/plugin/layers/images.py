"""The micrograph and the distance map as image layers."""

from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Image
from numpy.typing import NDArray

from napari_drpnet.geometry import Frame
from napari_drpnet.plugin.layers.slot import LayerSlot, micrograph_space
from napari_drpnet.project.session import Session

MICROGRAPH, DISTANCE_MAP = "micrograph", "distance map"


class MicrographView:
    """The micrograph that is shown, as an image layer.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Where it is drawn.
    session : Session
        Whose micrograph it is.
    """

    def __init__(self, viewer: ViewerModel, session: Session) -> None:
        self._viewer = viewer
        self._session = session
        self.slot: LayerSlot[Image] = LayerSlot(viewer, order=0)
        self._framed: str | None = None
        session.current.changed.connect(self._on_micrograph)
        session.current.image_changed.connect(self.draw)

    def draw(self) -> None:
        """Draw what is shown; the camera moves only to another micrograph."""
        current = self._session.current
        if current.image is None or self.slot.was_deleted:
            return
        image = current.image.display
        space = _space(image.frame, current.pixel_size_angstrom)
        layer = self.slot.layer
        if layer is None:
            layer = Image(
                image.image,
                name=MICROGRAPH,
                colormap="gray",
                interpolation2d="linear",
                contrast_limits=image.contrast_limits,
                **space,
            )
            layer.visible = False
            self.slot.put(layer)
        else:
            _replace(layer, image.image, space)
            self.reset_contrast()
        if not layer.visible:
            layer.visible = self._session.view.show_points = True
        if self._framed != current.id:
            self._framed = current.id
            self._viewer.reset_view()

    def reset_contrast(self) -> None:
        """Choose black and white by what the micrograph shows, without its outliers."""
        layer, image = self.slot.layer, self._session.current.image
        if layer is not None and image is not None:
            layer.contrast_limits_range = image.display.contrast_limits
            layer.reset_contrast_limits_range()
            layer.contrast_limits = image.display.contrast_limits

    def _on_micrograph(self) -> None:
        self.slot.revive()
        if self._session.current.record is None and self.slot.layer is not None:
            self.slot.layer.visible = False
            self._framed = None


class MapView:
    """The distance map, glowing over the micrograph.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Where it is drawn.
    session : Session
        Whose map it is.
    """

    def __init__(self, viewer: ViewerModel, session: Session) -> None:
        self._session = session
        self.slot: LayerSlot[Image] = LayerSlot(viewer, order=1)
        session.current.changed.connect(self.slot.revive)
        session.current.map_changed.connect(self.draw)
        session.current.image_changed.connect(self.draw)
        session.view.events.show_map.connect(self._show)
        session.view.events.map_opacity.connect(self._fade)

    def draw(self) -> None:
        """Draw the map on the scale of the detector: its colours never jump."""
        current = self._session.current
        layer, shown = self.slot.layer, current.map
        if shown is None or current.image is None:
            if layer is not None:
                layer.visible = False
            return
        if self.slot.was_deleted:
            return
        space = _space(shown.frame, current.pixel_size_angstrom)
        if layer is None:
            layer = Image(
                shown.smoothed,
                name=DISTANCE_MAP,
                colormap="inferno",
                blending="additive",
                opacity=self._session.view.map_opacity,
                contrast_limits=(0.0, shown.limit),
                visible=self._session.view.show_map,
                **space,
            )
            self.slot.put(layer)
            layer.events.visible.connect(self._on_eye)
            layer.events.opacity.connect(self._on_opacity)
        else:
            _replace(layer, shown.smoothed, space)
            if layer.contrast_limits_range[1] != shown.limit:
                layer.contrast_limits_range = (0.0, shown.limit)
                layer.contrast_limits = (0.0, shown.limit)
            if layer.visible != self._session.view.show_map:  # napari would draw it again
                layer.visible = self._session.view.show_map

    def _show(self, show: bool) -> None:
        if show:
            self.slot.revive()
            self.draw()
        elif self.slot.layer is not None:
            self.slot.layer.visible = False

    def _fade(self, opacity: float) -> None:
        if self.slot.layer is not None:
            self.slot.layer.opacity = opacity

    def _on_opacity(self) -> None:
        """Follow the slider among the layer controls."""
        if self.slot.layer is not None:
            self._session.view.map_opacity = self.slot.layer.opacity

    def _on_eye(self) -> None:
        """Follow the eye of the layer list, while there is a map to see."""
        if self.slot.layer is not None and self._session.current.map is not None:
            self._session.view.show_map = self.slot.layer.visible


def _space(frame: Frame, pixel_size_angstrom: float | None) -> dict[str, Any]:
    """Return how an image that covers the micrograph edge to edge lies over it.

    Pixel centres are at integers, so its first pixel is centred half of its own size, less half
    a micrograph pixel, from the micrograph's first.
    """
    space = micrograph_space(pixel_size_angstrom)
    pixel = np.array(space["scale"])
    return space | {"scale": frame.scale_yx * pixel, "translate": frame.to_full((0, 0)) * pixel}


def _replace(layer: Image, pixels: NDArray[np.float32], space: dict[str, Any]) -> None:
    layer.data = pixels
    for name, value in space.items():
        if not np.array_equal(getattr(layer, name), value):
            setattr(layer, name, value)
