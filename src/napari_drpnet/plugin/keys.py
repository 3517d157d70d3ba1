"""The keys of `project.actions`, bound to a viewer."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from napari_drpnet.project.actions import ACTIONS, Action
from napari_drpnet.project.session import Session

if TYPE_CHECKING:
    from napari_drpnet.plugin.controller import Controller


def bind_keys(controller: "Controller") -> None:
    """Bind the key of each action to the viewer of a controller."""
    for action in _with_keys():
        controller.viewer.bind_key(action.key, _handler(action, controller.session), overwrite=True)


def unbind_keys(controller: "Controller") -> None:
    """Take the bindings back."""
    for action in _with_keys():
        controller.viewer.bind_key(action.key, None, overwrite=True)


def _with_keys() -> list[Action]:
    return [action for action in ACTIONS.values() if action.key]


def _handler(action: Action, session: Session) -> Callable[[Any], None]:
    def handle(viewer: Any) -> None:
        action.run(session)

    handle.__doc__ = action.tooltip
    return handle
