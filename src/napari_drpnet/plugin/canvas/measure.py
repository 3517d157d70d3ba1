"""Measurement of the particle diameter by drawing a circle on the canvas."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Points
from psygnal import Signal

from napari_drpnet.plugin.canvas.hand import LEAST_DRAG, still_camera
from napari_drpnet.plugin.canvas.layers.slot import LayerSlot
from napari_drpnet.project.session import Session
from napari_drpnet.project.view import Tool

_COLOR = (1.0, 0.85, 0.2, 1.0)
#: Line width of the circle, in screen pixels.
_LINE = 2.0
#: Distance from the circle to the middle of its text, in screen pixels.
_TEXT_GAP = 14.0


class Measure:
    """Measure the particle diameter with the next drag from edge to edge of a particle.

    The circle is a separate layer while the mouse button is down. The tools of the mouse are off
    while measuring is on.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Viewer on whose canvas the circle is drawn.
    session : Session
        Session whose micrograph is measured.

    Attributes
    ----------
    measured : Signal
        Emitted with the diameter in unbinned pixels (float), after measuring has been switched off.
    toggled : Signal
        Emitted with the new value of `is_on` (bool).
    """

    measured = Signal(float)
    toggled = Signal(bool)

    def __init__(self, viewer: ViewerModel, session: Session) -> None:
        self._viewer = viewer
        self._session = session
        self._slot: LayerSlot[Points] = LayerSlot(viewer, session, order=7)
        self._tool_before: Tool | None = None

    @property
    def is_on(self) -> bool:
        """Whether the next drag measures the diameter."""
        return self._tool_before is not None

    def start(self) -> None:
        """Switch measuring on."""
        if self.is_on:
            return
        self._tool_before, self._session.view.tool = self._session.view.tool, "look"
        active = self._viewer.layers.selection.active
        if active is not None and hasattr(active, "mode"):
            active.mode = "pan_zoom"
        self._viewer.mouse_drag_callbacks.append(self._on_drag)
        self._session.view.events.tool.connect(self._on_other_tool)
        self.toggled.emit(True)

    def stop(self) -> None:
        """Switch measuring off, and restore the tool that was chosen before."""
        tool = self._tool_before
        if tool is not None:
            self._leave()
            self._session.view.tool = tool

    def _on_other_tool(self) -> None:
        if self.is_on:
            self._leave()

    def _leave(self) -> None:
        self._tool_before = None
        self._session.view.events.tool.disconnect(self._on_other_tool)
        self._viewer.mouse_drag_callbacks.remove(self._on_drag)
        self._slot.remove()
        self.toggled.emit(False)

    def _on_drag(self, viewer: ViewerModel, event: Any) -> Iterator[None]:
        if event.button != 1:
            return
        start = self._put_circle(event.position)
        length_px = 0.0
        with still_camera(self._viewer):
            yield
            while event.type == "mouse_move":
                length_px = self._draw(start, event.position)
                yield
        self._slot.remove()
        self._finish(length_px)

    def _put_circle(self, position: Any) -> Any:
        """Add an invisible circle at a position; return its ``(y, x)`` in unbinned pixels."""
        circle = Points(
            np.zeros((1, 2)),
            name="diameter",
            symbol="disc",
            size=0,
            face_color="transparent",
            border_color=np.array(_COLOR),
            canvas_size_limits=(0, 10_000),
            **self._slot.space,
        )
        self._slot.put(circle)
        return np.array(circle.world_to_data(position)[-2:])

    def _draw(self, start_yx: Any, position: Any) -> float:
        """Draw the circle between two positions; return its diameter in unbinned pixels."""
        circle, size = self._slot.layer, self._session.current.pixel_size_angstrom
        if circle is None:
            return 0.0
        end_yx = np.array(circle.world_to_data(position)[-2:])
        length_px = float(np.linalg.norm(end_yx - start_yx))
        circle.data = [(start_yx + end_yx) / 2]
        circle.size = length_px
        screen_px = 1 / (self._viewer.scene.camera.zoom * float(circle.scale[-1]))
        circle.border_width = min(_LINE * screen_px / max(length_px, 1.0), 0.2)
        below_px = length_px / 2 + _TEXT_GAP * screen_px
        circle.text = {
            "string": {"constant": f"{length_px * size:.0f} Å" if size else f"{length_px:.0f} px"},
            "color": [_COLOR],
            "size": 14,
            "translation": (below_px, 0),
        }
        return length_px

    def _finish(self, length_px: float) -> None:
        size = self._session.current.pixel_size_angstrom
        on_screen = length_px * (size or 1.0) * self._viewer.scene.camera.zoom
        if self.is_on and on_screen >= LEAST_DRAG:
            self.stop()
            self.measured.emit(length_px)
