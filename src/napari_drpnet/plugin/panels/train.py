"""Panel Train: training of the networks on labels."""

import napari
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import QHBoxLayout, QWidget

from napari_drpnet.plugin.fields.controls import Hint, column
from napari_drpnet.plugin.panels.panel import Panel
from napari_drpnet.plugin.panels.progress import JobProgress
from napari_drpnet.plugin.panels.train_outcome import TrainOutcome
from napari_drpnet.plugin.panels.train_source import TrainSource
from napari_drpnet.plugin.plots.loss_plot import LossPlot

#: Number of labels that is recommended for training.
_ENOUGH = 10
_TOO_FEW = (
    f"Label at least {_ENOUGH} picks, some of them wrong; U shows the most uncertain. "
    "Or label automatically."
)
_KEPT = "Kept; Ctrl-Z undoes it. The other micrographs still have the earlier picks."
_LEGEND = "Loss. Solid line: labels used for training; dashed line: held-out labels."


class TrainPanel(Panel):
    """Panel that trains the networks on labels, and shows the result to keep or discard.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        Viewer, passed by napari.

    Attributes
    ----------
    source : TrainSource
        Choice of the networks and the labels.
    hint : Hint
        Message about what is missing.
    train : QPushButton
        Button that starts the training.
    progress : JobProgress
        Progress of the training.
    plot : LossPlot
        Plot of the losses.
    legend : Hint
        Names of the lines of the plot.
    outcome : TrainOutcome
        Result of the training.
    next_change : QPushButton
        Button that shows the next pick that would change.
    keep, discard : QPushButton
        Buttons that keep and discard the result.
    kept : Hint
        Message that the result was kept.
    pick_all : QPushButton
        Button that picks all included micrographs with the kept networks.
    repicking : JobProgress
        Progress of that.
    """

    def __init__(self, napari_viewer: "napari.viewer.Viewer") -> None:
        super().__init__(napari_viewer)
        self.source = TrainSource(napari_viewer)
        self.hint = Hint(marked=True)
        self.train = self.action_button("train")
        self.progress = JobProgress((self.train,), self.action_button("cancel_training"))
        self.plot = LossPlot()
        self.legend = Hint()
        self.legend.say(_LEGEND)
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
        failure = self.failure_hint("label", "train")
        parts = (self.source, self.hint, self.progress, failure, self.plot, self.legend)
        ending = (self.outcome, self._decision, self.kept, self._make_repick())
        layout = column(*parts, *ending, margin=8)
        layout.addStretch(1)
        self.setLayout(layout)
        self._listen()

    def showEvent(self, event: QShowEvent) -> None:
        """Update the counts of labels, which are not updated while the panel is hidden."""
        super().showEvent(event)
        self._show_labels()

    def _make_repick(self) -> QWidget:
        """Create the button that picks with the kept networks, and its progress."""
        self.pick_all = self.action_button("pick_all")
        self.pick_all.setText("Pick all included")
        self.repicking = JobProgress((self.pick_all,), self.action_button("cancel"))
        self._repick = QWidget()
        self._repick.setLayout(column(self.repicking))
        return self._repick

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
        self.show_job(self.progress, "train")
        self.show_job(self.repicking, "pick all", "Picking")
        self._show_state()
        self._show_loss()

    def _show_state(self) -> None:
        """Show the outcome; if the panel is visible, count the labels of all micrographs too."""
        self._show_outcome()
        if self.isVisible():
            self._show_labels()

    def _show_labels(self) -> None:
        """Show the labels for training, and what is missing."""
        problem = self.session.learner.problem
        self.source.show_labels()
        self.hint.say(self._find_hint(problem))
        self.train.setEnabled(problem is None)

    def _find_hint(self, problem: str | None) -> str:
        """Return a message about the next step; "" if there are enough labels."""
        session, learner = self.session, self.session.learner
        used = [learner.counts] + ([learner.automatic] if learner.uses_automatic else [])
        if session.current.record is None:
            return "Open micrographs first."
        if not any(totals.micrographs for totals in used) and session.current.decision is None:
            return "Press Pick first, then correct the picks."
        if sum(totals.accepted + totals.rejected for totals in used) < _ENOUGH:
            return _TOO_FEW
        return problem or ""

    def _show_loss(self) -> None:
        reports = self.session.learner.reports
        self.plot.set_reports(reports)
        self.plot.setVisible(bool(reports))
        self.legend.setVisible(bool(reports))

    def _show_outcome(self) -> None:
        """Show the result of the training, or that it was kept."""
        learner = self.session.learner
        self.outcome.show_outcome(learner.outcome, self.session.current.id)
        self._decision.setVisible(learner.outcome is not None)
        self.kept.say(_KEPT if learner.is_kept else "")
        self._repick.setVisible(learner.is_kept)
