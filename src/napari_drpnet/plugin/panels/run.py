"""Pick, and Cancel while that runs."""

import napari

from napari_drpnet.plugin.fields.controls import Hint, column
from napari_drpnet.plugin.panels.panel import Panel
from napari_drpnet.plugin.panels.progress import JobProgress
from napari_drpnet.project.jobs.lanes import JobKind, JobStatus

_KINDS: tuple[JobKind, ...] = ("pick all", "pick")


class RunPanel(Panel):
    """The buttons that pick; while one of them is at work, how far it is, and Cancel.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        Viewer, passed by napari.

    Attributes
    ----------
    hint : Hint
        What to do before anything can be picked.
    pick, pick_all : QPushButton
        Pick the micrograph that is shown, or all included ones.
    progress : JobProgress
        How far that is.
    """

    def __init__(self, napari_viewer: "napari.viewer.Viewer") -> None:
        super().__init__(napari_viewer)
        self.pick = self.action_button("pick")
        self.pick_all = self.action_button("pick_all")
        self.pick_all.setText("Pick all included")
        self.hint = Hint(marked=True)
        self.progress = JobProgress((self.pick, self.pick_all), self.action_button("cancel"))
        self.setLayout(column(self.hint, self.progress))
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
        statuses = [self.session.runner.status(kind) for kind in _KINDS]
        busy = [status for status in statuses if status.state != "idle"]
        status = (busy or statuses)[0]
        self.progress.show_status(status, "Picking" if status.kind == "pick all" else "")
