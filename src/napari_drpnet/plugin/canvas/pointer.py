"""Place of the mouse over the micrograph, and modifier keys."""

from collections.abc import Iterable, Iterator
from typing import Any

from napari.components import ViewerModel
from psygnal import Signal

from napari_drpnet.project.session import Session

Position = tuple[float, float]


class Pointer:
    """Place of the mouse over the micrograph, with and without a button pressed.

    It also knows the modifier keys that are pressed.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Viewer over whose canvas the mouse is.
    session : Session
        Session whose micrograph is shown.

    Attributes
    ----------
    position_yx : tuple of float or None
        Place of the mouse, ``(y, x)`` in unbinned pixels; None while it is not over the canvas.
    modifiers : frozenset of str
        Names of the modifier keys that are pressed, such as ``"Shift"``.
    moved : Signal
        Emitted when the mouse has moved, or has left the canvas, or other modifier keys are
        pressed.
    """

    moved = Signal()

    def __init__(self, viewer: ViewerModel, session: Session) -> None:
        self._viewer = viewer
        self._session = session
        self.position_yx: Position | None = None
        self.modifiers: frozenset[str] = frozenset()
        viewer.mouse_move_callbacks.append(self._on_move)
        viewer.mouse_drag_callbacks.append(self._on_drag)
        viewer.events.mouse_over_canvas.connect(self._on_canvas)

    def disconnect(self) -> None:
        """Stop following the mouse."""
        self._viewer.mouse_move_callbacks.remove(self._on_move)
        self._viewer.mouse_drag_callbacks.remove(self._on_drag)
        self._viewer.events.mouse_over_canvas.disconnect(self._on_canvas)

    def press_keys(self, names: Iterable[str]) -> None:
        """Note which modifier keys are pressed."""
        names = frozenset(names)
        if names != self.modifiers:
            self.modifiers = names
            self.moved.emit()

    def _on_move(self, viewer: ViewerModel, event: Any) -> None:
        scale = self._session.current.pixel_size_angstrom or 1.0
        y, x = event.position[-2:]
        self.position_yx = float(y) / scale, float(x) / scale
        self.modifiers = modifiers_of(event)
        self.moved.emit()

    def _on_drag(self, viewer: ViewerModel, event: Any) -> Iterator[None]:
        yield
        while event.type == "mouse_move":
            self._on_move(viewer, event)
            yield

    def _on_canvas(self) -> None:
        if not self._viewer.mouse_over_canvas:
            self.position_yx = None
            self.moved.emit()


def modifiers_of(event: Any) -> frozenset[str]:
    """Return the names of the modifier keys that are pressed at an event of napari's mouse."""
    return frozenset(str(getattr(key, "name", key)) for key in event.modifiers)
