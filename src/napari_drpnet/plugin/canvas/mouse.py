"""Corrections with the mouse on the canvas: click, drag and paint."""

from collections.abc import Callable, Generator, Iterator
from contextlib import nullcontext
from typing import Any

from napari.components import ViewerModel

from napari_drpnet.plugin.canvas.hand import LEAST_DRAG, still_camera
from napari_drpnet.plugin.canvas.layers import PicksView
from napari_drpnet.project.actions import ACTIONS
from napari_drpnet.project.session import Session
from napari_drpnet.project.view import Tool

Position = tuple[float, float]

#: Tools that modifier keys select instead of the chosen one.
_MODIFIED: dict[str, Tool] = {"Shift": "reject", "Alt": "accept"}
_BRUSHES: tuple[Tool, ...] = ("reject", "accept")


def _keys(*names: str) -> str:
    return ", ".join(f"{ACTIONS[name].key}: {ACTIONS[name].title.lower()}" for name in names)


_BRUSH_HELP = f"drag to paint, {_keys('smaller_brush', 'larger_brush', 'undo')}"
_HELP: dict[Tool, str] = {
    "look": _keys("edit", "doubt", "next", "previous"),
    "click": f"click to flip or add, drag to move, Shift-drag to reject, {_keys('edit', 'undo')}",
    "box": f"drag to select, {_keys('reject_selected', 'accept_selected', 'edit')}",
    "reject": _BRUSH_HELP,
    "accept": _BRUSH_HELP,
}


class Mouse:
    """Turn mouse events on the canvas into corrections.

    The callbacks belong to the viewer, so that they work whichever layer is active.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Viewer whose mouse events are handled.
    session : Session
        Session whose points are corrected.
    picks : PicksView
        View that draws the points.
    """

    def __init__(self, viewer: ViewerModel, session: Session, picks: PicksView) -> None:
        self._viewer = viewer
        self._session = session
        self._picks = picks
        self._suspended: list[Callable[..., object]] = []
        viewer.mouse_drag_callbacks.append(self._on_drag)
        viewer.mouse_double_click_callbacks.insert(0, self._on_double_click)
        session.view.events.tool.connect(self.show_tool)
        session.view.events.brush_diameters.connect(self.show_tool)
        session.current.points_changed.connect(self.show_tool)
        session.current.image_changed.connect(self.show_tool)
        session.current.diameter_changed.connect(self.show_tool)

    def disconnect(self) -> None:
        """Stop handling mouse events."""
        self._leave_alt_to_napari(True)
        self._viewer.mouse_drag_callbacks.remove(self._on_drag)
        self._viewer.mouse_double_click_callbacks.remove(self._on_double_click)

    def show_tool(self) -> None:
        """Set the mode and the cursor of the picks layer for the chosen tool."""
        layer, tool = self._picks.slot.layer, self._session.view.tool
        self._leave_alt_to_napari(tool in ("look", "box"))
        if layer is None:
            return
        mode = "select" if tool == "box" else "pan_zoom"
        if tool != "look":
            self._picks.activate()
        if str(layer.mode) != mode and (tool == "box" or str(layer.mode) == "select"):
            layer.mode = mode
        circle_px = self._cursor_diameter_px(tool)
        if circle_px is not None:
            layer.cursor_size = max(1, round(circle_px * float(layer.scale[-1])))
            layer.cursor = "circle"
        elif mode == "pan_zoom":
            layer.cursor = "pointing" if tool == "click" else "standard"
        layer.help = _HELP[tool]  # in the status bar, in place of napari's keys
        if self._viewer.layers.selection.active is layer:
            self._viewer.help = layer.help

    def _on_drag(self, viewer: ViewerModel, event: Any) -> Iterator[None]:
        tool = self._tool_of(event)
        if tool != "look" and self._session.selection.hidden_reason():
            yield from self._refuse(event, tool)
        elif tool in _BRUSHES:
            yield from self._paint(event, accepted=tool == "accept")
        elif tool == "click":
            yield from self._click_or_move(event)

    def _tool_of(self, event: Any) -> Tool:
        """Return the tool that a press uses; "look" where napari handles the press itself."""
        tool, is_shown = self._session.view.tool, self._session.current.image is not None
        if tool in ("look", "box") or not is_shown or event.button != 1:
            return "look"
        active = self._viewer.layers.selection.active
        if active is not None and str(getattr(active, "mode", "pan_zoom")) != "pan_zoom":
            return "look"
        modifiers = [str(getattr(key, "name", key)) for key in event.modifiers]
        modified = [_MODIFIED[name] for name in modifiers if name in _MODIFIED]
        if modified:
            return modified[0]
        return "look" if modifiers else tool

    def _refuse(self, event: Any, tool: Tool) -> Iterator[None]:
        """Say why points that cannot be seen are not corrected; napari pans with the mouse."""
        pressed = event.pos if hasattr(event, "pos") else None
        yield
        is_dragged = yield from _is_dragged(event, pressed)
        if tool in _BRUSHES or not is_dragged:
            self._session.selection.refuse_hidden()

    def _paint(self, event: Any, accepted: bool) -> Iterator[None]:
        current, radius, position = self._session.current, self._brush_radius_px(), self._ruler()
        micrograph = current.id
        with still_camera(self._viewer), current.stroke(accepted):
            here = position(event)
            current.paint([here], radius, accepted)
            yield
            while event.type == "mouse_move":
                before, here = here, position(event)
                if current.id == micrograph:
                    current.paint([before, here], radius, accepted)
                yield

    def _click_or_move(self, event: Any) -> Iterator[None]:
        """Flip, add or move a point; do nothing if other points were loaded during the drag."""
        current, position = self._session.current, self._ruler()
        micrograph, review, start = current.id, current.review, position(event)
        row = current.row_at(start)
        pressed = event.pos if hasattr(event, "pos") else None
        with nullcontext() if row is None else still_camera(self._viewer):
            yield
            is_dragged = yield from _is_dragged(event, pressed)
        if not is_dragged:
            if current.id == micrograph:
                current.click(start)
        elif row is not None and review is not None and current.review is review:
            y, x = review.centers_yx[row]
            end = position(event)
            current.move(row, (float(y) + end[0] - start[0], float(x) + end[1] - start[1]))

    def _on_double_click(self, viewer: ViewerModel, event: Any) -> None:
        """Suppress napari's zoom on a double click while an editing tool is chosen."""
        if self._session.view.tool not in ("look", "box"):
            event.handled = True

    def _leave_alt_to_napari(self, leave: bool) -> None:
        """Restore napari's zoom by Alt-drag, or suspend it while Alt-drag paints."""
        callbacks = self._viewer.mouse_drag_callbacks
        if leave:
            callbacks.extend(self._suspended)
            self._suspended = []
        else:
            found = [call for call in callbacks if call.__name__ == "drag_to_zoom"]
            for call in found:
                callbacks.remove(call)
            self._suspended += found

    def _ruler(self) -> Callable[[Any], Position]:
        """Return a function that maps an event to its position ``(y, x)`` in unbinned pixels.

        It also works if the layer is deleted before the mouse button is released.
        """
        layer = self._picks.slot.layer
        assert layer is not None

        def position(event: Any) -> Position:
            y, x = layer.world_to_data(event.position)[-2:]
            return float(y), float(x)

        return position

    def _cursor_diameter_px(self, tool: Tool) -> float | None:
        """Return the diameter of the circle at the mouse; None if a pointer is shown.

        It is the brush, or the particle as long as there are no picks to compare it with.
        """
        if tool in _BRUSHES:
            return 2 * self._brush_radius_px()
        current = self._session.current
        return current.diameter_px if tool != "box" and current.stored is None else None

    def _brush_radius_px(self) -> float:
        diameter = self._session.current.drawn_diameter_px
        return self._session.view.brush_diameters * diameter / 2


def _is_dragged(event: Any, pressed: Any) -> Generator[None, None, bool]:
    """Follow the mouse until its release; return whether it moved farther than a click may."""
    dragged = False
    while event.type == "mouse_move":
        moved = abs(event.pos - pressed).max() if pressed is not None else LEAST_DRAG
        dragged = dragged or moved >= LEAST_DRAG
        yield
    return dragged
