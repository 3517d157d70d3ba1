"""Training of networks on labels, whose outcome the user keeps or discards."""

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from psygnal import Signal

from napari_drpnet.picking.networks.card import Kind
from napari_drpnet.project.controllers.current import CurrentMicrograph
from napari_drpnet.project.controllers.selection import Selection
from napari_drpnet.project.learning.example_sets import Asked
from napari_drpnet.project.learning.outcome import Floats, TrainingOutcome
from napari_drpnet.project.learning.training import LabelTraining, Subject
from napari_drpnet.project.points.label_counts import LabelTotals, MicrographTotals, total_labels
from napari_drpnet.project.points.review import LABEL_REACH
from napari_drpnet.project.state.edits import SettingsEdit
from napari_drpnet.project.state.labels import Label, decided, labels_near
from napari_drpnet.project.workspace import Workspace
from napari_drpnet.training.from_labels.replay import LEAST_LABELS, AdaptRecipe

if TYPE_CHECKING:
    from napari_drpnet.training.from_labels.head import AdaptReport

__all__ = ["LabelTotals", "Learner", "Subject", "TrainingOutcome"]

Labels = tuple[Label, ...]

#: Setting that names the network in use, by kind of network: stage and field.
_SETTINGS: dict[Kind, tuple[str, str]] = {
    "classifier": ("classifier", "classifier"),
    "detector": ("detector", "weights"),
}


class Learner:
    """Trains networks on labels, as the job ``"train"``, and holds the outcome.

    Nothing changes in the project or on disk until `keep` is called.

    Parameters
    ----------
    workspace : Workspace
        Workspace whose labels are used.
    current : CurrentMicrograph
        Micrograph that is shown.
    selection : Selection
        Selection that shows the points that would change.

    Attributes
    ----------
    subject : {'classifier', 'detector', 'both'}
        Networks to train.
    uses_automatic : bool
        Whether automatic labels are used too.
    learning : {'classifier', 'detector'}
        Network that is being trained, or was trained last.
    reports : list of tuple
        Step, loss and loss on held-out labels of the current or the last training.
    outcome : TrainingOutcome or None
        Outcome of the training, until it is kept or discarded.
    chosen : Signal
        Emitted when `subject` or `uses_automatic` has changed.
    progressed : Signal
        Emitted when `reports` has changed.
    finished : Signal
        Emitted when `outcome` has been set or cleared.
    """

    chosen = Signal()
    progressed = Signal()
    finished = Signal()

    def __init__(
        self, workspace: Workspace, current: CurrentMicrograph, selection: Selection
    ) -> None:
        self._workspace, self._current, self._selection = workspace, current, selection
        self._run = object()  # identifies the training whose reports are wanted
        self._kept: dict[Kind, str] = {}
        self._looked_at = 0
        self.subject: Subject = "classifier"
        self.uses_automatic = True
        self.learning: Kind = "classifier"
        self.reports: list[tuple[int, float, float]] = []
        self.outcome: TrainingOutcome | None = None
        workspace.project_changed.connect(self._forget)

    # ---- labels to train on

    def choose(self, *, subject: Subject | None = None, uses_automatic: bool | None = None) -> None:
        """Choose the networks to train, or whether to use automatic labels too."""
        self.subject = subject or self.subject
        self.uses_automatic = self.uses_automatic if uses_automatic is None else uses_automatic
        self.chosen.emit()

    @property
    def by_micrograph(self) -> list[MicrographTotals]:
        """Numbers of labels on each included micrograph that has any, by source."""
        project = self._workspace.project
        given = ((record, project.labels(record.id)) for record in self._workspace.included())
        return [
            MicrographTotals(
                record.path.name, total_labels([labels]), total_labels([labels], automatic=True)
            )
            for record, labels in given
            if labels
        ]

    @property
    def counts(self) -> LabelTotals:
        """Numbers of labels of the user that would be used."""
        return total_labels(self._labels())

    @property
    def automatic(self) -> LabelTotals:
        """Numbers of automatic labels, whether they would be used or not."""
        return total_labels(self._labels(), automatic=True)

    @property
    def problem(self) -> str | None:
        """Message that says why training cannot start and what to do; None if it can."""
        plan = self._workspace.plan
        if plan is None:
            return self._workspace.problem
        if self.subject != "detector" and plan.weights.classifier is None:
            return "There is no classifier to train: choose one first."
        detector = plan.weights.detector
        if self.subject != "classifier" and detector.kind != "detector":
            return "Labels of particles do not train a segmenter: train the classifier."
        if self.subject != "classifier" and detector.map_units != "absolute":
            return "This detector has no absolute scale, so it cannot be trained: choose another."
        if sum(len(labels) for _, labels in self._asked()) < LEAST_LABELS:
            return f"Correct at least {LEAST_LABELS} picks."
        return None

    # ---- training

    def train(self, recipe: AdaptRecipe | None = None) -> None:
        """Start training; an outcome that was not kept is discarded."""
        workspace = self._workspace
        workspace.renew_plan()
        plan, store, given = workspace.plan, workspace.store, workspace.project.settings.parameters
        problem = self.problem
        if problem is not None or plan is None or given is None or store is None:
            workspace.notify("warning", problem or "Open micrographs first.")
            return
        self._forget()
        workspace.failures.forget("train")
        training = LabelTraining(
            self._asked(), self._shown(), given, plan, self.subject, recipe or AdaptRecipe()
        )
        note = partial(self._note, self._run)

        def tell(kind: Kind, report: "AdaptReport") -> None:
            workspace.deliver_part(store, partial(note, kind, report))

        workspace.runner.submit("train", partial(training.run, workspace.cache, tell), self._take)

    def cancel(self) -> None:
        """Cancel training; the networks are unchanged."""
        self._workspace.runner.cancel("train")

    # ---- outcome

    @property
    def changed_yx(self) -> Floats:
        """Points of the shown micrograph that would change, ``(k, 2)`` in unbinned pixels.

        Points that the user has labelled since are left out.
        """
        current, outcome = self._current, self.outcome
        if outcome is None or current.id is None or outcome.micrograph != current.id:
            return np.empty((0, 2))
        reach = LABEL_REACH * current.stored.diameter_px if current.stored else 0.0
        own = decided(self._workspace.project.labels(current.id))
        is_open = [not labels_near(own, [center], reach) for center in outcome.changed_yx]
        return np.asarray(outcome.changed_yx[np.array(is_open, bool)])

    def show_changed(self) -> None:
        """Show the first point that would change, then the next."""
        changed = self.changed_yx
        if not len(changed):
            self._workspace.notify("info", "No point of this micrograph would change.")
            return
        y, x = changed[self._looked_at % len(changed)].tolist()
        self._looked_at += 1
        self._selection.focus((y, x))

    @property
    def is_kept(self) -> bool:
        """Whether the networks in use are those that were kept last."""
        settings = self._workspace.project.settings
        return bool(self._kept) and all(
            getattr(getattr(settings, stage), name) == self._kept[kind]
            for kind, (stage, name) in _SETTINGS.items()
            if kind in self._kept
        )

    def keep(self) -> None:
        """Save the trained networks in the project and use them, as one undo step."""
        workspace, outcome = self._workspace, self.outcome
        kept = workspace.save_weights(outcome.save) if outcome is not None else None
        if kept is None:
            return
        self._forget()
        before = after = workspace.project.settings
        for kind, path in kept.items():
            stage, name = _SETTINGS[kind]
            changed = getattr(after, stage).model_copy(update={name: path})
            after = after.model_copy(update={stage: changed})
        self._kept = kept
        workspace.do(SettingsEdit(before=before, after=after))
        workspace.settle()

    def discard(self) -> None:
        """Discard the outcome; the networks are unchanged."""
        self._forget()

    # ---- inside

    def _shown(self) -> Asked | None:
        """Return the micrograph that is shown with its labels, if it has points."""
        current = self._current
        if current.record is None or current.stored is None:
            return None
        return current.record, self._workspace.project.labels(current.record.id)

    def _labels(self) -> list[Labels]:
        project = self._workspace.project
        return [project.labels(record.id) for record in self._workspace.included()]

    def _asked(self) -> list[Asked]:
        """Return the included micrographs that have labels to train on, with these labels."""
        given = (
            (record, labels if self.uses_automatic else decided(labels))
            for record, labels in zip(self._workspace.included(), self._labels(), strict=True)
        )
        return [(record, labels) for record, labels in given if labels]

    def _forget(self) -> None:
        self._run, self._kept, self._looked_at = object(), {}, 0
        self.outcome, self.reports = None, []
        self.progressed.emit()
        self.finished.emit()

    def _note(self, run: object, kind: Kind, report: "AdaptReport") -> None:
        """Store a report, unless its training is no longer wanted."""
        if run is self._run:
            if kind != self.learning:
                self.learning, self.reports = kind, []
            self.reports.append((report.step, report.loss, report.held_out_loss))
            self.progressed.emit()

    def _take(self, outcome: TrainingOutcome) -> None:
        self.outcome = outcome
        self.finished.emit()
