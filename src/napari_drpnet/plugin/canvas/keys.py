"""Key bindings of a viewer for the actions of `project.actions`."""

from collections.abc import Callable
from typing import Any

from napari.components import ViewerModel

from napari_drpnet.project.actions import ACTIONS, Action
from napari_drpnet.project.session import Session


def bind_keys(viewer: ViewerModel, session: Session) -> None:
    """Bind the key of each action to a viewer."""
    for action in _with_keys():
        viewer.bind_key(action.key, _handler(action, session), overwrite=True)


def unbind_keys(viewer: ViewerModel) -> None:
    """Remove the key bindings of all actions from a viewer."""
    for action in _with_keys():
        viewer.bind_key(action.key, None, overwrite=True)


def _with_keys() -> list[Action]:
    return [action for action in ACTIONS.values() if action.key]


def _handler(action: Action, session: Session) -> Callable[[Any], None]:
    def handle(viewer: Any) -> None:
        action.run(session)

    handle.__doc__ = action.tooltip
    return handle
