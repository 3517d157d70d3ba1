"""Pick on many computers through a dask scheduler.

Each worker runs the same task as a local process, and writes its files to a folder that all
computers share. Workers do not need the lock of that folder: the run that submits the tasks holds
it, only one worker has a micrograph at a time, and no two micrographs share a file.
"""

import time
from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import CancelledError
from contextlib import ExitStack
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Self

from napari_drpnet.base.devices import Device
from napari_drpnet.base.jobs import Job
from napari_drpnet.batch.entries import BatchEntry
from napari_drpnet.batch.folder.outcomes import KEPT, FailedMicrograph, Outcome
from napari_drpnet.batch.task import PickTask
from napari_drpnet.batch.workers.remote import (
    describe_installation,
    entry_for_any_folder,
    pick_on_worker,
    task_for_any_folder,
)
from napari_drpnet.batch.workers.scheduler import connect

if TYPE_CHECKING:
    from distributed import Client, Future

#: Intervals between two calls of the progress callback, and between two counts of the workers.
_ADVANCE_SECONDS, _COUNT_SECONDS = 0.1, 2.0
#: Micrographs submitted for each worker: one is picked while the next one is read.
_PER_WORKER = 2
#: Stage that is reported as long as there are no workers.
WAITING = "waiting for workers"


class Cluster:
    """Workers of a dask scheduler, which may join, leave and die at any time.

    The scheduler gives the micrographs of a dead worker to others, and gives up a micrograph whose
    workers died several times. Such a micrograph is tried once more when nothing else is running,
    because another micrograph may have killed the workers. If that fails too, it counts as failed.

    Parameters
    ----------
    scheduler : str
        Address of the scheduler, or ``slurm``; see `connect`.
    jobs : int
        Number of SLURM jobs, with ``slurm``.
    """

    def __init__(self, scheduler: str, jobs: int = 1) -> None:
        self._scheduler, self._jobs = scheduler, jobs
        self._connection = ExitStack()
        self._client: Client

    def __enter__(self) -> Self:
        self._client = self._connection.enter_context(connect(self._scheduler, self._jobs))
        return self

    def __exit__(self, *error: object) -> None:
        self._connection.close()

    def device(self, request: str) -> Device:
        """Leave the choice of the device to each worker; see `Workers.device`."""
        return Device(request, "chosen by each worker")

    def run(
        self, task: PickTask, entries: Sequence[BatchEntry], job: Job
    ) -> Generator[Outcome, None, None]:
        """Run the task for each entry, in any order; see `Workers.run`.

        If the generator is closed early, workers stop at the next tile.
        """
        queue = _Queue(self._client, task_for_any_folder(task), entries)
        finished = 0
        try:
            while queue.is_busy:
                queue.submit()
                stage = "micrographs" if queue.workers else WAITING
                job.advance(finished, len(entries), stage)
                if (outcome := queue.receive()) is not None:
                    finished += 1
                    yield outcome
        finally:
            queue.cancel()


class _Queue:
    """The micrographs of a run: waiting, running on a worker, or suspected of killing workers."""

    def __init__(self, client: "Client", task: PickTask, entries: Sequence[BatchEntry]) -> None:
        self.workers = 0
        self._client, self._task = client, task
        self._known = set[str]()
        self._waiting = deque(map(entry_for_any_folder, entries))
        self._suspects = deque[BatchEntry]()
        self._running: dict[str, tuple[Future, BatchEntry]] = {}
        self._done: SimpleQueue[Future] = SimpleQueue()
        self._is_retrying = False
        self._counted = float("-inf")

    @property
    def is_busy(self) -> bool:
        return bool(self._waiting or self._suspects or self._running)

    def submit(self) -> None:
        """Submit a few micrographs more than there are workers, not thousands at once."""
        self._count_workers()
        while self._waiting and len(self._running) < _PER_WORKER * (self.workers + 1):
            self._start(self._waiting.popleft())
        if self._suspects and not self._running:
            self._is_retrying = True
            self._start(self._suspects.popleft())

    def receive(self) -> Outcome | None:
        """Wait a moment for a worker; return the result of its micrograph, or None."""
        from distributed import KilledWorker

        try:
            future = self._done.get(timeout=_ADVANCE_SECONDS)
        except Empty:
            return None
        _, entry = self._running.pop(future.key)
        try:
            outcome: Outcome | None = future.result()
        except KilledWorker as error:
            return self._retry_or_fail(entry, error.last_worker.address)
        except CancelledError as error:
            raise _lost() from error
        except Exception as error:
            raise ChildProcessError(f"a worker cannot pick: {error!r}. {KEPT}") from error
        if outcome is None:
            self._waiting.append(entry)
        return outcome

    def cancel(self) -> None:
        """Cancel all submitted micrographs."""
        futures = [future for future, _ in self._running.values()]
        if futures and self._client.status == "running":
            self._client.cancel(futures)

    def _start(self, entry: BatchEntry) -> None:
        future = self._client.submit(pick_on_worker, self._task, entry, pure=False)
        self._running[future.key] = future, entry
        future.add_done_callback(self._done.put)

    def _retry_or_fail(self, entry: BatchEntry, worker: str) -> FailedMicrograph | None:
        """Keep a micrograph whose workers have died for a second try, or return its failure."""
        if not self._is_retrying:
            self._suspects.append(entry)
            return None
        self._task.ledger.sweep(entry)
        name = entry.micrograph.name
        reason = f"every worker that had it died, the last at {worker}, as when memory runs out"
        return FailedMicrograph(name, f"{name}: {reason}. Try it on this computer.")

    def _count_workers(self) -> None:
        """Count the workers at intervals, and check the versions of new ones.

        A worker that cannot load a task, for example of another version, dies without a message.
        """
        now = time.monotonic()
        if now - self._counted < _COUNT_SECONDS:
            return
        self._counted = now
        try:
            workers = set(self._client.nthreads())
            new = list(workers - self._known)
            there = (
                self._client.run(describe_installation, workers=new, on_error="return")
                if new
                else {}
            )
        except OSError as error:
            raise _lost() from error
        self.workers = len(workers)
        for worker, found in there.items():
            if isinstance(found, OSError):
                continue  # the worker is gone by now; if it comes back, it is checked again
            if found != describe_installation():
                raise ChildProcessError(
                    f"the worker {worker} needs {describe_installation()}, not {found}. {KEPT}"
                )
            self._known.add(worker)


def _lost() -> ConnectionError:
    return ConnectionError(f"the scheduler has gone: start it again. {KEPT}")
