"""Status and summary of each micrograph of a project, for the table."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from napari_drpnet.base.dirt import MOST_DIRT
from napari_drpnet.base.jobs import Job
from napari_drpnet.batch.results.statistics import MicrographStatistics
from napari_drpnet.picking.advice import Advice
from napari_drpnet.picking.expected import ExpectedScores
from napari_drpnet.picking.fingerprint import file_stamp
from napari_drpnet.project.controllers.current import CurrentMicrograph
from napari_drpnet.project.controllers.picking import PickingJobs
from napari_drpnet.project.controllers.segmenting import Segmenting
from napari_drpnet.project.jobs.lanes import JobKind
from napari_drpnet.project.stages.decision import Decision, decide
from napari_drpnet.project.stages.plan import Plan
from napari_drpnet.project.state.edits import MicrographRecord
from napari_drpnet.project.state.labels import Label, given_by
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
    figures : MicrographStatistics or None
        Statistics of the accepted picks; None if the micrograph is not picked.
    dirty_area : float or None
        Share of dirt; None if no segmenter has seen the micrograph.
    """

    status: Status
    accepted: int = 0
    above_threshold: int = 0
    message: str = ""
    accept: float | None = None
    automatic: bool = False
    expected: ExpectedScores | None = None
    advice: tuple[Advice, ...] = ()
    figures: MicrographStatistics | None = None
    dirty_area: float | None = None

    @property
    def is_mostly_dirty(self) -> bool:
        """Whether there is so much dirt that it rejects no picks."""
        return self.dirty_area is not None and self.dirty_area > MOST_DIRT

    def reason(self, record: MicrographRecord) -> str:
        """Return the message in one line, without the path of the micrograph itself."""
        return " ".join(self.message.removeprefix(f"{record.path}: ").split())


@dataclass(frozen=True)
class _Failure:
    """Failure of a micrograph, which holds while its cause is unchanged.

    Parameters
    ----------
    message : str
        Reason for the user.
    is_of_file : bool
        Whether the file cannot be read at all, whatever the settings are.
    cause : str
        Hash or stamp of the file and, unless `is_of_file`, of the settings.
    """

    message: str
    is_of_file: bool
    cause: str


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
    segmenting : Segmenting
        Jobs of the segmenter, which report dirty areas.
    """

    def __init__(
        self,
        workspace: Workspace,
        current: CurrentMicrograph,
        picking: PickingJobs,
        segmenting: Segmenting,
    ) -> None:
        self._workspace, self._current = workspace, current
        self._of: dict[str, Summary] = {}
        self._unchecked: set[str] = set()
        self._failures: dict[str, _Failure] = {}
        self._uncounted: dict[str, None] = {}  # ids in the order of picking
        self._segmented_alone: dict[str, float] = {}  # dirty areas without picking
        workspace.project_changed.connect(self._forget)
        workspace.settled.connect(self.refresh)
        current.decided.connect(self._note_current)
        workspace.labels_changed.connect(self._on_labels)
        current.unreadable.connect(partial(self.note_failure, is_of_file=True))
        current.image_changed.connect(self._on_image)
        picking.picked.connect(self.refresh_one)
        picking.failed.connect(self.note_failure)
        picking.finished.connect(self.refresh)
        segmenting.measured.connect(self._note_dirty_area)

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
        self._failures.clear()
        self._uncounted.clear()
        self._segmented_alone.clear()

    def _note_current(self, decision: Decision) -> None:
        """Store the summary of the micrograph that is shown."""
        name = decision.record.id
        self._put({name: _with_area(_summary(decision), self._segmented_alone.get(name))})

    def _note_dirty_area(self, micrograph: str, area: float) -> None:
        """Store the dirty area of a micrograph that was segmented without picking."""
        self._segmented_alone[micrograph] = area
        self._put({micrograph: replace(self[micrograph], dirty_area=area)})

    def _on_labels(self, micrograph: str) -> None:
        """Count the particles that the user has added to a micrograph that is not picked."""
        known = self._workspace.project.micrographs
        if micrograph in known and self[micrograph].status in ("not picked", "failed"):
            new = _summary_of_added(self._workspace.project.labels(micrograph))
            self._put({micrograph: _with_area(new, self[micrograph].dirty_area)})

    def note_failure(self, micrograph: str, message: str, is_of_file: bool = False) -> None:
        """Store why a micrograph could not be picked or read, until that has been fixed."""
        if micrograph in self._workspace.project.micrographs and not self._is_unreadable(
            micrograph
        ):
            cause = self._cause(micrograph, is_of_file)
            self._failures[micrograph] = _Failure(message, is_of_file, cause)
            self._put({micrograph: replace(self[micrograph], status="settings changed")})

    def _is_unreadable(self, micrograph: str) -> bool:
        """Return whether it is known that the file, as it is now, cannot be read."""
        failure = self._failures.get(micrograph)
        return failure is not None and failure.is_of_file and self._holds(micrograph, failure)

    def _holds(self, micrograph: str, failure: _Failure) -> bool:
        return failure.cause == self._cause(micrograph, failure.is_of_file)

    def _cause(self, micrograph: str, is_of_file: bool) -> str:
        record, plan = self._workspace.project.micrographs[micrograph], self._workspace.plan
        return (
            str(file_stamp(record.path)) if is_of_file or not plan else plan.candidates_key(record)
        )

    def _on_image(self) -> None:
        """Forget that the file of the shown micrograph could not be read."""
        shown = self._current.id or ""
        failure = self._failures.get(shown)
        if failure is not None and failure.is_of_file and self._current.image is not None:
            del self._failures[shown]
            self._renew_current()

    def _renew_current(self) -> None:
        """Check whether the shown micrograph is picked, and whether its failure still holds."""
        if self._current.decision is not None:
            self._note_current(self._current.decision)
        elif self._current.id is not None and self._current.stored is None:
            labels = self._workspace.project.labels(self._current.id)
            area = self._segmented_alone.get(self._current.id)
            self._put({self._current.id: _with_area(_summary_of_added(labels), area)})

    def refresh(self) -> None:
        """Count the picks of all micrographs again."""
        self._renew_current()
        self._count("count", list(self._workspace.project.micrographs))

    def refresh_one(self, micrograph: str) -> None:
        """Count the picks of one micrograph again, which was picked and is not shown."""
        self._failures.pop(micrograph, None)
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
        merged = {name: self._merged(name, new) for name, new in summaries.items() if name in known}
        changed = {name: new for name, new in merged.items() if self._of.get(name) != new}
        self._of |= changed
        if changed:
            self._workspace.micrographs_changed.emit(tuple(changed))

    def _merged(self, micrograph: str, new: Summary) -> Summary:
        """Return the new summary, which remains a failure while the cause of that holds."""
        failure = self._failures.get(micrograph)
        if failure is None:
            return new
        is_solved = new.status == "picked" and not failure.is_of_file
        if is_solved or not self._holds(micrograph, failure):
            del self._failures[micrograph]
            return new
        return replace(new, status="failed", message=failure.message)


def _summarize(
    asked: list[Asked], plan: Plan, store: ProjectStore
) -> Iterator[tuple[str, Summary]]:
    for record, labels in asked:
        stored = store.load_candidates(record.id)
        if stored is None:
            summary = _summary_of_added(labels)
        else:
            summary = _summary(decide(record, stored, labels, plan))
        yield record.id, _with_area(summary, store.load_dirty_area(record.id))


def _with_area(summary: Summary, segmented_alone: float | None) -> Summary:
    """Return a summary whose dirty area, if picking has not found it, is that of *Segment*."""
    known = summary.dirty_area is not None
    return summary if known else replace(summary, dirty_area=segmented_alone)


def _summary_of_added(labels: tuple[Label, ...]) -> Summary:
    """Return the summary of a micrograph without candidates."""
    added = sum(label.accepted for label in given_by("person", labels))
    return Summary("not picked", added, added)


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
        figures=decision.figures,
        dirty_area=decision.figures.dirty_area,
    )
