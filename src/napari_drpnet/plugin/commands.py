"""The actions of `project.actions` for napari's command palette, each a function of its name."""

from collections.abc import Callable

import napari

from napari_drpnet.plugin.controller import controller_of
from napari_drpnet.project.actions import ACTIONS


def __getattr__(name: str) -> Callable[["napari.viewer.Viewer"], None]:
    """Return a function that does an action in a viewer, which napari fills in."""
    if name not in ACTIONS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def run(viewer: napari.viewer.Viewer) -> None:
        ACTIONS[name].run(controller_of(viewer).session)

    return run
