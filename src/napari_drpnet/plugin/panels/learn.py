"""Part of the panel Segment that trains the segmenter on strokes."""

import napari
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import QGridLayout, QLabel, QWidget

from napari_drpnet.evaluation.class_scores import ClassEvaluation
from napari_drpnet.plugin.fields.controls import Hint, column, row
from napari_drpnet.plugin.panels.panel import Panel
from napari_drpnet.plugin.panels.progress import JobProgress

_BETTER = "Better on strokes that were held out: keep it to use it."
_NOT_BETTER = "Not clearly better: the old segmenter stays unless you keep this one anyway."
_KEPT = (
    "Kept; Ctrl-Z undoes it. Picks on dirt are rejected with it. The other micrographs still have "
    "the earlier picks: press Pick all."
)
_IOU = (
    "IoU: area where the class is right, divided by the area that is painted or found as that "
    "class. Only pixels with strokes count; each stroke is scored after training without it"
)


class LearnPanel(Panel):
    """Button that trains the segmenter on strokes, and the outcome to keep or discard.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        Viewer, passed by napari.

    Attributes
    ----------
    hint : Hint
        What is missing for a training.
    learn : QPushButton
        Button that starts the training.
    progress : JobProgress
        Progress of the training.
    failure : Hint
        Why the training failed.
    scores : ClassScores
        IoU of each class before and after.
    changed : Hint
        Share of the shown micrograph that would change.
    sentence : Hint
        Conclusion whether the new segmenter is better.
    keep, discard : QPushButton
        Buttons that keep and discard the outcome.
    kept : Hint
        Message that the outcome was kept.
    """

    def __init__(self, napari_viewer: "napari.viewer.Viewer") -> None:
        super().__init__(napari_viewer)
        self.hint = Hint()
        self.learn = self.action_button("learn")
        self.progress = JobProgress((self.learn,), self.action_button("cancel_learning"))
        self.failure = self.failure_hint("learn")
        self.scores, self.changed, self.sentence = ClassScores(), Hint(), Hint()
        self.keep, self.discard = (
            self.action_button("keep_learned"),
            self.action_button("discard_learned"),
        )
        self.kept = Hint()
        self._outcome = QWidget()
        decision = row(self.keep, self.discard, spacing=4)
        parts = (self.scores, self.changed, self.sentence, decision)
        self._outcome.setLayout(column(*parts, spacing=4))
        self.setLayout(column(self.hint, self.progress, self.failure, self._outcome, self.kept))
        session, learner = self.session, self.session.stroke_learner
        for signal in (
            session.project_changed,
            session.settings_changed,
            session.strokes_changed,
            session.micrographs_changed,
        ):
            self.listen(signal, self._on_strokes)
        self.listen(session.settings_changed, self._show_outcome)
        self.listen(session.current.changed, self._show_outcome)
        self.listen(learner.finished, self._show_outcome)
        self.show_job(self.progress, "learn")
        self._show_outcome()

    def showEvent(self, event: QShowEvent) -> None:
        """Look at the strokes, which is not done while the panel is hidden."""
        super().showEvent(event)
        self._show_strokes()

    def _on_strokes(self, *_: object) -> None:
        if self.isVisible():
            self._show_strokes()

    def _show_strokes(self) -> None:
        problem = self.session.stroke_learner.problem
        self.hint.say(problem)
        self.learn.setEnabled(not problem)

    def _show_outcome(self) -> None:
        learner = self.session.stroke_learner
        outcome, changes = learner.outcome, learner.changes
        self._outcome.setVisible(outcome is not None)
        self.kept.say(_KEPT if learner.is_kept else "")
        if outcome is not None:
            self.scores.show_scores(outcome.tuned.before, outcome.tuned.after)
            share = f"{changes.share:.1%} of this micrograph would change." if changes else ""
            self.changed.say(share)
            self.sentence.say(_BETTER if outcome.tuned.improved else _NOT_BETTER)


class ClassScores(QWidget):
    """Table of the IoU of each painted class before and after a training.

    Attributes
    ----------
    cells : dict of str to tuple of QLabel
        Name, IoU before and IoU after of each class.
    """

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(2)
        self.setToolTip(_IOU)
        for across, text in enumerate(("IoU on held-out strokes", "Before", "After")):
            self._grid.addWidget(QLabel(text), 0, across)
        self.cells: dict[str, tuple[QLabel, QLabel, QLabel]] = {}

    def show_scores(self, before: ClassEvaluation, after: ClassEvaluation) -> None:
        """Show the scores of the classes that strokes show."""
        for line, (name, score) in enumerate(before.scores.items(), 1):
            if name not in self.cells:
                self.cells[name] = QLabel(name.capitalize()), QLabel(), QLabel()
                for across, label in enumerate(self.cells[name]):
                    self._grid.addWidget(label, line, across)
            texts = (name.capitalize(), _text(score.iou), _text(after.scores[name].iou))
            for label, text in zip(self.cells[name], texts, strict=True):
                label.setText(text)
                label.setVisible(score.true_pixels > 0)


def _text(iou: float | None) -> str:
    return "–" if iou is None else f"{iou:.2f}"
