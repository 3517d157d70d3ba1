"""Part of the panel Gallery with 2D averages, whose classes are looked at and decided."""

from functools import partial

import napari
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import QPushButton, QWidget

from napari_drpnet.base.wording import counted
from napari_drpnet.plugin.fields.controls import Hint, Soon, column, row
from napari_drpnet.plugin.gallery.class_list import ClassList
from napari_drpnet.plugin.panels.panel import Panel
from napari_drpnet.plugin.panels.progress import JobProgress
from napari_drpnet.project.controllers.averaging import ClassTile

#: Least time between two updates while a slider is dragged.
_EVERY_MS = 60
_START = (
    "Sort a sample of the accepted picks of all micrographs into classes of similar views, and "
    "average each class. This takes minutes for many picks"
)
_OUTDATED = "These averages are of earlier picks or settings. Press Average again."


class AveragesPanel(Panel):
    """2D averages of the picks, with buttons that decide about a class; empty without averages.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        Viewer, passed by napari.

    Attributes
    ----------
    start : QPushButton
        Button that opens the averages, and makes them.
    progress : JobProgress
        `start`, or the progress of averaging; to be placed by the owner of the panel.
    failure : Hint
        Why there are no new averages.
    body : QWidget
        Container of the widgets below.
    outdated, hint : Hint
        That the averages are of earlier picks; what is shown.
    classes : ClassList
        Averages, the largest class first.
    accept, reject, close_averages : QPushButton
        Buttons that decide about the chosen class, and that show all picks again.
    """

    def __init__(self, napari_viewer: "napari.viewer.Viewer") -> None:
        super().__init__(napari_viewer)
        self._averager = self.session.averager
        self._is_open = True
        self._soon = Soon(self, self._show_averages, _EVERY_MS)
        self.start = QPushButton()
        self.start.setToolTip(_START)
        self.start.clicked.connect(self._start)
        self.progress = JobProgress((self.start,))
        self.progress.cancel.setToolTip("Stop; earlier averages are kept")
        self.progress.cancel.clicked.connect(self._averager.cancel)
        self.failure = self.failure_hint("averages")
        self.outdated, self.hint = Hint(marked=True), Hint()
        self.classes = ClassList()
        self.classes.itemSelectionChanged.connect(self._choose)
        self.body = QWidget()
        parts = (self.outdated, self.hint, self.classes, self._make_buttons())
        self.body.setLayout(column(*parts, spacing=4))
        self.setLayout(column(self.failure, self.body))
        self.listen(self._averager.changed, self._on_changed)
        self.show_job(self.progress, "averages")
        self._show_averages()

    def _make_buttons(self) -> QWidget:
        self.accept, self.reject = QPushButton("Accept class"), QPushButton("Reject class")
        for button, accepted in ((self.accept, True), (self.reject, False)):
            verb = "Accept" if accepted else "Reject"
            button.setToolTip(
                f"{verb} all picks of the chosen class, on all micrographs, as one step.\n"
                "Picks that you have labelled one by one keep their labels"
            )
            button.clicked.connect(partial(self._decide, accepted))
        self.close_averages = QPushButton("Close")
        self.close_averages.setToolTip("Back to all picks; the averages are kept")
        self.close_averages.clicked.connect(self._close)
        return row(self.accept, self.reject, self.close_averages, spacing=4, stretch=1)

    # ---- what the user does

    def _start(self) -> None:
        """Show the averages; make them if there are none, or if they are shown already."""
        if self._averager.averages is None or self._is_open:
            self._averager.make()
        self._is_open = True
        self._show_averages()

    def _choose(self) -> None:
        self._averager.choose(self.classes.chosen)

    def _decide(self, accepted: bool, _: bool) -> None:
        if self._averager.chosen is not None:
            self._averager.decide(self._averager.chosen, accepted)

    def _close(self) -> None:
        self._is_open = False
        self._averager.choose(None)
        self._show_averages()
        self.start.setFocus()

    def showEvent(self, event: QShowEvent) -> None:
        """Show what has changed while the panel was hidden."""
        super().showEvent(event)
        self._show_averages()

    # ---- updates from the session

    def _on_changed(self) -> None:
        if self.isVisible():
            self._soon.ask()

    def _show_averages(self) -> None:
        averager = self._averager
        tiles = averager.tiles() if self._is_open else []
        self.body.setVisible(bool(tiles))
        self.start.setText("Average again" if tiles else "2D averages…")
        self.classes.show_tiles(tiles, averager.chosen)
        self.outdated.say(_OUTDATED if tiles and averager.is_outdated else "")
        self.hint.say(_describe(tiles, averager.chosen))
        for button in (self.accept, self.reject):
            button.setEnabled(averager.chosen is not None)


def _describe(tiles: list[ClassTile], chosen: int | None) -> str:
    if not tiles or chosen is None:
        return f"{counted(len(tiles), '2D average')}. Click one to list its picks."
    return f"Class {chosen + 1}: {counted(tiles[chosen].count, 'pick')}, listed below."
