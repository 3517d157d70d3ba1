"""Part of the panel Pick with the buttons that pick, and their progress."""

import napari
from qtpy.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QWidget

from napari_drpnet.plugin.fields.controls import Hint, column
from napari_drpnet.plugin.panels.panel import Panel
from napari_drpnet.plugin.panels.progress import JobProgress
from napari_drpnet.project.jobs.lanes import JobKind, JobStatus

_KINDS: tuple[JobKind, ...] = ("pick all", "pick", "pick shown")
_WHEN_SHOWN = "Pick a micrograph that has no picks as soon as it is shown, and prepare the next"


class RunPanel(Panel):
    """Buttons that pick, replaced by the progress and Cancel while picking runs.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        Viewer, passed by napari.

    Attributes
    ----------
    hint : Hint
        Message about what prevents picking, until it is fixed.
    pick, pick_all : QPushButton
        Buttons that pick the current micrograph, and all included ones.
    progress : JobProgress
        Progress of picking.
    when_shown : QCheckBox
        Check box that picks each micrograph when it is shown.
    ahead : QLabel
        What is being done for the shown or the next micrograph.
    """

    def __init__(self, napari_viewer: "napari.viewer.Viewer") -> None:
        super().__init__(napari_viewer)
        self.pick = self.action_button("pick")
        self.pick_all = self.action_button("pick_all")
        self.pick_all.setText("Pick all included")
        self.hint = Hint(marked=True)
        self.progress = JobProgress((self.pick, self.pick_all), self.action_button("cancel"))
        self.when_shown, self.ahead = QCheckBox("Pick when shown"), QLabel()
        self.when_shown.setToolTip(_WHEN_SHOWN)
        self.when_shown.clicked.connect(self.session.ahead.turn)
        self.setLayout(column(self.hint, self.progress, self._row_when_shown()))
        self.listen(self.session.runner.status_changed, self._on_status)
        self.listen(self.session.settings_changed, self._show_readiness)
        self.listen(self.session.current.changed, self._show_readiness)
        self.listen(self.session.micrographs_changed, self._show_readiness)
        self.listen(self.session.failures.changed, self._show_readiness)
        self.listen(self.session.ahead.changed, self._show_ahead)
        self._show_readiness()
        self._show_progress()
        self._show_ahead()

    def _row_when_shown(self) -> QWidget:
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.when_shown)
        layout.addWidget(self.ahead)
        layout.addStretch(1)
        return row

    def _show_ahead(self) -> None:
        ahead = self.session.ahead
        self.when_shown.setEnabled(self.session.store is not None)
        self.when_shown.setChecked(ahead.is_on)
        self.ahead.setText(ahead.progress)

    def _on_status(self, status: JobStatus) -> None:
        if status.kind in _KINDS:
            self._show_progress()

    def _show_readiness(self, _: tuple[str, ...] = ()) -> None:
        """Enable the buttons that can be used, and show what prevents picking."""
        session = self.session
        ready = session.plan is not None or session.project.settings.particle is None
        self.pick.setEnabled(ready and session.current.record is not None)
        self.pick_all.setEnabled(ready and any(session.included()))
        self.hint.say(session.obstacle)

    def _show_progress(self) -> None:
        """Show the progress of picking, or the buttons."""
        statuses = [self.session.runner.status(kind) for kind in _KINDS]
        busy = [status for status in statuses if status.state != "idle"]
        status = (busy or statuses)[0]
        self.progress.show_status(status, "Picking" if status.kind == "pick all" else "")
