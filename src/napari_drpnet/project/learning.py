"""The classifier learns from the labels of a person; what it has learned is kept, or not."""

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_drpnet.project.edits import SettingsEdit
from napari_drpnet.project.lessons import Asked, Lesson
from napari_drpnet.project.notices import explain
from napari_drpnet.project.trial import Trial
from napari_drpnet.training.feedback import LEAST_LABELS, AdaptRecipe

if TYPE_CHECKING:
    from napari_drpnet.project.session import Session
    from napari_drpnet.training.head import AdaptReport

__all__ = ["LabelTotals", "Learner", "Trial"]


@dataclass(frozen=True)
class LabelTotals:
    """What a person has said, on the micrographs that are included.

    Parameters
    ----------
    accepted, rejected : int
        Labels of a person.
    micrographs : int
        That have any.
    """

    accepted: int
    rejected: int
    micrographs: int

    @property
    def text(self) -> str:
        """The totals in words."""
        what = "micrograph" if self.micrographs == 1 else "micrographs"
        counted = f"{self.accepted} accepted, {self.rejected} rejected"
        return f"Your labels: {counted} on {self.micrographs} {what}"


class Learner:
    """Trains the classifier on labels, as the job ``"train"``, and tries the result.

    Nothing is changed, in the project or on disk, until `keep`.

    Parameters
    ----------
    session : Session
        Whose labels they are.

    Attributes
    ----------
    reports : list of tuple
        Step and loss of the training that runs, or ran last.
    trial : Trial or None
        What came of it, until it is kept or discarded.
    progressed : Signal
        `reports` has changed.
    finished : Signal
        `trial` has come, or gone.
    """

    progressed = Signal()
    finished = Signal()

    def __init__(self, session: "Session") -> None:
        self._session = session
        self._run = object()  # that reports are wanted of
        self._kept = ""
        self.reports: list[tuple[int, float]] = []
        self.trial: Trial | None = None
        session.project_changed.connect(self._forget)

    @property
    def counts(self) -> LabelTotals:
        """The labels that would be used."""
        labels = [given for _, given in self._asked()]
        verdicts = [label.accepted for given in labels for label in given]
        return LabelTotals(sum(verdicts), len(verdicts) - sum(verdicts), len(labels))

    @property
    def problem(self) -> str | None:
        """Why training cannot start, and what to do; None where it can."""
        counts, plan = self.counts, self._session.plan
        if plan is None:
            return self._session.problem
        if plan.weights.classifier is None:
            return "There is no classifier to be taught: choose one first."
        if counts.accepted + counts.rejected < LEAST_LABELS:
            return f"Correct at least {LEAST_LABELS} picks."
        return None

    @property
    def is_kept(self) -> bool:
        """Whether the classifier in use is what was learned last."""
        return self._kept == self._session.project.settings.classifier.classifier

    def train(self, recipe: AdaptRecipe | None = None) -> None:
        """Start training; a trial that was not kept is discarded."""
        session = self._session
        session.renew_plan()
        plan, store, given = session.plan, session.store, session.project.settings.parameters
        problem = self.problem
        if problem is not None or plan is None or given is None or store is None:
            session.notify("warning", problem or "Open micrographs first.")
            return
        self._forget()
        lesson = Lesson(self._asked(), self._shown(), given, plan, recipe or AdaptRecipe())
        note = partial(self._note, self._run)

        def tell(report: "AdaptReport") -> None:
            session.deliver_part(store, partial(note, report))

        session.runner.submit("train", partial(lesson.give, session.picker, tell), self._take)

    def cancel(self) -> None:
        """Stop training; nothing has changed."""
        self._session.runner.cancel("train")

    def keep(self) -> None:
        """Save what was learned in the project, and use it: one step of undo."""
        session, trial = self._session, self.trial
        if trial is None or session.store is None:
            return
        try:
            path = trial.save(session.store.folder / "weights")
        except OSError as error:
            session.notify("error", f"Cannot save the weights: {explain(error)}. Make room.")
            return
        self._forget()
        before = session.project.settings
        classifier = before.classifier.model_copy(update={"classifier": str(path)})
        after = before.model_copy(update={"classifier": classifier})
        self._kept = str(path)
        session.do(SettingsEdit(before=before, after=after))
        session.settle()

    def discard(self) -> None:
        """Forget what was learned; everything is as before."""
        self._forget()

    def _shown(self) -> Asked | None:
        """Return the micrograph that is shown with its labels, if it has points."""
        current = self._session.current
        if current.record is None or current.stored is None:
            return None
        return current.record, self._session.project.labels(current.record.id)

    def _asked(self) -> list[Asked]:
        """List the included micrographs that have labels of a person, with these."""
        project = self._session.project
        labelled = [record for record in self._session.included() if project.labels(record.id)]
        given = [
            (record, tuple(o for o in project.labels(record.id) if o.source == "person"))
            for record in labelled
        ]
        return [(record, labels) for record, labels in given if labels]

    def _forget(self) -> None:
        self._run, self._kept = object(), ""
        self.trial, self.reports = None, []
        self.progressed.emit()
        self.finished.emit()

    def _note(self, run: object, report: "AdaptReport") -> None:
        """Note a report, unless it is of a training that nobody waits for."""
        if run is self._run:
            self.reports.append((report.step, report.loss))
            self.progressed.emit()

    def _take(self, trial: Trial) -> None:
        self.trial = trial
        self.finished.emit()
