"""What all panels share: the controller of their viewer, and signals that end with them."""

from collections.abc import Callable
from functools import partial

import napari
from psygnal import SignalInstance
from qtpy.QtCore import QObject
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import QPushButton, QToolButton, QWidget

from napari_drpnet.plugin.controller import controller_of
from napari_drpnet.project.actions import ACTIONS


class Panel(QWidget):
    """A dock widget over the session of a viewer.

    Panels call the session, and redraw when it signals; they never write back what they were
    told. All panels of a viewer share one session.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        Given by napari when the panel is opened from a menu.
    """

    def __init__(self, napari_viewer: "napari.viewer.Viewer") -> None:
        super().__init__()
        self.controller = controller_of(napari_viewer)
        self.session = self.controller.session
        self._connections: list[tuple[SignalInstance, Callable[..., None]]] = []
        self.destroyed.connect(partial(_disconnect, self._connections))

    def listen(self, signal: SignalInstance, slot: Callable[..., None]) -> None:
        """Call a slot whenever a signal of the session is emitted, until the panel is gone."""
        signal.connect(slot)
        self._connections.append((signal, slot))

    def action_button(self, name: str, *, icon: str = "") -> QPushButton | QToolButton:
        """Make the button of an action of `project.actions`, a small one where there is an icon."""
        action = ACTIONS[name]
        button = QToolButton(self) if icon else QPushButton(self)
        button.setText(icon or action.title)
        button.setToolTip(action.hint)
        button.setAccessibleName(action.title)
        button.clicked.connect(lambda: action.run(self.session))
        return button

    def showEvent(self, event: QShowEvent) -> None:
        """Let the session live as long as the window."""
        super().showEvent(event)
        self.controller.attach(self.window())


def _disconnect(
    connections: list[tuple[SignalInstance, Callable[..., None]]], panel: QObject | None = None
) -> None:
    for signal, slot in connections:
        signal.disconnect(slot, missing_ok=True)
    connections.clear()
