"""Labels layers of the classes of the pixels, and of the area where picks are rejected."""

from functools import partial

import numpy as np
from napari.components import ViewerModel
from napari.layers import Labels
from napari.utils.colormaps import DirectLabelColormap
from numpy.typing import NDArray

from napari_drpnet.plugin.canvas.layers.labels import (
    ALL_CLASSES,
    class_colormap,
    label_colormap,
    write_pixels,
)
from napari_drpnet.plugin.canvas.layers.slot import LayerSlot
from napari_drpnet.project.session import Session

CLASSES_LAYER, DIRT_LAYER = "classes", "dirt"
#: Colour of the outline of dirt: unlike those of picks, classes and the distance map.
OUTLINE = (1.0, 1.0, 1.0, 1.0)


class ClassesView:
    """Draw the classes of the current micrograph, except the background, and the outline of dirt.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Viewer in which the layers are drawn.
    session : Session
        Session whose classes are drawn.

    Attributes
    ----------
    slot : LayerSlot
        Slot that holds the layer of the classes.
    dirt : LayerSlot
        Slot that holds the layer of the outline.
    """

    def __init__(self, viewer: ViewerModel, session: Session) -> None:
        self._viewer, self._session = viewer, session
        self.slot: LayerSlot[Labels] = LayerSlot(viewer, session, order=1)
        self.dirt: LayerSlot[Labels] = LayerSlot(viewer, session, order=2)
        self.slot.present.connect(partial(setattr, session.view, "show_classes"))
        session.segmenting.changed.connect(self.draw)
        session.current.image_changed.connect(self.draw)
        view = session.view.events
        view.show_classes.connect(self._show)
        view.classes_opacity.connect(self._fade)
        view.classes_as_lines.connect(self._draw_lines)
        viewer.events.status.connect(self._on_status, position="last")

    def disconnect(self) -> None:
        """Stop telling the class under the mouse."""
        self._viewer.events.status.disconnect(self._on_status)

    def draw(self) -> None:
        """Draw classes and outline; hide the layers while there is nothing to show."""
        shown = self._session.segmenting.shown
        if shown is None or self._session.current.image is None:
            for slot in (self.slot, self.dirt):
                if slot.layer is not None:
                    slot.layer.visible = False
            return
        self.slot.frame = self.dirt.frame = shown.segmentation.frame
        if not self.slot.was_deleted:
            self._put_classes(shown.class_map)
        if not self.dirt.was_deleted:
            self._put_outline(shown.outline)

    def _put_classes(self, classes: NDArray[np.uint8]) -> None:
        view, layer = self._session.view, self.slot.layer
        if layer is None:
            layer = self._make(self.slot, classes, CLASSES_LAYER, class_colormap(ALL_CLASSES[1:]))
            layer.opacity = view.classes_opacity
            self._draw_lines()
            layer.events.visible.connect(self._on_eye)
            layer.events.opacity.connect(self._on_opacity)
        elif layer.data is not classes:
            layer.data = classes
        self._place(self.slot)

    def _put_outline(self, outline: NDArray[np.uint8]) -> None:
        """Draw the outline; in place where possible, as it changes at each step of a slider."""
        layer = self.dirt.layer
        if layer is None:
            colormap = label_colormap({1: OUTLINE[:3]})
            layer = self._make(self.dirt, outline.copy(), DIRT_LAYER, colormap)
        write_pixels(layer, outline)
        self._place(self.dirt)

    def _make(
        self,
        slot: LayerSlot[Labels],
        data: NDArray[np.uint8],
        name: str,
        colormap: DirectLabelColormap,
    ) -> Labels:
        layer = Labels(data, name=name, colormap=colormap, opacity=1.0, **slot.space)
        slot.put(layer)
        layer.editable = False
        return layer

    def _place(self, slot: LayerSlot[Labels]) -> None:
        slot.place()
        layer = slot.layer
        if layer is not None and layer.visible != self._session.view.show_classes:
            layer.visible = self._session.view.show_classes

    def _show(self, show: bool) -> None:
        if show:
            self.slot.revive()
            self.dirt.revive()
            self.draw()
            return
        for slot in (self.slot, self.dirt):
            if slot.layer is not None:
                slot.layer.visible = False

    def _fade(self, opacity: float) -> None:
        if self.slot.layer is not None:
            self.slot.layer.opacity = opacity

    def _draw_lines(self) -> None:
        if self.slot.layer is not None:
            self.slot.layer.contour = int(self._session.view.classes_as_lines)

    def _on_opacity(self) -> None:
        """Follow the opacity slider of napari's layer controls."""
        if self.slot.layer is not None:
            self._session.view.classes_opacity = self.slot.layer.opacity

    def _on_eye(self) -> None:
        """Follow the eye icon of the layer list while there are classes to show."""
        layer, shown = self.slot.layer, self._session.segmenting.shown
        if layer is not None and shown is not None and self._session.current.image is not None:
            self._session.view.show_classes = layer.visible

    def _on_status(self) -> None:
        """Add the class under the mouse to what napari says about the place in its status bar."""
        shown, status = self._session.segmenting.shown, self._viewer.status
        if shown is None or not self._session.view.show_classes or not isinstance(status, dict):
            return
        size = self._session.current.pixel_size_angstrom or 1.0
        text = shown.describe(np.array(self._viewer.cursor.position[-2:]) / size)
        # Where there is no point, napari ends with a colon and no value.
        said = str(status.get("coordinates", "")).removesuffix(": ")
        if text and not said.endswith(text):
            self._viewer.status = {**status, "coordinates": f"{said}; {text}"}
