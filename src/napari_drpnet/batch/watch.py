"""Pick micrographs as they are written, next to a microscope at work."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.jobs import Cancelled, Job, UntilFile
from napari_drpnet.batch.entries import BatchEntry
from napari_drpnet.batch.folder.outcomes import BatchReport, FailedMicrograph
from napari_drpnet.batch.folder.outputs import Outputs
from napari_drpnet.batch.run import Batch, Listener, open_batch
from napari_drpnet.batch.workers.workers import Workers
from napari_drpnet.images.image_files import has_all_bytes
from napari_drpnet.picking.parameters import PickParameters

#: Micrographs of one round at most: after each the index is written.
_ROUND = 100
#: A file that is shorter than its header says is given so many settle times to grow.
_PATIENCE = 10
_NAP_SECONDS = 0.2

Stamp = tuple[int, int]


@dataclass(frozen=True)
class Watch:
    """How to watch for micrographs.

    Parameters
    ----------
    settle_seconds : float
        A file whose size and time have not changed for so long is complete.
    every_seconds : float
        How often to look.
    stop_file : pathlib.Path, optional
        When this file is there, the watch ends.
    """

    settle_seconds: float = 10.0
    every_seconds: float = 5.0
    stop_file: Path | None = None

    @property
    def is_over(self) -> bool:
        """Whether somebody has made the stop file."""
        return self.stop_file is not None and self.stop_file.exists()


class Arrivals:
    """Tells which micrographs have become complete since it was asked last.

    Each is told once, and again when its size or time has changed.

    Parameters
    ----------
    settle_seconds : float
        See `Watch`.
    """

    def __init__(self, settle_seconds: float) -> None:
        self._settle_seconds = settle_seconds
        self._since: dict[Path, tuple[Stamp, float]] = {}
        self._told: dict[Path, Stamp] = {}

    def complete(self, entries: Iterable[BatchEntry], now: float) -> Iterator[BatchEntry]:
        """Yield those that are complete; what has been yielded counts as told.

        Parameters
        ----------
        entries : iterable of BatchEntry
            All that there are.
        now : float
            Time in seconds, from any origin.
        """
        for entry in entries:
            path = entry.micrograph.path
            stamp = _stamp(path)
            if stamp is None or self._told.get(path) == stamp:
                continue
            known, since = self._since.setdefault(path, (stamp, now))
            if known != stamp:
                self._since[path] = stamp, now
            elif self._has_settled(path, now - since):
                self._told[path] = stamp
                del self._since[path]
                yield entry

    def _has_settled(self, path: Path, seconds: float) -> bool:
        if seconds < self._settle_seconds:
            return False
        return seconds >= _PATIENCE * self._settle_seconds or has_all_bytes(path)


def watch_micrographs(
    find: Callable[[], Sequence[BatchEntry]],
    parameters: PickParameters,
    outputs: Outputs,
    watch: Watch,
    *,
    job: Job | None = None,
    on_outcome: Listener | None = None,
    workers: Workers | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> BatchReport:
    """Pick micrographs as they become complete, until the stop file, a cancelled job or Ctrl-C.

    What is finished in the output folder with the same settings is kept, so that a watch goes on
    where another one ended, however that was. The index and the summaries are written after
    each round. A micrograph that fails is tried again when its file changes.

    Parameters
    ----------
    find : callable
        Lists all micrographs that there are by now, for example with `find_entries`.
    parameters, outputs, on_outcome, workers
        See `pick_micrographs`.
    watch : Watch
        How to watch.
    job : Job, optional
        Told as in `pick_micrographs`, and several times a second between rounds; may cancel.
    clock : callable
        Returns the time in seconds, from any origin.

    Returns
    -------
    BatchReport
        Interrupted unless it ended by the stop file.

    Raises
    ------
    AlreadyPickedError
        When another run is at work in the output folder, or its picks would be replaced by those
        of other micrographs.
    InputFileError
        When weights, or the first list of micrographs, cannot be used. A later list that cannot
        be is tried again, and counts as a failure as long as it cannot.
    ValueError, OSError
        See `pick_micrographs`.
    """
    arrivals = Arrivals(watch.settle_seconds)
    until = UntilFile(watch.stop_file, job)
    entries = find()
    with open_batch(parameters, outputs, workers, resume=True) as batch:
        batch.found = entries
        with suppress(Cancelled, KeyboardInterrupt):
            while not (watch.is_over or batch.interrupted):
                if fresh := list(islice(arrivals.complete(entries, clock()), _ROUND)):
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
        time.sleep(min(left, _NAP_SECONDS))


def _find_again(
    find: Callable[[], Sequence[BatchEntry]], before: Sequence[BatchEntry], batch: Batch
) -> Sequence[BatchEntry]:
    """List the micrographs; a list that is just being written may be better the next time."""
    try:
        found = find()
    except InputFileError as error:
        batch.trouble = FailedMicrograph(error.path, str(error))
        return before
    batch.trouble = None
    return found


def _stamp(path: Path) -> Stamp | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns
