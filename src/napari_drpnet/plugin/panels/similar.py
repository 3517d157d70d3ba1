"""Part of the panel Correct that finds particles like those that were added."""

import napari
from qtpy.QtWidgets import QLabel

from napari_drpnet.plugin.fields.controls import column
from napari_drpnet.plugin.panels.panel import Panel
from napari_drpnet.plugin.panels.progress import JobProgress
from napari_drpnet.project.controllers.similar import LEAST


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
        self.show_job(self.progress, "find similar")
        self.listen(self.session.similar.changed, self._show_discard)
        # Settings change at each step of a slider, and examples are those of all micrographs.
        session = self.session
        points_changed = session.current.points_changed
        for signal in (session.project_changed, session.micrographs_changed, points_changed):
            self.listen(signal, self._show_count)
        self._show_discard()
        self._show_count()

    def _show_discard(self) -> None:
        self.discard.setEnabled(self.session.similar.can_discard)

    def _show_count(self) -> None:
        count = self.session.similar.example_count
        self.find.setEnabled(count >= LEAST)
        needed = "" if count >= LEAST else f" of at least {LEAST}"
        self.count.setText(f"Examples, added or accepted by you: {count}{needed}")
