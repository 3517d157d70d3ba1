"""Image layers of the micrograph and the distance map."""

from functools import partial

from napari.components import ViewerModel
from napari.layers import Image
from napari.utils.colormaps import Colormap
from qtpy.QtGui import QGuiApplication

from napari_drpnet.images.display import DisplayParameters
from napari_drpnet.plugin.canvas.layers.magnification import Magnification
from napari_drpnet.plugin.canvas.layers.slot import LayerSlot
from napari_drpnet.project.session import Session

MICROGRAPH = "micrograph"
#: Additive blue, which adds colour but little brightness, so that dark particles stay dark.
_GLOW = Colormap([[0, 0, 0], [0, 0.05, 0.55], [0.1, 0.4, 1]], name="glow")
_MARGIN = 0.02


class MicrographView:
    """Draw the current micrograph as an image layer, binned as the magnification needs it.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Viewer in which the layer is drawn.
    session : Session
        Session whose micrograph is drawn.
    magnification : Magnification
        Magnification on the screen.

    Attributes
    ----------
    slot : LayerSlot
        Slot that holds the layer.
    """

    def __init__(self, viewer: ViewerModel, session: Session, magnification: Magnification) -> None:
        self._viewer = viewer
        self._session = session
        self._magnification = magnification
        self.slot: LayerSlot[Image] = LayerSlot(viewer, session, order=0)
        self._framed: tuple[tuple[int, int], float] | None = None
        self._drawn: tuple[str | None, DisplayParameters] | None = None
        self._limits: tuple[float, float] | None = None
        session.current.changed.connect(self._on_micrograph)
        session.current.image_changed.connect(self.draw)
        session.settings_changed.connect(self._frame)
        session.view.events.contrast_deviations.connect(self._set_contrast)
        magnification.changed.connect(self._measure)

    def draw(self) -> None:
        """Draw the micrograph; the camera moves only if its size differs from the last one.

        Contrast limits that the user has set remain while only the magnification changes.
        """
        current = self._session.current
        if current.image is None or self.slot.was_deleted:
            return
        image = current.image.display
        self.slot.frame = image.frame
        before, self._drawn = self._drawn, (current.id, image.parameters)
        layer = self.slot.layer
        if layer is None:
            self._limits = image.limits(self._session.view.contrast_deviations)
            layer = Image(
                image.image,
                name=MICROGRAPH,
                colormap="gray",
                interpolation2d="linear",
                contrast_limits=self._limits,
                **self.slot.space,
            )
            self.slot.put(layer)
        else:
            is_ours = self._limits is not None and tuple(layer.contrast_limits) == self._limits
            layer.data = image.image
            self.slot.place()
            if is_ours or self._drawn != before:
                layer.reset_contrast_limits_range()
                self._set_contrast()
        self._frame()
        self._measure()

    def reset_contrast(self) -> None:
        """Set the contrast limits that fit the micrograph, without its outliers."""
        self._session.view.contrast_deviations = None
        self._set_contrast()  # also if it was None before

    def _set_contrast(self) -> None:
        layer, image = self.slot.layer, self._session.current.image
        if layer is not None and image is not None:
            self._limits = image.display.limits(self._session.view.contrast_deviations)
            layer.contrast_limits = self._limits

    def _measure(self) -> None:
        """Tell the session for which magnification the micrograph has to be rendered.

        On a screen of high density, several pixels of the screen make one of the canvas.
        """
        if self.slot.layer is not None:
            density = QGuiApplication.instance().devicePixelRatio()
            self._session.view.magnification = density * self._magnification.value

    def _on_micrograph(self) -> None:
        if self._session.current.record is None:
            self._framed = None
            self._session.view.magnification = None

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
        self.slot: LayerSlot[Image] = LayerSlot(viewer, session, order=4)
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
