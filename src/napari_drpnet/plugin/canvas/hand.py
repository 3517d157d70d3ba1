"""What all tools share that follow the mouse on the canvas."""

from collections.abc import Iterator
from contextlib import contextmanager

from napari.components import ViewerModel

#: A shorter drag is a click of a hand that trembles, pixels of the screen.
LEAST_DRAG = 4.0


@contextmanager
def still_camera(viewer: ViewerModel) -> Iterator[None]:
    """Keep the view where it is while the mouse draws."""
    camera = viewer.scene.camera
    before, camera.mouse_pan = camera.mouse_pan, False
    try:
        yield
    finally:
        camera.mouse_pan = before
