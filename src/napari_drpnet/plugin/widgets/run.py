"""Pick, and Cancel while that runs."""

import napari
from qtpy.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QStackedWidget, QWidget

from napari_drpnet.plugin.panel import Panel
from napari_drpnet.plugin.parts import Hint, column
from napari_drpnet.project.job_lanes import JobStatus

_KINDS = ("pick all", "pick")


class RunPanel(Panel):
    """The buttons that pick; while one of them is at work, how far it is, and Cancel.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        Given by napari.
    """

    def __init__(self, napari_viewer: "napari.viewer.Viewer") -> None:
        super().__init__(napari_viewer)
        self.pick = self.action_button("pick")
        self.pick_all = self.action_button("pick_all")
        self.pick_all.setText("Pick all included")
        self.progress = QProgressBar()
        self.cancel = self.action_button("cancel")
        self.hint = Hint(marked=True)
        self.stack = QStackedWidget()
        self.stack.addWidget(_row(self.pick, self.pick_all))
        self.stack.addWidget(_row(self.progress, self.cancel))
        self.stack.setFixedHeight(self.stack.sizeHint().height())
        self.setLayout(column(self.hint, self.stack))
        self.listen(self.session.runner.status_changed, self._on_status)
        self.listen(self.session.settings_changed, self._show_readiness)
        self.listen(self.session.current.changed, self._show_readiness)
        self.listen(self.session.micrographs_changed, self._show_readiness)
        self._show_readiness()
        self._show_progress()

    def _on_status(self, status: JobStatus) -> None:
        if status.kind in _KINDS:
            self._show_progress()

    def _show_readiness(self, _: tuple[str, ...] = ()) -> None:
        """Enable what can be done, and say what is missing for the rest."""
        session = self.session
        ready = session.plan is not None
        self.pick.setEnabled(ready and session.current.record is not None)
        self.pick_all.setEnabled(ready and any(session.included()))
        if not session.project.micrographs:
            self.hint.say("Open micrographs first: with Open… in the table of micrographs.")
        elif session.project.settings.particle is None:
            self.hint.say("")  # said beside the diameter
        else:
            self.hint.say(session.problem or "")

    def _show_progress(self) -> None:
        """Show the buttons, or how far the job is."""
        runner = self.session.runner
        busy = [s for s in map(runner.status, _KINDS) if s.state != "idle"]
        buttons, work = range(self.stack.count())
        page = work if busy else buttons
        had_focus = self.stack.currentWidget().isAncestorOf(self.focusWidget() or self)
        self.stack.setCurrentIndex(page)
        if had_focus:
            (self.cancel if busy else self.pick).setFocus()
        if busy:
            self._show_status(busy[0])

    def _show_status(self, status: JobStatus) -> None:
        cancelling = status.state == "cancelling"
        self.cancel.setText("Cancelling…" if cancelling else "Cancel")
        self.cancel.setEnabled(not cancelling)
        self.progress.setRange(0, max(status.total, 1))
        self.progress.setValue(status.done)
        self.progress.setFormat(_describe(status))
        self.progress.setToolTip(status.stage)


def _describe(status: JobStatus) -> str:
    if status.total == 0:
        return "waiting …" if status.state == "waiting" else "starting …"
    if status.kind == "pick all":
        return f"{status.done + 1} of {status.total}: %p %"
    return f"{status.stage} %p %"


def _row(*parts: QPushButton | QProgressBar) -> QWidget:
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(4)
    for part in parts:
        layout.addWidget(part, stretch=1)
    return row
