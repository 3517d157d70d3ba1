"""Pick many micrographs into one folder, and write the index and the summaries."""

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Literal

from napari_drpnet.base.jobs import Cancelled, Job, SilentJob
from napari_drpnet.base.picks import Picks
from napari_drpnet.batch.entries import BatchEntry
from napari_drpnet.batch.folder.given_masks import GivenMasks
from napari_drpnet.batch.folder.outcomes import (
    BatchReport,
    FailedMicrograph,
    Outcome,
    PickedMicrograph,
)
from napari_drpnet.batch.folder.outputs import Outputs, write_relion_lists
from napari_drpnet.batch.guards import require_fresh, require_own, require_safe, sole_writer
from napari_drpnet.batch.results.summary import write_json, write_table
from napari_drpnet.batch.task import PickTask
from napari_drpnet.batch.workers.workers import InLine, Workers
from napari_drpnet.formats.programs.csv import write_candidates_csv
from napari_drpnet.picking.loading import Networks
from napari_drpnet.picking.parameters import PickParameters

Existing = Literal["refuse", "resume", "overwrite"]
Listener = Callable[[Outcome], None]


def pick_micrographs(
    entries: Iterable[BatchEntry],
    parameters: PickParameters,
    outputs: Outputs,
    *,
    existing: Existing = "refuse",
    job: Job | None = None,
    on_outcome: Listener | None = None,
    workers: Workers | None = None,
    masks: GivenMasks | None = None,
    unusual: bool = False,
) -> BatchReport:
    """Pick micrographs, and write the files of each one as soon as it is picked.

    Parameters
    ----------
    entries : iterable of BatchEntry
        Micrographs from `list_entries`.
    parameters : PickParameters
        Parameters for all micrographs. The pixel size is taken from the parameters, else from the
        entry, else from the header of the micrograph.
    outputs : Outputs
        Files to write, and the output folder.
    existing : {'refuse', 'resume', 'overwrite'}
        Action if the folder already has files of these micrographs: refuse to start, keep the
        micrographs that are finished with the same parameters, networks and outputs, or pick all
        micrographs again.
    job : Job, optional
        Progress callback, called after each tile and batch of a micrograph, or several times a
        second while other processes pick; it may cancel the work.
    on_outcome : callable, optional
        Callback, called with the result of each micrograph.
    workers : Workers, optional
        Workers that pick, for example from `choose_workers`; by default this process.
    masks : GivenMasks, optional
        Masks of dirt of any program; picks on dirt are rejected. A micrograph without a usable
        mask fails.
    unusual : bool
        Whether to pick micrographs whose pixel size is below 0.1 or above 20 Å, or in which a
        particle is less than 20 Å or 6 pixels wide. They fail by default, because such numbers are
        implausible and may cost minutes of work.

    Returns
    -------
    BatchReport
        Results of the batch. After cancellation or Ctrl-C, finished micrographs are kept and
        indexed.

    Raises
    ------
    AlreadyPickedError
        If existing files would be replaced without permission, a micrograph would be replaced, or
        another run is writing to the folder.
    InputFileError
        If weights are missing or damaged, or there are no such masks.
    ValueError
        If the device is not available, a threshold is missing, see `resolve`, or files of a
        segmentation are wanted without a segmenter.
    OSError
        If the output folder cannot be written to, or no worker process can be started.

    Notes
    -----
    The index and the summaries list the micrographs of this call, and those of earlier runs whose
    files still exist. If a micrograph fails now, its earlier picks are kept, but are removed from
    the index.
    """
    entries = tuple(entries)
    if existing == "refuse":
        require_fresh(entries, outputs)
    resume = existing == "resume"
    with open_batch(parameters, outputs, workers, masks, resume=resume, unusual=unusual) as batch:
        batch.pick(entries, job, on_outcome)
    return batch.report()


@contextmanager
def open_batch(
    parameters: PickParameters,
    outputs: Outputs,
    workers: Workers | None,
    masks: GivenMasks | None,
    *,
    resume: bool,
    unusual: bool,
) -> Iterator["Batch"]:
    """Lock an output folder for this process; write the index and the summaries at the end.

    Raises
    ------
    AlreadyPickedError
        If another run is writing to the folder.
    InputFileError, ValueError, OSError
        See `pick_micrographs`.
    """
    workers = workers or InLine()
    device = workers.device(parameters.detector.device)
    task, networks = PickTask.prepare(parameters, outputs, device, masks)
    with sole_writer(outputs.folder):
        batch = Batch(replace(task, unusual=unusual), networks, workers, resume)
        try:
            yield batch
        finally:
            batch.write_index()
            batch.write_candidates()


class Batch:
    """Micrographs that are picked with the same parameters into one folder; see `open_batch`.

    Parameters
    ----------
    task : PickTask
        Task to run for each micrograph.
    networks : Networks
        Networks that the task loads.
    workers : Workers
        Workers that run the task.
    resume : bool
        Whether to keep micrographs that are finished with the same settings.

    Attributes
    ----------
    interrupted : bool
        Whether the batch stopped before the last micrograph.
    list_error : FailedMicrograph or None
        Error of the list of micrographs, reported in addition to micrographs that failed.
    found : sequence of BatchEntry
        All known micrographs, if these are known before they are picked.
    """

    def __init__(self, task: PickTask, networks: Networks, workers: Workers, resume: bool) -> None:
        self.interrupted = False
        self.list_error: FailedMicrograph | None = None
        self.found: Sequence[BatchEntry] = ()
        self._task, self._networks, self._workers = task, networks, workers
        self._outputs, self._ledger, self._resume = task.outputs, task.ledger, resume
        self._requested: dict[str, BatchEntry] = {}
        self._outcomes: dict[str, Outcome] = {}
        self._index: Path | None = None
        self._start = time.perf_counter()

    def pick(
        self,
        entries: Sequence[BatchEntry],
        job: Job | None = None,
        on_outcome: Listener | None = None,
    ) -> None:
        """Pick micrographs. Cancellation or Ctrl-C stops this and sets `interrupted`."""
        require_safe(entries, self._outputs, self._ledger)
        if self._resume:
            require_own(entries, self._ledger)
        self._requested |= {entry.micrograph.name: entry for entry in entries}
        try:
            with closing(self._work(entries, job or SilentJob())) as outcomes:
                for outcome in outcomes:
                    self._outcomes[outcome.name] = outcome
                    if on_outcome:
                        on_outcome(outcome)
        except (Cancelled, KeyboardInterrupt):
            self.interrupted = True

    def report(self) -> BatchReport:
        """Return the results so far, in the order in which the micrographs were requested."""
        outcomes = [self._outcomes[name] for name in self._requested if name in self._outcomes]
        known = {entry.micrograph.name for entry in self.found} | self._requested.keys()
        waiting = len(known) - len(outcomes)
        if self.list_error:
            outcomes.append(self.list_error)
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
        """Write the index and the summaries, unless no micrograph has been requested yet."""
        if not self._requested:
            return
        results = list(self._ledger.results(self._requested.values()))
        if results and self._outputs.formats:
            files = (
                (result.name, result.files) for result in results if self._is_valid(result.name)
            )
            self._index = write_relion_lists(self._outputs, files)
        report = self.report()
        write_table(self._outputs.table, (*results, *report.failed))
        write_json(self._outputs.summary, report)

    def write_candidates(self) -> None:
        """Write the table of all candidates of finished micrographs, if they were kept."""
        requested = self._requested.values()
        if any(self._ledger.results(requested)):
            rows = (row for row in self._ledger.candidates(requested) if self._is_valid(row[0]))
            _write_candidates(self._outputs.candidates, rows)

    def _is_valid(self, name: str) -> bool:
        """Return whether picks are valid: those of a micrograph that failed now are outdated."""
        return not isinstance(self._outcomes.get(name), FailedMicrograph)

    def _work(self, entries: Sequence[BatchEntry], job: Job) -> Generator[Outcome, None, None]:
        """Yield the results of finished micrographs, then those of the workers."""
        waiting = []
        for entry in entries:
            if self._resume and (earlier := self._ledger.find(entry)):
                yield earlier
            else:
                waiting.append(entry)
        with closing(self._workers.run(self._task, waiting, job)) as outcomes:
            yield from outcomes


def _write_candidates(path: Path, rows: Iterator[tuple[str, Picks]]) -> None:
    """Write the table of candidates; if there are none, remove it."""
    for first in rows:
        write_candidates_csv(path, chain([first], rows))
        return
    path.unlink(missing_ok=True)
