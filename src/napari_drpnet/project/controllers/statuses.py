"""Status and summary of each micrograph of a project, for the table."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from napari_drpnet.base.jobs import Job
from napari_drpnet.picking.advice import Advice
from napari_drpnet.picking.expected import ExpectedScores
from napari_drpnet.project.controllers.current import CurrentMicrograph
from napari_drpnet.project.controllers.picking import PickingJobs
from napari_drpnet.project.jobs.lanes import JobKind
from napari_drpnet.project.stages.decision import Decision, decide
from napari_drpnet.project.stages.plan import Plan
from napari_drpnet.project.state.edits import MicrographRecord
from napari_drpnet.project.state.labels import Label
from napari_drpnet.project.storage.store import ProjectStore
from napari_drpnet.project.workspace import Workspace

Status = Literal["checking", "not picked", "picked", "settings changed", "failed"]
Asked = tuple[MicrographRecord, tuple[Label, ...]]

#: Number of micrographs that are counted before the table is updated.
_CHUNK = 50


@dataclass(frozen=True)
class Summary:
    """Summary of one micrograph.

    Parameters
    ----------
    status : str
        Status of picking; ``settings changed`` means that the candidates were found with other
        settings, ``checking`` that it is not known yet whether there are any.
    accepted, above_threshold : int
        Number of accepted picks, which are exported, and of accepted and rejected picks.
    message : str
        Reason of a failure; else empty.
    accept : float or None
        Lowest P(particle) of an accepted pick; None without a classifier, or if the automatic
        rule accepts nothing.
    automatic : bool
        Whether `accept` is determined automatically for this micrograph.
    expected : ExpectedScores or None
        Expected scores of the accepted picks; None without a classifier.
    advice : tuple of Advice
        Advice on what is unusual and what to try.
    """

    status: Status
    accepted: int = 0
    above_threshold: int = 0
    message: str = ""
    accept: float | None = None
    automatic: bool = False
    expected: ExpectedScores | None = None
    advice: tuple[Advice, ...] = ()


@dataclass(frozen=True)
class Totals:
    """Totals of all included micrographs.

    Parameters
    ----------
    counts : Counter of str
        Number of micrographs with each status.
    particles : int
        Number of accepted picks, including those found with other settings, since these would be
        exported too.
    """

    counts: Counter[Status]
    particles: int


class Summaries:
    """Keeps the summaries of all micrographs; those not shown are counted in a thread.

    Parameters
    ----------
    workspace : Workspace
        Workspace whose micrographs are counted.
    current : CurrentMicrograph
        Micrograph that is shown.
    picking : PickingJobs
        Picking jobs, which report micrographs that were picked or failed.
    """

    def __init__(
        self, workspace: Workspace, current: CurrentMicrograph, picking: PickingJobs
    ) -> None:
        self._workspace, self._current = workspace, current
        self._of: dict[str, Summary] = {}
        self._unchecked: set[str] = set()
        self._uncounted: dict[str, None] = {}  # ids in the order of picking
        workspace.project_changed.connect(self._forget)
        workspace.settled.connect(self.refresh)
        current.decided.connect(self._note_current)
        picking.picked.connect(self.refresh_one)
        picking.failed.connect(self.note_failure)
        picking.finished.connect(self.refresh)

    def __getitem__(self, micrograph: str) -> Summary:
        status: Status = "checking" if micrograph in self._unchecked else "not picked"
        return self._of.get(micrograph, Summary(status))

    def totals(self) -> Totals:
        """Return the totals of the included micrographs."""
        summaries = [self[record.id] for record in self._workspace.included()]
        counts = Counter(summary.status for summary in summaries)
        return Totals(counts, sum(summary.accepted for summary in summaries))

    def _forget(self) -> None:
        self._of.clear()
        self._unchecked.clear()
        self._uncounted.clear()

    def _note_current(self, decision: Decision) -> None:
        """Store the summary of the micrograph that is shown."""
        self._put({decision.record.id: _summary(decision)})

    def note_failure(self, micrograph: str, message: str) -> None:
        """Store why a micrograph could not be picked, until it is picked."""
        self._put({micrograph: replace(self[micrograph], status="failed", message=message)})

    def refresh(self) -> None:
        """Count the picks of all micrographs again."""
        self._count("count", list(self._workspace.project.micrographs))

    def refresh_one(self, micrograph: str) -> None:
        """Count the picks of one micrograph, other than the shown one, again."""
        self._uncounted[micrograph] = None
        self._count("count picked", list(self._uncounted))

    def _count(self, kind: JobKind, micrographs: list[str]) -> None:
        workspace = self._workspace
        known = workspace.project.micrographs
        records = [known[name] for name in micrographs if name in known]
        if workspace.store is None or workspace.plan is None:
            return
        asked = [(r, workspace.project.labels(r.id)) for r in records if r.id != self._current.id]
        if unknown := {record.id for record, _ in asked} - self._of.keys():
            self._mark_unchecked(unknown & workspace.store.stored_ids())
        work = partial(self._count_in_chunks, asked, workspace.plan, workspace.store)
        workspace.runner.submit(kind, work, self._put_counted, self._fail)

    def _mark_unchecked(self, micrographs: set[str]) -> None:
        new = micrographs - self._unchecked
        self._unchecked |= new
        if new:
            self._workspace.micrographs_changed.emit(tuple(new))

    def _fail(self, error: Exception) -> None:
        unchecked, self._unchecked = self._unchecked, set()
        self._workspace.micrographs_changed.emit(tuple(unchecked))
        self._workspace.runner.errored.emit("count", error)

    def _count_in_chunks(
        self, asked: list[Asked], plan: Plan, store: ProjectStore, job: Job
    ) -> dict[str, Summary]:
        counted: dict[str, Summary] = {}
        for done, (name, summary) in enumerate(_summarize(asked, plan, store), 1):
            counted[name] = summary
            job.advance(done, len(asked), "counting")
            if len(counted) == _CHUNK:
                self._workspace.deliver_part(store, partial(self._put_counted, counted))
                counted = {}
        return counted

    def _put_counted(self, summaries: dict[str, Summary]) -> None:
        """Store summaries; that of the shown micrograph only if it is not known yet.

        Later ones of the shown micrograph come from `_note_current`.
        """
        shown = self._current.id
        self._put(
            {
                name: summary
                for name, summary in summaries.items()
                if name != shown or name in self._unchecked
            }
        )

    def _put(self, summaries: dict[str, Summary]) -> None:
        for name in summaries:
            self._uncounted.pop(name, None)
        self._unchecked -= summaries.keys()
        known = self._workspace.project.micrographs
        merged = {name: _merged(self[name], new) for name, new in summaries.items()}
        changed = {
            name: summary
            for name, summary in merged.items()
            if name in known and self._of.get(name) != summary
        }
        self._of |= changed
        if changed:
            self._workspace.micrographs_changed.emit(tuple(changed))


def _merged(old: Summary, new: Summary) -> Summary:
    """Return the new summary, which remains a failure if the last attempt to pick failed."""
    if old.status == "failed" and new.status in ("not picked", "settings changed"):
        return replace(new, status="failed", message=old.message)
    return new


def _summarize(
    asked: list[Asked], plan: Plan, store: ProjectStore
) -> Iterator[tuple[str, Summary]]:
    for record, labels in asked:
        stored = store.load_candidates(record.id)
        if stored is None:
            yield record.id, Summary("not picked")
            continue
        yield record.id, _summary(decide(record, stored, labels, plan))


def _summary(decision: Decision) -> Summary:
    is_up_to_date = decision.stored.key == decision.plan.candidates_key(decision.record)
    return Summary(
        "picked" if is_up_to_date else "settings changed",
        decision.accepted_count,
        decision.above_count,
        accept=None if decision.is_refused else decision.accept,
        automatic=decision.is_automatic,
        expected=decision.expected,
        advice=decision.advice,
    )
