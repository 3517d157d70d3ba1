"""What all panels share: the controller of their viewer, and signals that end with them."""

from collections.abc import Callable

import napari
from psygnal import SignalInstance
from qtpy.QtCore import QEvent, QTimer
from qtpy.QtWidgets import QMainWindow, QPushButton, QToolButton, QWidget

from napari_drpnet.plugin.controller import controller_of
from napari_drpnet.project.actions import ACTIONS


class Panel(QWidget):
    """A dock widget over the session of a viewer.

    Panels call the session, and redraw when it signals; they never write back what they were
    told. All panels of a viewer share one session.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        Viewer, passed by napari when the panel is opened from a menu.

    Attributes
    ----------
    controller : Controller
        Connects the viewer with the session.
    viewer : napari.components.ViewerModel
        The viewer itself, not napari's proxy of it.
    session : Session
        What the panel shows and changes.
    """

    def __init__(self, napari_viewer: "napari.viewer.Viewer") -> None:
        super().__init__()
        self.controller = controller_of(napari_viewer)
        self.viewer = self.controller.viewer
        self.session = self.controller.session
        self._connections = _Connections()
        self.destroyed.connect(self._connections.end)

    def listen(self, signal: SignalInstance, slot: Callable[..., None]) -> None:
        """Call a slot whenever a signal of the session is emitted, until the panel is gone."""
        self._connections.make(signal, slot)

    def action_button(self, name: str, *, icon: str = "") -> QPushButton | QToolButton:
        """Make the button of an action of `project.actions`, a small one where there is an icon."""
        action = ACTIONS[name]
        button = QToolButton(self) if icon else QPushButton(self)
        button.setText(icon or action.title)
        button.setToolTip(action.hint)
        button.setAccessibleName(action.title)
        button.clicked.connect(lambda: action.run(self.session))
        return button

    def changeEvent(self, event: QEvent) -> None:
        """See where the panel is, as soon as it has got there."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ParentChange:
            QTimer.singleShot(0, self._follow_parent)

    def _follow_parent(self) -> None:
        """Let the session live as long as the window; go when napari has closed the dock.

        The cross of a dock only takes the panel out of it, and the menu makes a new one.
        """
        parent = self.parentWidget()
        if parent is None:
            self.deleteLater()
        while parent is not None and not isinstance(parent, QMainWindow):
            parent = parent.parentWidget()
        if parent is not None:
            self.controller.attach(parent)


class _Connections:
    """The signals that a panel listens to.

    `end` is a method on purpose: PyQt calls it only while there is something to end. A `partial`
    would be called even when the garbage collector has emptied it, which ends the process.
    """

    def __init__(self) -> None:
        self._made: list[tuple[SignalInstance, Callable[..., None]]] = []

    def make(self, signal: SignalInstance, slot: Callable[..., None]) -> None:
        signal.connect(slot)
        self._made.append((signal, slot))

    def end(self) -> None:
        for signal, slot in self._made:
            signal.disconnect(slot, missing_ok=True)
        self._made.clear()
