"""Part of the panel Correct that finds particles like those that were added."""

import napari
from qtpy.QtWidgets import QLabel

from napari_drpnet.plugin.fields.controls import column
from napari_drpnet.plugin.panels.panel import Panel
from napari_drpnet.plugin.panels.progress import JobProgress
from napari_drpnet.project.controllers.similar import LEAST
from napari_drpnet.project.jobs.lanes import JobStatus


class SimilarPanel(Panel):
    """Button that finds particles like the examples of the user, and one that discards them.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        Viewer, passed by napari.

    Attributes
    ----------
    find, discard : QPushButton
        Buttons that find similar particles, and that pick as before.
    progress : JobProgress
        Progress of learning from the examples.
    count : QLabel
        Number of examples.
    """

    def __init__(self, napari_viewer: "napari.viewer.Viewer") -> None:
        super().__init__(napari_viewer)
        self.find = self.action_button("find_similar")
        self.discard = self.action_button("discard_similar")
        self.progress = JobProgress((self.find, self.discard))
        self.progress.cancel.clicked.connect(self.session.similar.cancel)
        self.count = QLabel()
        self.count.setWordWrap(True)
        self.setLayout(column(self.progress, self.count, self.failure_hint("find similar")))
        self.listen(self.session.runner.status_changed, self._on_status)
        for signal in (self.session.similar.changed, self.session.current.points_changed):
            self.listen(signal, self._show)
        self._show()

    def _on_status(self, status: JobStatus) -> None:
        if status.kind == "find similar":
            self.progress.show_status(status)

    def _show(self) -> None:
        similar = self.session.similar
        count = similar.example_count
        self.find.setEnabled(count >= LEAST)
        self.discard.setEnabled(similar.can_discard)
        needed = "" if count >= LEAST else f" of at least {LEAST}"
        self.count.setText(f"Examples, added or accepted by you: {count}{needed}")
