"""Pick micrographs as they are written, while a microscope is running."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.jobs import Cancelled, Job, UntilFile
from napari_drpnet.batch.entries import BatchEntry
from napari_drpnet.batch.folder.given_masks import GivenMasks
from napari_drpnet.batch.folder.outcomes import BatchReport, FailedMicrograph
from napari_drpnet.batch.folder.outputs import Outputs
from napari_drpnet.batch.run import Batch, Listener, open_batch
from napari_drpnet.batch.workers.workers import Workers
from napari_drpnet.images.image_files import has_all_bytes
from napari_drpnet.picking.parameters import PickParameters

#: Maximum number of micrographs in a round; the index is written after each round.
_MAX_PER_ROUND = 100
#: Number of settle times after which a file that is shorter than its header says is complete.
_TRUNCATED_SETTLE_TIMES = 10
_POLL_SECONDS = 0.2

Stamp = tuple[int, int]


@dataclass(frozen=True)
class Watch:
    """Settings of the watch for new micrographs.

    Parameters
    ----------
    settle_seconds : float
        Time without a change of size or modification time after which a file is complete, in
        seconds.
    every_seconds : float
        Interval at which the micrographs are listed again, in seconds.
    stop_file : pathlib.Path, optional
        File that ends the watch as soon as it exists.
    """

    settle_seconds: float = 10.0
    every_seconds: float = 5.0
    stop_file: Path | None = None

    @property
    def is_over(self) -> bool:
        """Whether the stop file exists."""
        return self.stop_file is not None and self.stop_file.exists()


class Arrivals:
    """Finds micrographs that have become complete since the last call.

    Each micrograph is reported once, and again if its size or modification time changes.

    Parameters
    ----------
    settle_seconds : float
        Time without a change after which a file is complete, in seconds; see `Watch`.
    """

    def __init__(self, settle_seconds: float) -> None:
        self._settle_seconds = settle_seconds
        self._since: dict[Path, tuple[Stamp, float]] = {}
        self._reported: dict[Path, Stamp] = {}

    def complete(self, entries: Iterable[BatchEntry], now: float) -> Iterator[BatchEntry]:
        """Yield the micrographs that are complete and have not been reported yet.

        Parameters
        ----------
        entries : iterable of BatchEntry
            All micrographs that exist.
        now : float
            Current time in seconds, from any origin.
        """
        for entry in entries:
            path = entry.micrograph.path
            stamp = _stamp(path)
            if stamp is None or self._reported.get(path) == stamp:
                continue
            known, since = self._since.setdefault(path, (stamp, now))
            if known != stamp:
                self._since[path] = stamp, now
            elif self._has_settled(path, now - since):
                self._reported[path] = stamp
                del self._since[path]
                yield entry

    def _has_settled(self, path: Path, seconds: float) -> bool:
        if seconds < self._settle_seconds:
            return False
        longest = _TRUNCATED_SETTLE_TIMES * self._settle_seconds
        return seconds >= longest or has_all_bytes(path)


def watch_micrographs(
    find: Callable[[], Sequence[BatchEntry]],
    parameters: PickParameters,
    outputs: Outputs,
    watch: Watch,
    *,
    job: Job | None = None,
    on_outcome: Listener | None = None,
    workers: Workers | None = None,
    masks: GivenMasks | None = None,
    unusual: bool = False,
    clock: Callable[[], float] = time.monotonic,
) -> BatchReport:
    """Pick micrographs as they become complete, until a stop file, cancellation or Ctrl-C.

    Micrographs that are finished in the output folder with the same settings are kept, so a new
    watch continues where an earlier one ended or was killed. The index and the summaries are
    written after each round. A micrograph that fails is tried again when its file changes.

    Parameters
    ----------
    find : callable
        Function that lists all micrographs that exist now, for example with `find_entries`.
    parameters, outputs, on_outcome, workers, masks, unusual
        See `pick_micrographs`.
    watch : Watch
        Settings of the watch.
    job : Job, optional
        Progress callback as in `pick_micrographs`, also called several times a second between
        rounds; it may cancel the work.
    clock : callable
        Function that returns the time in seconds, from any origin.

    Returns
    -------
    BatchReport
        Results of the batch, interrupted unless the stop file ended it.

    Raises
    ------
    AlreadyPickedError
        If another run is writing to the output folder, or its picks would be replaced by those
        of other micrographs.
    InputFileError
        If weights, or the first list of micrographs, cannot be used. If a later list cannot be
        used, it is read again in the next round, and is reported as a failure until then.
    ValueError, OSError
        See `pick_micrographs`.
    """
    arrivals = Arrivals(watch.settle_seconds)
    until = UntilFile(watch.stop_file, job)
    entries = find()
    with open_batch(parameters, outputs, workers, masks, resume=True, unusual=unusual) as batch:
        batch.found = entries
        with suppress(Cancelled, KeyboardInterrupt):
            while not (watch.is_over or batch.interrupted):
                if fresh := list(islice(arrivals.complete(entries, clock()), _MAX_PER_ROUND)):
                    batch.pick(fresh, until, on_outcome)
                    batch.write_index()
                else:
                    _pause(until, watch.every_seconds)
                batch.found = entries = _find_again(find, entries, batch)
        batch.interrupted = not watch.is_over
    return batch.report()


def _pause(job: Job, seconds: float) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        job.advance(0, 1, "waiting")
        time.sleep(min(left, _POLL_SECONDS))


def _find_again(
    find: Callable[[], Sequence[BatchEntry]], before: Sequence[BatchEntry], batch: Batch
) -> Sequence[BatchEntry]:
    """List the micrographs again; return the previous list if it is just being rewritten."""
    try:
        found = find()
    except InputFileError as error:
        batch.list_error = FailedMicrograph(error.path, str(error))
        return before
    batch.list_error = None
    return found


def _stamp(path: Path) -> Stamp | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns
