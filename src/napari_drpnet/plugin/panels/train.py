"""The panel Train: networks learn from what a person has corrected."""

import napari
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import QHBoxLayout, QWidget

from napari_drpnet.plugin.fields.controls import Hint, column
from napari_drpnet.plugin.panels.panel import Panel
from napari_drpnet.plugin.panels.progress import JobProgress
from napari_drpnet.plugin.panels.train_outcome import TrainOutcome
from napari_drpnet.plugin.panels.train_source import TrainSource
from napari_drpnet.plugin.plots.loss_plot import LossPlot
from napari_drpnet.project.jobs.lanes import JobStatus

#: Labels that are worth a training.
_ENOUGH = 10
_TOO_FEW = (
    f"Correct at least {_ENOUGH} picks, some of them wrong ones; U shows the most uncertain. "
    "Or label automatically."
)
_KEPT = "Kept; Ctrl-Z takes it back."


class TrainPanel(Panel):
    """What will be learned from, Train, and what came of it, to be kept or not.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        Viewer, passed by napari.

    Attributes
    ----------
    source : TrainSource
        What learns, and from which labels.
    hint : Hint
        What is missing.
    train : QPushButton
        Starts the training.
    progress : JobProgress
        How far it is.
    plot : LossPlot
        The losses.
    outcome : TrainOutcome
        What came of it.
    next_change : QPushButton
        Shows the next point that would change.
    keep, discard : QPushButton
        Decide about the result.
    kept : Hint
        That the result was kept.
    """

    def __init__(self, napari_viewer: "napari.viewer.Viewer") -> None:
        super().__init__(napari_viewer)
        self.source = TrainSource(napari_viewer)
        self.hint = Hint(marked=True)
        self.train = self.action_button("train")
        self.progress = JobProgress((self.train,), self.action_button("cancel_training"))
        self.plot = LossPlot()
        self.next_change = self.action_button("show_changed")
        self.outcome = TrainOutcome(self.next_change)
        self.keep = self.action_button("keep_trained")
        self.discard = self.action_button("discard_trained")
        self.kept = Hint()
        self._decision = QWidget()
        buttons = QHBoxLayout(self._decision)
        buttons.setContentsMargins(0, 0, 0, 0)
        buttons.setSpacing(4)
        for button in (self.keep, self.discard):
            buttons.addWidget(button)
        parts = (self.source, self.hint, self.progress, self.plot)
        layout = column(*parts, self.outcome, self._decision, self.kept, margin=8)
        layout.addStretch(1)
        self.setLayout(layout)
        self._listen()

    def showEvent(self, event: QShowEvent) -> None:
        """Count what was labelled while another tab was in front."""
        super().showEvent(event)
        self._show_labels()

    # ---- updates from the session

    def _listen(self) -> None:
        session, learner = self.session, self.session.learner
        for signal in (
            session.project_changed,
            session.history_changed,
            session.settings_changed,
            session.current.points_changed,
        ):
            self.listen(signal, self._show_state)
        self.listen(learner.chosen, self._show_labels)
        self.listen(learner.progressed, self._show_loss)
        self.listen(learner.finished, self._show_outcome)
        self.listen(session.runner.status_changed, self._show_status)
        self._show_state()
        self._show_loss()
        self._show_status(session.runner.status("train"))

    def _show_status(self, status: JobStatus) -> None:
        if status.kind == "train":
            self.progress.show_status(status)

    def _show_state(self) -> None:
        """Show all that edits change; the labels of thousands of micrographs only if seen."""
        self._show_outcome()
        if self.isVisible():
            self._show_labels()

    def _show_labels(self) -> None:
        """Show what will be learned from, and what is missing."""
        problem = self.session.learner.problem
        self.source.show_labels()
        self.hint.say(self._find_hint(problem))
        self.train.setEnabled(problem is None)

    def _find_hint(self, problem: str | None) -> str:
        """Return what the user should do next; nothing when there are labels enough."""
        session, learner = self.session, self.session.learner
        used = [learner.counts] + ([learner.automatic] if learner.uses_automatic else [])
        if session.current.record is None:
            return "Open micrographs first."
        if not any(totals.micrographs for totals in used) and session.current.review is None:
            return "Press Pick first, and correct what it found."
        if sum(totals.accepted + totals.rejected for totals in used) < _ENOUGH:
            return _TOO_FEW
        return problem or ""

    def _show_loss(self) -> None:
        reports = self.session.learner.reports
        self.plot.set_reports(reports)
        self.plot.setVisible(bool(reports))

    def _show_outcome(self) -> None:
        """Show what came of the training, or that it was kept."""
        learner = self.session.learner
        self.outcome.show_outcome(learner.outcome, self.session.current.id)
        self._decision.setVisible(learner.outcome is not None)
        self.kept.say(_KEPT if learner.is_kept else "")
