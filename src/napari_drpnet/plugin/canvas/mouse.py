"""Corrections with the mouse on the canvas: click, drag, paint and select by an outline."""

from collections.abc import Callable, Collection, Generator, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from napari.components import ViewerModel

from napari_drpnet.plugin.canvas.hand import LEAST_DRAG, still_camera
from napari_drpnet.plugin.canvas.layers import BrushView, LassoView, PicksView
from napari_drpnet.plugin.canvas.pointer import Pointer, modifiers_of
from napari_drpnet.project.actions import ACTIONS
from napari_drpnet.project.session import Session
from napari_drpnet.project.view import Tool

Position = tuple[float, float]

#: Tools that modifier keys select instead of the chosen one.
_MODIFIED: dict[str, Tool] = {"Control": "lasso", "Shift": "reject", "Alt": "accept"}
_BRUSHES: tuple[Tool, ...] = ("reject", "accept")
#: Cursors of napari for the tools; a cross for the others.
_CURSORS: dict[Tool, str] = {"look": "standard", "click": "pointing"}


def _keys(*names: str) -> str:
    return ", ".join(f"{ACTIONS[name].key}: {ACTIONS[name].title.lower()}" for name in names)


_BRUSH_HELP = f"drag to paint, {_keys('smaller_brush', 'larger_brush', 'undo')}"
_SELECT_HELP = f"drag to select, {_keys('reject_selected', 'accept_selected', 'edit')}"
_HELP: dict[Tool, str] = {
    "look": _keys("edit", "doubt", "next", "previous"),
    "click": f"click to flip or add, drag to move, Shift-drag to reject, {_keys('edit', 'undo')}",
    "box": _SELECT_HELP,
    "lasso": _SELECT_HELP,
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
    brush : BrushView
        View that draws the brush.
    lasso : LassoView
        View that draws the outline around points to select.
    pointer : Pointer
        Place of the mouse.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        session: Session,
        picks: PicksView,
        brush: BrushView,
        lasso: LassoView,
        pointer: Pointer,
    ) -> None:
        self._viewer = viewer
        self._session = session
        self._picks, self._brush, self._lasso, self._pointer = picks, brush, lasso, pointer
        self._stroke: Tool | None = None
        self._suspended: list[Callable[..., object]] = []
        viewer.mouse_drag_callbacks.append(self._on_drag)
        viewer.mouse_double_click_callbacks.insert(0, self._on_double_click)
        session.view.events.tool.connect(self.show_tool)
        session.view.events.brush_diameters.connect(self.show_tool)
        session.current.points_changed.connect(self.show_tool)
        session.current.image_changed.connect(self.show_tool)
        session.current.diameter_changed.connect(self.show_tool)
        session.view.events.show_points.connect(self._show_brush)
        pointer.moved.connect(self._show_brush)

    def disconnect(self) -> None:
        """Stop handling mouse events."""
        self._leave_alt_to_napari(True)
        self._viewer.mouse_drag_callbacks.remove(self._on_drag)
        self._viewer.mouse_double_click_callbacks.remove(self._on_double_click)

    def show_tool(self) -> None:
        """Set the mode and the cursor of the picks layer for the chosen tool."""
        layer, tool = self._picks.slot.layer, self._session.view.tool
        self._leave_alt_to_napari(tool in ("look", "box", "lasso"))
        if layer is None:
            return
        mode = "select" if tool == "box" else "pan_zoom"
        if tool != "look":
            self._picks.activate()
        if str(layer.mode) != mode and (tool == "box" or str(layer.mode) == "select"):
            layer.mode = mode
        circle_px = self._session.current.diameter_px
        if tool in ("look", "click") and circle_px and self._session.current.stored is None:
            # There are no picks yet to compare the diameter of the particle with.
            layer.cursor_size = max(1, round(circle_px * float(layer.scale[-1])))
            layer.cursor = "circle"
        elif mode == "pan_zoom":
            layer.cursor = _CURSORS.get(tool, "cross")
        layer.help = _HELP[tool]  # in the status bar, in place of napari's keys
        if self._viewer.layers.selection.active is layer:
            self._viewer.help = layer.help
        self._show_brush()

    def _on_drag(self, viewer: ViewerModel, event: Any) -> Iterator[None]:
        tool = self._tool_of(event)
        if tool != "look" and self._session.selection.hidden_reason():
            yield from self._refuse(event, tool)
        elif tool in _BRUSHES:
            with self._keep_brush(tool):
                yield from self._paint(event, accepted=tool == "accept")
        elif tool == "lasso":
            yield from self._select(event)
        elif tool == "click":
            yield from self._click_or_move(event)

    def _tool_of(self, event: Any) -> Tool:
        """Return the tool that a press uses; "look" where napari handles the press itself."""
        return self._tool_with(modifiers_of(event)) if event.button == 1 else "look"

    def _tool_with(self, modifiers: Collection[str]) -> Tool:
        """Return the tool that a press uses while these modifier keys are pressed."""
        tool, is_shown = self._session.view.tool, self._session.current.image is not None
        if tool in ("look", "box") or not is_shown:
            return "look"
        active = self._viewer.layers.selection.active
        if active is not None and str(getattr(active, "mode", "pan_zoom")) != "pan_zoom":
            return "look"
        if tool == "lasso":
            return "look" if "Alt" in modifiers else tool
        modified = next((_MODIFIED[name] for name in _MODIFIED if name in modifiers), None)
        return modified or ("look" if modifiers else tool)

    def _refuse(self, event: Any, tool: Tool) -> Iterator[None]:
        """Say why points that cannot be seen are not corrected; napari pans with the mouse."""
        pressed = _place_on_screen(event)
        yield
        is_dragged = yield from _is_dragged(event, pressed)
        if tool != "click" or not is_dragged:
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

    def _select(self, event: Any) -> Iterator[None]:
        """Select the points inside the outline of a drag, or the point of a click."""
        current, position, pressed = self._session.current, self._ruler(), _place_on_screen(event)
        micrograph, is_added, outline = current.id, "Shift" in modifiers_of(event), []
        outline.append(position(event))
        is_dragged = False
        with still_camera(self._viewer):
            yield
            while event.type == "mouse_move":
                outline.append(position(event))
                is_dragged = is_dragged or _is_far(event, pressed)
                self._lasso.show(outline)
                yield
        self._lasso.hide()
        if current.id == micrograph:
            chosen = outline if is_dragged else outline[:1]
            self._session.selection.choose_inside(chosen, added=is_added)

    def _click_or_move(self, event: Any) -> Iterator[None]:
        """Flip, add or move a point; do nothing if other points were loaded during the drag."""
        current, position = self._session.current, self._ruler()
        micrograph, review, start = current.id, current.review, position(event)
        row = current.row_at(start)
        pressed = _place_on_screen(event)
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

    @contextmanager
    def _keep_brush(self, tool: Tool) -> Iterator[None]:
        """Keep the colour of the brush during a stroke, whichever keys are pressed."""
        self._stroke = tool
        try:
            yield
        finally:
            self._stroke = None
            self._show_brush()

    def _show_brush(self) -> None:
        """Draw the brush where a press would paint, in the colour of what it would do."""
        tool = self._stroke or self._tool_with(self._pointer.modifiers)
        place = self._pointer.position_yx
        if place is None or tool not in _BRUSHES or self._session.selection.hidden_reason():
            self._brush.hide()
        else:
            self._brush.show(place, 2 * self._brush_radius_px(), accepts=tool == "accept")

    def _brush_radius_px(self) -> float:
        diameter = self._session.current.drawn_diameter_px
        return self._session.view.brush_diameters * diameter / 2


def _is_dragged(event: Any, pressed: Any) -> Generator[None, None, bool]:
    """Follow the mouse until its release; return whether it moved farther than a click may."""
    dragged = False
    while event.type == "mouse_move":
        dragged = dragged or _is_far(event, pressed)
        yield
    return dragged


def _place_on_screen(event: Any) -> Any:
    """Return the place of an event in pixels of the canvas; None if it has none."""
    return event.pos if hasattr(event, "pos") else None


def _is_far(event: Any, pressed: Any) -> bool:
    """Return whether the mouse is farther from where it was pressed than a click may be."""
    return bool(pressed is None or abs(event.pos - pressed).max() >= LEAST_DRAG)
