"""Shared parts of the tools that follow the mouse on the canvas."""

from collections.abc import Iterator
from contextlib import contextmanager

from napari.components import ViewerModel

#: Least length of a drag, in screen pixels; a shorter one counts as a click.
LEAST_DRAG = 4.0


@contextmanager
def still_camera(viewer: ViewerModel) -> Iterator[None]:
    """Disable panning by the mouse while a tool uses it."""
    camera = viewer.scene.camera
    before, camera.mouse_pan = camera.mouse_pan, False
    try:
        yield
    finally:
        camera.mouse_pan = before
