"""Base class of the panels: the controller of the viewer, and signal connections."""

from collections.abc import Callable

import napari
from psygnal import SignalInstance
from qtpy.QtCore import QEvent, QTimer
from qtpy.QtWidgets import QDockWidget, QMainWindow, QPushButton, QToolButton, QWidget

from napari_drpnet.plugin.controller import controller_of
from napari_drpnet.plugin.fields.controls import Hint
from napari_drpnet.plugin.panels.progress import JobProgress
from napari_drpnet.plugin.plots.plot import Plot
from napari_drpnet.project.actions import ACTIONS
from napari_drpnet.project.jobs.failures import Failures
from napari_drpnet.project.jobs.lanes import JobKind


class Panel(QWidget):
    """Base class of the panels, which show and change the session of a viewer.

    Panels call the session, and redraw when it emits a signal; they never write a value back that
    they received. All panels of a viewer share one session.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        Viewer, passed by napari when the panel is opened from a menu.

    Attributes
    ----------
    controller : Controller
        Controller that connects the viewer with the session.
    viewer : napari.components.ViewerModel
        Viewer itself, not napari's proxy of it.
    session : Session
        Session that the panel shows and changes.
    """

    def __init__(self, napari_viewer: "napari.viewer.Viewer") -> None:
        super().__init__()
        self.controller = controller_of(napari_viewer)
        self.viewer = self.controller.viewer
        self.session = self.controller.session
        self._plots: list[Plot] = []
        self._connections = _Connections()
        self.destroyed.connect(self._connections.end)

    def listen(self, signal: SignalInstance, slot: Callable[..., None]) -> None:
        """Connect a signal of the session to a slot until the panel is destroyed."""
        self._connections.make(signal, slot)

    def failure_hint(self, *kinds: JobKind) -> Hint:
        """Create a message about why jobs of some kinds failed, shown until the next attempt."""
        hint = _FailureHint(self.session.failures, kinds)
        self.listen(self.session.failures.changed, hint.renew)
        return hint

    def show_job(self, progress: JobProgress, kind: JobKind, verb: str = "") -> None:
        """Show the jobs of a kind in a progress bar; see `JobProgress.show_status`."""
        progress.follow(kind, verb)
        self.listen(self.session.runner.status_changed, progress.take)
        progress.take(self.session.runner.status(kind))

    def explain_absence(self, plot: Plot) -> None:
        """Let a plot of the picks say why it is empty."""
        self._plots.append(plot)
        self.listen(self.session.current.changed, self._show_absence)
        self.listen(self.session.micrographs_changed, self._show_absence)
        self.listen(self.session.runner.status_changed, self._show_absence)
        self._show_absence()

    def _show_absence(self, _: object = None) -> None:
        for plot in self._plots:
            plot.empty_text = self.session.why_no_picks
            plot.update()

    def action_button(self, name: str, *, icon: str = "") -> QPushButton | QToolButton:
        """Create the button of an action of `project.actions`; with an icon, a tool button."""
        action = ACTIONS[name]
        button = QToolButton(self) if icon else QPushButton(self)
        button.setText(icon or action.title)
        button.setToolTip(action.hint)
        button.setAccessibleName(action.title)
        button.clicked.connect(lambda: action.run(self.session))
        return button

    def changeEvent(self, event: QEvent) -> None:
        """Check the parent of the panel after it has changed."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ParentChange:
            QTimer.singleShot(0, self._follow_parent)

    def _follow_parent(self) -> None:
        """Attach the controller to the window; delete the panel if napari has closed its dock.

        Closing a dock only removes the panel from it, and the menu creates a new panel.
        """
        parent = self.parentWidget()
        if parent is None:
            self.deleteLater()
        has_dock = isinstance(parent, QDockWidget)
        while parent is not None and not isinstance(parent, QMainWindow):
            parent = parent.parentWidget()
        if parent is not None:
            self.controller.attach(parent)
            if has_dock:
                self.controller.docked.emit(self)


class _FailureHint(Hint):
    def __init__(self, failures: Failures, kinds: tuple[JobKind, ...]) -> None:
        super().__init__(marked=True)
        self._failures, self._kinds = failures, kinds
        self.renew()

    def renew(self) -> None:
        self.say(" ".join(filter(None, (self._failures[kind] for kind in self._kinds))))


class _Connections:
    """Signal connections of a panel.

    `end` has to be a method: PyQt does not call a method of an object that was deleted. A
    `partial` would be called even after the garbage collector has cleared it, which crashes the
    process.
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
