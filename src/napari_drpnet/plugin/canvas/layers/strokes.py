"""Labels layers of the strokes and of what a dark brush would take; napari's tools paint them."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, cast, get_args

import numpy as np
from napari.components import ViewerModel
from napari.layers import Labels
from qtpy.QtCore import QTimer

from napari_drpnet.base.segmentation import CLASSES, UNKNOWN
from napari_drpnet.plugin.canvas.layers.labels import class_colormap, write_pixels
from napari_drpnet.plugin.canvas.layers.picks import PicksView
from napari_drpnet.plugin.canvas.layers.slot import LayerSlot
from napari_drpnet.project.actions import ACTIONS, PAINTING_KEYS
from napari_drpnet.project.session import Session
from napari_drpnet.project.view import STROKE_BRUSH_LIMITS, StrokeTool, Tool

STROKES, DARK = "strokes", "dark brush"
_ORDER = 3
_OPACITY, _DARK_OPACITY = 0.6, 0.35
#: Modes of napari's layer in which the mouse does not paint.
_LOOKING = ("pan_zoom", "transform")


class StrokesView:
    """Draw the strokes of the current micrograph as a labels layer, and take what is painted.

    What napari's tools change becomes an edit of the project as the difference of two arrays: when
    napari tells that a stroke has ended, before another micrograph is shown, and once a second.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Viewer in which the layer is drawn.
    session : Session
        Session whose strokes are drawn.
    picks : PicksView
        View whose layer is active while nothing is painted.

    Attributes
    ----------
    slot : LayerSlot
        Slot that holds the layer.
    """

    def __init__(self, viewer: ViewerModel, session: Session, picks: PicksView) -> None:
        self._viewer = viewer
        self._session = session
        self._picks = picks
        self.slot: LayerSlot[Labels] = LayerSlot(viewer, session, order=_ORDER)
        self.slot.present.connect(self._on_present)
        self._step = ExitStack()  # the undo step of a stroke that is taken in parts
        self._is_painting = self._is_pressed = self._has_step = False
        self._made: Labels | None = None  # also after the user has removed it
        self._mode_after = ""  # of a tool that is interrupted, until the mouse is released
        strokes, view = session.strokes, session.view.events
        strokes.changed.connect(self.draw)
        strokes.leaving.connect(self._leave)
        view.show_strokes.connect(self._show)
        view.paints.connect(self._paint)
        view.stroke_tool.connect(self._set_tool)
        view.tool.connect(self._on_tool)
        view.stroke_class.connect(self._set_class)
        view.stroke_brush.connect(self._set_brush)
        viewer.mouse_drag_callbacks.append(self._on_drag)
        viewer.layers.selection.events.active.connect(self._on_active)

    def disconnect(self) -> None:
        """Take what is painted, and stop handling mouse events."""
        self.finish()
        self._viewer.mouse_drag_callbacks.remove(self._on_drag)
        self._viewer.layers.selection.events.active.disconnect(self._on_active)

    # ---- drawing

    def draw(self) -> None:
        """Draw the strokes, if they are shown."""
        strokes, layer = self._session.strokes, self.slot.layer
        if layer is None and (not self._session.view.show_strokes or self.slot.was_deleted):
            return
        if strokes.frame is None:
            if layer is not None:
                write_pixels(layer, np.zeros_like(layer.data))
            return
        self.slot.frame = strokes.frame
        if layer is None:
            layer = self._make()
            self._paint(self._session.view.paints)
        write_pixels(layer, strokes.classes)
        self.slot.place()

    def _make(self) -> Labels:
        view = self._session.view
        layer = Labels(
            self._session.strokes.classes.copy(),
            name=STROKES,
            opacity=_OPACITY,
            colormap=class_colormap(),
            **self.slot.space,
        )
        layer.brush_size, layer.selected_label = view.stroke_brush, view.stroke_class
        self._made = layer
        self.slot.put(layer)
        for name in PAINTING_KEYS:
            layer.bind_key(ACTIONS[name].key, self._handler(name), overwrite=True)
        layer.events.paint.connect(self.finish)
        layer.events.labels_update.connect(self._on_painted)
        layer.events.mode.connect(self._on_mode)
        layer.events.brush_size.connect(self._on_brush)
        layer.events.selected_label.connect(self._on_label)
        layer.events.visible.connect(self._on_eye)
        return layer

    # ---- taking what is painted

    def reconcile(self) -> None:
        """Take what has been painted so far; a stroke that goes on stays one undo step."""
        layer, strokes = self.slot.layer, self._session.strokes
        if layer is None or strokes.frame is None:
            return
        if np.array_equal(layer.data, strokes.classes):
            if not self._is_pressed:
                self.finish()
            return
        if self._is_painting and not self._has_step:
            self._step.enter_context(strokes.stroke(self._number))
            self._has_step = True
        self._take(layer)

    def finish(self) -> None:
        """Take what was painted, and end the undo step of the stroke."""
        layer = self.slot.layer
        try:
            if layer is not None and self._session.strokes.frame is not None:
                self._take(layer)
        finally:
            self._is_painting = self._has_step = False
            self._step.close()

    def _take(self, layer: Labels) -> None:
        if not self._session.strokes.take(np.asarray(layer.data)):
            self.draw()

    def _leave(self) -> None:
        """Take what was painted on a micrograph before another one is shown.

        A stroke that has not ended does not go on there: napari's tools paint nothing in the mode
        in which the mouse moves the view.
        """
        layer, goes_on = self.slot.layer, self._is_painting or self._is_pressed
        self.finish()
        if layer is None or not goes_on or str(layer.mode) in _LOOKING:
            return
        self._mode_after = str(layer.mode)
        layer.mode = "pan_zoom"
        if self._is_pressed:
            self._viewer.scene.camera.mouse_pan = False
        else:
            self._resume(layer)

    def _resume(self, layer: Labels) -> None:
        """Give a tool that was interrupted back to the mouse."""
        if self._mode_after:
            layer.mode = self._mode_after
            self._mode_after = ""

    @property
    def _number(self) -> int:
        """Class that napari's tool paints."""
        layer = self.slot.layer
        if layer is None or str(layer.mode) == "erase":
            return UNKNOWN
        return int(layer.selected_label)

    def _on_painted(self) -> None:
        """Leave only what a dark brush takes of what was just painted."""
        layer = self.slot.layer
        if layer is None:
            return
        self._is_painting = True
        write_pixels(layer, self._session.strokes.kept_dark(np.asarray(layer.data)))
        if str(layer.mode) == "polygon":  # napari tells its end before it is drawn
            self.finish()

    def _on_drag(self, viewer: ViewerModel, event: Any) -> Iterator[None]:
        """Follow the mouse: the stroke ends with its release, whatever layer is active then."""
        layer = self.slot.layer
        if event.button != 1 or layer is None or viewer.layers.selection.active is not layer:
            return
        self._is_pressed = True
        try:
            yield
            while event.type == "mouse_move":
                yield
        finally:
            self._is_pressed = False
            self.finish()
            self._resume(layer)

    # ---- what the session wants

    def _show(self, show: bool) -> None:
        if show:
            self.slot.revive()
            self.draw()
        if self.slot.layer is not None:
            self.slot.layer.visible = show

    def _paint(self, paints: bool) -> None:
        """Give the mouse to napari's brush, or take it away."""
        if paints:
            self._session.view.tool = "look"  # the mouse does not correct points meanwhile
            self._session.view.show_strokes = True
        layer, selection = self.slot.layer, self._viewer.layers.selection
        if layer is None:
            return
        if paints:
            selection.active = layer
            if str(layer.mode) in _LOOKING:
                layer.mode = self._session.view.stroke_tool
            return
        if str(layer.mode) not in _LOOKING:
            layer.mode = "pan_zoom"
        if selection.active is layer:
            self._picks.activate()

    def _set_tool(self, tool: StrokeTool) -> None:
        if self.slot.layer is not None and self._session.view.paints:
            self.slot.layer.mode = tool

    def _on_tool(self, tool: Tool) -> None:
        """Stop painting when the mouse corrects points."""
        if tool != "look":
            self._session.view.paints = False

    def _set_class(self, number: int) -> None:
        if self.slot.layer is not None:
            self.slot.layer.selected_label = number

    def _set_brush(self, size: int) -> None:
        if self.slot.layer is not None and self.slot.layer.brush_size != size:
            self.slot.layer.brush_size = size

    # ---- what napari does

    def _handler(self, name: str) -> Any:
        action = ACTIONS[name]

        def handle(layer: Labels) -> None:
            self.finish()
            action.run(self._session)

        handle.__doc__ = action.tooltip
        return handle

    def _on_mode(self) -> None:
        layer, view = self.slot.layer, self._session.view
        if layer is None or self._mode_after:
            return
        mode = str(layer.mode)
        if mode in get_args(StrokeTool):
            view.stroke_tool = cast(StrokeTool, mode)
        view.paints = mode not in _LOOKING

    def _on_active(self) -> None:
        """Look later, because a layer that is added is active for a moment."""
        QTimer.singleShot(0, self._follow_active)

    def _follow_active(self) -> None:
        """Stop painting when the user has selected another layer."""
        layer = self.slot.layer
        if layer is not None and self._viewer.layers.selection.active is not layer:
            self.finish()
            self._session.view.paints = False

    def _on_label(self) -> None:
        """Follow napari's choice of a label, which must be a class."""
        layer = self.slot.layer
        if layer is None:
            return
        if layer.selected_label > len(CLASSES):
            layer.selected_label = len(CLASSES)
        self._session.view.stroke_class = int(layer.selected_label)

    def _on_brush(self) -> None:
        layer = self.slot.layer
        if layer is not None:
            low, high = STROKE_BRUSH_LIMITS
            size = min(max(int(layer.brush_size), low), high)
            if size != layer.brush_size:
                layer.brush_size = size
            self._session.view.stroke_brush = size

    def _on_eye(self) -> None:
        if self.slot.layer is not None:
            self._session.view.show_strokes = self.slot.layer.visible

    def _on_present(self, present: bool) -> None:
        view = self._session.view
        if not present and self._made is not None:
            self._session.strokes.take(np.asarray(self._made.data))
            self.finish()
            view.paints = False
        view.show_strokes = present


class DarkView:
    """Draw the pixels that a dark brush would take, as a faint labels layer.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Viewer in which the layer is drawn.
    session : Session
        Session whose dark brush is drawn.

    Attributes
    ----------
    slot : LayerSlot
        Slot that holds the layer.
    """

    def __init__(self, viewer: ViewerModel, session: Session) -> None:
        self._session = session
        self.slot: LayerSlot[Labels] = LayerSlot(viewer, session, order=_ORDER)
        self.slot.present.connect(self._on_present)
        view = session.view.events
        for signal in (view.is_brush_dark, view.dark_cut, view.stroke_class, view.paints):
            signal.connect(self.draw)
        session.strokes.changed.connect(self.draw)
        session.current.image_changed.connect(self.draw)

    def draw(self) -> None:
        """Draw the pixels, or remove the layer where there is no dark brush."""
        strokes, view = self._session.strokes, self._session.view
        dark = strokes.dark if view.paints and view.stroke_class != UNKNOWN else None
        if dark is None:
            self.slot.remove()
            return
        if self.slot.was_deleted:
            return
        self.slot.frame, layer = strokes.frame, self.slot.layer
        values = np.where(dark, np.uint8(view.stroke_class), np.uint8(UNKNOWN))
        if layer is None:
            layer = Labels(
                values,
                name=DARK,
                opacity=_DARK_OPACITY,
                colormap=class_colormap(),
                **self.slot.space,
            )
            self.slot.put(layer)
            layer.editable = False
        else:
            write_pixels(layer, values)
        self.slot.place()

    def _on_present(self, present: bool) -> None:
        if not present:
            self._session.view.is_brush_dark = False
