"""Functions for napari's command palette, one for each action of `project.actions`."""

from collections.abc import Callable

import napari

from napari_drpnet.plugin.controller import controller_of
from napari_drpnet.project.actions import ACTIONS


def __getattr__(name: str) -> Callable[["napari.viewer.Viewer"], None]:
    """Return the function that runs the action of this name in a viewer passed by napari."""
    if name not in ACTIONS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def run(viewer: napari.viewer.Viewer) -> None:
        ACTIONS[name].run(controller_of(viewer).session)

    return run
