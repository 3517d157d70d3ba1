"""Part of the panel Compare with the totals of all micrographs."""

import napari
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import QPushButton

from napari_drpnet.plugin.fields.controls import Hint, Soon, column
from napari_drpnet.plugin.panels.panel import Panel
from napari_drpnet.plugin.panels.progress import JobProgress

#: Least time between two updates while a slider is dragged.
_EVERY_MS = 60
_START = (
    "Compare the picks of all included micrographs with the truth, with the settings and labels "
    "of now.\nEach particle has equal weight (micro average). Nothing is picked"
)
_OUTDATED = "Picks, settings or labels have changed: compare all again."


class CompareTotals(Panel):
    """Totals of all micrographs of the project, made when the user asks for them.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        Viewer, passed by napari.

    Attributes
    ----------
    start : QPushButton
        Button that compares all micrographs.
    progress : JobProgress
        `start`, or the progress of comparing.
    outdated : Hint
        Message that the totals are of earlier picks.
    rates, counts, scope : Hint
        Precision, recall and F1 of all micrographs; numbers of right, wrong and missed ones; which
        micrographs were compared, and which were left out.
    """

    def __init__(self, napari_viewer: "napari.viewer.Viewer") -> None:
        super().__init__(napari_viewer)
        totals = self.session.totals
        self.start = QPushButton("Compare all micrographs")
        self.start.setToolTip(_START)
        self.start.clicked.connect(totals.start)
        self.progress = JobProgress((self.start,))
        self.progress.cancel.setToolTip("Stop; earlier totals are kept")
        self.progress.cancel.clicked.connect(totals.cancel)
        self.outdated = Hint(marked=True)
        self.rates, self.counts, self.scope = Hint(), Hint(), Hint()
        failure = self.failure_hint("compare all")
        parts = (self.progress, failure, self.outdated, self.rates, self.counts, self.scope)
        self.setLayout(column(*parts, spacing=4))
        self._soon = Soon(self, self._show_totals, _EVERY_MS)
        self.listen(totals.changed, self._on_changed)
        self.show_job(self.progress, "compare all")
        self._show_totals()

    def showEvent(self, event: QShowEvent) -> None:
        """Show what has changed while the panel was hidden."""
        super().showEvent(event)
        self._show_totals()

    def _on_changed(self) -> None:
        if self.isVisible():
            self._soon.ask()

    def _show_totals(self) -> None:
        totals = self.session.totals.totals
        self.outdated.say(_OUTDATED if self.session.totals.is_outdated else "")
        self.scope.say("" if totals is None else totals.scope)
        if totals is None or not totals.compared:
            self.rates.say("")
            self.counts.say("")
            return
        tally, rates = totals.tally, totals.tally.rates
        self.rates.say(
            f"All: precision {rates.precision:.2f}, recall {rates.recall:.2f}, F1 {rates.f1:.2f}"
        )
        self.counts.say(
            f"Right: {tally.true_positives:,}, wrong: {tally.false_positives:,}, "
            f"missed: {tally.false_negatives:,}"
        )
