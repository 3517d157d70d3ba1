"""Image layers of the micrograph and the distance map."""

from functools import partial

from napari.components import ViewerModel
from napari.layers import Image
from napari.utils.colormaps import Colormap

from napari_drpnet.plugin.canvas.layers.slot import LayerSlot
from napari_drpnet.project.session import Session

MICROGRAPH = "micrograph"
#: Additive blue, which adds colour but little brightness, so that dark particles stay dark.
_GLOW = Colormap([[0, 0, 0], [0, 0.05, 0.55], [0.1, 0.4, 1]], name="glow")
_MARGIN = 0.02


class MicrographView:
    """Draw the current micrograph as an image layer.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Viewer in which the layer is drawn.
    session : Session
        Session whose micrograph is drawn.

    Attributes
    ----------
    slot : LayerSlot
        Slot that holds the layer.
    """

    def __init__(self, viewer: ViewerModel, session: Session) -> None:
        self._viewer = viewer
        self._session = session
        self.slot: LayerSlot[Image] = LayerSlot(viewer, session, order=0)
        self._framed: tuple[tuple[int, int], float] | None = None
        session.current.changed.connect(self._on_micrograph)
        session.current.image_changed.connect(self.draw)
        session.settings_changed.connect(self._frame)

    def draw(self) -> None:
        """Draw the micrograph; the camera moves only if its size differs from the last one."""
        current = self._session.current
        if current.image is None or self.slot.was_deleted:
            return
        image = current.image.display
        self.slot.frame = image.frame
        layer = self.slot.layer
        if layer is None:
            layer = Image(
                image.image,
                name=MICROGRAPH,
                colormap="gray",
                interpolation2d="linear",
                contrast_limits=image.contrast_limits,
                **self.slot.space,
            )
            self.slot.put(layer)
        else:
            layer.data = image.image
            self.slot.place()
            self.reset_contrast()
        self._frame()

    def reset_contrast(self) -> None:
        """Set the contrast limits from the micrograph, without its outliers."""
        layer, image = self.slot.layer, self._session.current.image
        if layer is not None and image is not None:
            layer.contrast_limits_range = image.display.contrast_limits
            layer.reset_contrast_limits_range()
            layer.contrast_limits = image.display.contrast_limits

    def _on_micrograph(self) -> None:
        if self._session.current.record is None:
            self._framed = None

    def _frame(self) -> None:
        """Fit the micrograph into the view; keep the view if the last one had the same shape."""
        current, layer = self._session.current, self.slot.layer
        if current.image is None or layer is None:
            return
        shape = current.image.display.frame.full_shape
        size = current.pixel_size_angstrom or 1.0
        before, self._framed = self._framed, (shape, size)
        if before is None or before[0] != shape:
            self._viewer.reset_view(layers=[layer], margin=_MARGIN)
        elif before[1] != size:
            camera, ratio = self._viewer.scene.camera, size / before[1]
            camera.center = tuple(ratio * place for place in camera.center)
            camera.zoom /= ratio


class MapView:
    """Draw the map of the detector as an image layer, blended additively over the micrograph.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Viewer in which the layer is drawn.
    session : Session
        Session whose distance map is drawn.

    Attributes
    ----------
    slot : LayerSlot
        Slot that holds the layer.
    """

    def __init__(self, viewer: ViewerModel, session: Session) -> None:
        self._session = session
        self._name = ""
        self.slot: LayerSlot[Image] = LayerSlot(viewer, session, order=1)
        self.slot.present.connect(partial(setattr, session.view, "show_map"))
        session.current.map_changed.connect(self.draw)
        session.current.image_changed.connect(self.draw)
        session.view.events.show_map.connect(self._show)
        session.view.events.map_opacity.connect(self._fade)

    def draw(self) -> None:
        """Draw the map with the value range of the detector, the same for all micrographs."""
        current = self._session.current
        layer, shown = self.slot.layer, current.map
        if shown is None or current.image is None:
            if layer is not None:
                layer.visible = False
            return
        if self.slot.was_deleted:
            return
        self.slot.frame = shown.frame
        if layer is None:
            layer = Image(
                shown.smoothed,
                name=shown.name,
                colormap=_GLOW,
                interpolation2d="linear",
                blending="additive",
                opacity=self._session.view.map_opacity,
                contrast_limits=(0.0, shown.limit),
                visible=self._session.view.show_map,
                **self.slot.space,
            )
            self.slot.put(layer)
            layer.events.visible.connect(self._on_eye)
            layer.events.opacity.connect(self._on_opacity)
        else:
            layer.data = shown.smoothed
            if self._name != shown.name:  # else the user may have given the layer another name
                layer.name = shown.name
            self.slot.place()
            if layer.contrast_limits_range[1] != shown.limit:
                layer.contrast_limits_range = (0.0, shown.limit)
                layer.contrast_limits = (0.0, shown.limit)
            if layer.visible != self._session.view.show_map:  # setting it would redraw the layer
                layer.visible = self._session.view.show_map
        self._name = shown.name

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
        """Follow the opacity slider of napari's layer controls."""
        if self.slot.layer is not None:
            self._session.view.map_opacity = self.slot.layer.opacity

    def _on_eye(self) -> None:
        """Follow the eye icon of the layer list while there is a map to show."""
        current, layer = self._session.current, self.slot.layer
        if layer is not None and current.map is not None and current.image is not None:
            self._session.view.show_map = layer.visible
