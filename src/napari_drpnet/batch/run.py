"""Many micrographs into one folder: what is finished stays, what fails is noted, all is indexed."""

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import chain
from pathlib import Path
from typing import Literal, TypeVar

from napari_drpnet.base.atomic_file import remove_leftovers
from napari_drpnet.base.jobs import Cancelled, Job, SilentJob
from napari_drpnet.batch.entries import BatchEntry
from napari_drpnet.batch.folder.outcomes import (
    BatchReport,
    FailedMicrograph,
    Outcome,
    PickedMicrograph,
)
from napari_drpnet.batch.folder.outputs import (
    Outputs,
    find_indexed,
    index_rows,
    relative_to_project,
)
from napari_drpnet.batch.guards import require_fresh, require_own, sole_writer
from napari_drpnet.batch.results.summary import write_json, write_table
from napari_drpnet.batch.task import PickTask
from napari_drpnet.batch.workers.workers import InLine, Workers
from napari_drpnet.formats.programs.csv import write_candidates_csv
from napari_drpnet.picking.loading import Networks
from napari_drpnet.picking.parameters import PickParameters
from napari_drpnet.relion.lists import write_coords_suffix, write_index

Existing = Literal["refuse", "resume", "overwrite"]
Listener = Callable[[Outcome], None]
Row = TypeVar("Row")


def pick_micrographs(
    entries: Iterable[BatchEntry],
    parameters: PickParameters,
    outputs: Outputs,
    *,
    existing: Existing = "refuse",
    job: Job | None = None,
    on_outcome: Listener | None = None,
    workers: Workers | None = None,
) -> BatchReport:
    """Pick micrographs, and write the files of each as soon as it is done.

    Parameters
    ----------
    entries : iterable of BatchEntry
        From `list_entries`.
    parameters : PickParameters
        For all of them. The pixel size is that of the parameters, else of the entry, else of the
        micrograph's header.
    outputs : Outputs
        What to write, and where.
    existing : {'refuse', 'resume', 'overwrite'}
        When the folder already has files of these micrographs: refuse to start; keep what was
        finished with the same parameters, networks and outputs; or pick all again.
    job : Job, optional
        Told after each tile and batch of a micrograph, or several times a second where other
        processes pick; may cancel.
    on_outcome : callable, optional
        Told what came of each micrograph.
    workers : Workers, optional
        Who picks, for example from `choose_workers`; by default this process.

    Returns
    -------
    BatchReport
        Also after a cancelled job or Ctrl-C: what is finished then stays, and is indexed.

    Raises
    ------
    AlreadyPickedError
        When there are files already, and nobody said what to do with them.
    InputFileError
        When weights are missing or damaged.
    ValueError
        When the device is not there.
    OSError
        When the output folder cannot be written to, or no worker process will start.

    Notes
    -----
    Index and summaries are about the micrographs asked for now, and about those of earlier runs
    whose files are still there. The earlier picks of a micrograph that fails now stay, but not in
    the index.
    """
    entries = tuple(entries)
    if existing == "refuse":
        require_fresh(entries, outputs)
    with open_batch(parameters, outputs, workers, resume=existing == "resume") as batch:
        batch.pick(entries, job, on_outcome)
    return batch.report()


@contextmanager
def open_batch(
    parameters: PickParameters, outputs: Outputs, workers: Workers | None, *, resume: bool
) -> Iterator["Batch"]:
    """Keep an output folder for this process, and write the index and summaries in the end.

    Raises
    ------
    AlreadyPickedError
        When another run is at work there.
    InputFileError, ValueError, OSError
        See `pick_micrographs`.
    """
    workers = workers or InLine()
    device = workers.device(parameters.detector.device)
    task, networks = PickTask.prepare(parameters, outputs, device)
    with sole_writer(outputs.folder):
        batch = Batch(task, networks, workers, resume)
        try:
            yield batch
        finally:
            batch.write_index()
            batch.write_candidates()


class Batch:
    """Many micrographs with the same parameters, in one output folder; see `open_batch`.

    Parameters
    ----------
    task : PickTask
        What to do with each.
    networks : Networks
        That the task loads.
    workers : Workers
        Who does it.
    resume : bool
        Keep what is finished with the same settings.
    """

    def __init__(self, task: PickTask, networks: Networks, workers: Workers, resume: bool) -> None:
        self.interrupted = False
        #: What keeps the batch from going on, besides micrographs that failed.
        self.trouble: FailedMicrograph | None = None
        self._task, self._networks, self._workers = task, networks, workers
        self._outputs, self._ledger, self._resume = task.outputs, task.ledger, resume
        #: All that there are, where that is known before they are asked for.
        self.found: Sequence[BatchEntry] = ()
        self._asked: dict[str, BatchEntry] = {}
        self._outcomes: dict[str, Outcome] = {}
        self._index: Path | None = None
        self._start = time.perf_counter()

    def pick(
        self, entries: Sequence[BatchEntry], job: Job | None = None, told: Listener | None = None
    ) -> None:
        """Pick micrographs; a cancelled job or Ctrl-C ends that, and `interrupted` says so."""
        if self._resume:
            require_own(entries, self._ledger)
        self._asked |= {entry.micrograph.name: entry for entry in entries}
        try:
            with closing(self._work(entries, job or SilentJob())) as outcomes:
                for outcome in outcomes:
                    self._outcomes[outcome.name] = outcome
                    if told:
                        told(outcome)
        except (Cancelled, KeyboardInterrupt):
            self.interrupted = True

    def report(self) -> BatchReport:
        """Return what came of all so far, in the order in which they were asked for."""
        outcomes = [self._outcomes[name] for name in self._asked if name in self._outcomes]
        there = {entry.micrograph.name for entry in self.found} | self._asked.keys()
        waiting = len(there) - len(outcomes)
        if self.trouble:
            outcomes.append(self.trouble)
        return BatchReport(
            tuple(outcome for outcome in outcomes if isinstance(outcome, PickedMicrograph)),
            tuple(outcome for outcome in outcomes if isinstance(outcome, FailedMicrograph)),
            self.interrupted,
            self._index,
            self._task.parameters,
            self._networks,
            time.perf_counter() - self._start,
            waiting,
        )

    def write_index(self) -> None:
        """Write the index and the summaries, once somebody has asked for a micrograph."""
        if not self._asked:
            return
        results = list(self._ledger.results(self._asked.values()))
        if results:
            self._write_index(results)
        report = self.report()
        for path in (self._outputs.table, self._outputs.summary):
            remove_leftovers(path)
        write_table(self._outputs.table, (*results, *report.failed))
        write_json(self._outputs.summary, report)

    def write_candidates(self) -> None:
        """Write the table of all candidates of finished micrographs, where they were kept."""
        asked = self._asked.values()
        if any(self._ledger.results(asked)):
            rows = ((n, picks) for n, picks in self._ledger.candidates(asked) if self._counts(n))
            _replace(self._outputs.candidates, rows, write_candidates_csv)

    def _write_index(self, results: Iterable[PickedMicrograph]) -> None:
        files = ((result.name, result.files) for result in results if self._counts(result.name))
        rows = index_rows(self._outputs.folder, files, project=Path.cwd())
        is_there = _replace(self._outputs.index, rows, write_index)
        self._index = self._outputs.index if is_there else None
        ending = find_indexed(self._outputs.endings())
        micrographs_star = self._outputs.micrographs_star
        if ending and micrographs_star:
            place = relative_to_project(micrographs_star, Path.cwd())
            write_coords_suffix(self._outputs.folder, ending, place)

    def _counts(self, name: str) -> bool:
        """Tell whether picks count: those of a micrograph that has failed now are out of date."""
        return not isinstance(self._outcomes.get(name), FailedMicrograph)

    def _work(self, entries: Sequence[BatchEntry], job: Job) -> Generator[Outcome, None, None]:
        """Yield what is finished, then what the workers make of the rest."""
        waiting = []
        for entry in entries:
            if self._resume and (earlier := self._ledger.find(entry)):
                yield earlier
            else:
                waiting.append(entry)
        with closing(self._workers.run(self._task, waiting, job)) as outcomes:
            yield from outcomes


def _replace(path: Path, rows: Iterator[Row], write: Callable[[Path, Iterable[Row]], None]) -> bool:
    """Write a file of rows, and say so; where there are none, remove an earlier one."""
    remove_leftovers(path)
    for first in rows:
        write(path, chain([first], rows))
        return True
    path.unlink(missing_ok=True)
    return False
