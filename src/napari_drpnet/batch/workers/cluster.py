"""Many computers that pick, through the scheduler of dask.

Each worker does the same task as a process at home, and writes the files into a folder that all
computers share. None of them needs the lock of that folder: the run that asks holds it, a
micrograph is at one worker at a time, and no two have a file in common.
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
from napari_drpnet.batch.folder.outcomes import FailedMicrograph, Outcome
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

#: How often a job is asked whether to go on, and how often workers are counted.
_ASK_SECONDS, _COUNT_SECONDS = 0.1, 2.0
#: Micrographs at a worker: one is picked, the next one read.
_PER_WORKER = 2
#: What a job is told as long as there are no workers.
WAITING = "waiting for workers"


class Cluster:
    """The workers of a scheduler of dask: they may come, go and die while they pick.

    The scheduler gives what a dead worker had to others. A micrograph that it has given up, as
    one whose workers died each time, is tried once more when nothing else is at work, since its
    neighbour may have been the reason. If that fails too, it counts as failed.

    Parameters
    ----------
    scheduler : str
        Its address, or ``slurm``; see `connect`.
    jobs : int
        With ``slurm``: how many.
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
        """Leave the choice to each worker; see `Workers.device`."""
        return Device(request, "chosen by each worker")

    def run(
        self, task: PickTask, entries: Sequence[BatchEntry], job: Job
    ) -> Generator[Outcome, None, None]:
        """Do the task for each entry, in any order; see `Workers.run`.

        When it is closed before its end, workers stop at the next tile.
        """
        orders = _Orders(self._client, task_for_any_folder(task), entries)
        told = 0
        try:
            while orders.are_left:
                orders.hand_out()
                stage = "micrographs" if orders.workers else WAITING
                job.advance(told, len(entries), stage)
                if (outcome := orders.hear()) is not None:
                    told += 1
                    yield outcome
        finally:
            orders.cancel()


class _Orders:
    """The micrographs of a run: those that wait, those at a worker, those that workers died of."""

    def __init__(self, client: "Client", task: PickTask, entries: Sequence[BatchEntry]) -> None:
        self.workers = 0
        self._client, self._task = client, task
        self._known = set[str]()
        self._waiting = deque(map(entry_for_any_folder, entries))
        self._suspects = deque[BatchEntry]()
        self._doing: dict[str, tuple[Future, BatchEntry]] = {}
        self._done: SimpleQueue[Future] = SimpleQueue()
        self._is_retrying = False
        self._counted = float("-inf")

    @property
    def are_left(self) -> bool:
        return bool(self._waiting or self._suspects or self._doing)

    def hand_out(self) -> None:
        """Give out a few more than there are workers, and not thousands: they are told often."""
        self._count_workers()
        while self._waiting and len(self._doing) < _PER_WORKER * (self.workers + 1):
            self._give(self._waiting.popleft())
        if self._suspects and not self._doing:
            self._is_retrying = True
            self._give(self._suspects.popleft())

    def hear(self) -> Outcome | None:
        """Wait a moment for a worker, and return what came of its micrograph."""
        from distributed import KilledWorker

        try:
            future = self._done.get(timeout=_ASK_SECONDS)
        except Empty:
            return None
        _, entry = self._doing.pop(future.key)
        try:
            outcome: Outcome | None = future.result()
        except KilledWorker as error:
            return self._bury(entry, error.last_worker.address)
        except CancelledError as error:
            raise _lost() from error
        except Exception as error:
            raise ChildProcessError(f"a worker cannot pick: {error!r}") from error
        if outcome is None:
            self._waiting.append(entry)
        return outcome

    def cancel(self) -> None:
        """Let nobody work any longer."""
        futures = [future for future, _ in self._doing.values()]
        if futures and self._client.status == "running":
            self._client.cancel(futures)

    def _give(self, entry: BatchEntry) -> None:
        future = self._client.submit(pick_on_worker, self._task, entry, pure=False)
        self._doing[future.key] = future, entry
        future.add_done_callback(self._done.put)

    def _bury(self, entry: BatchEntry, worker: str) -> FailedMicrograph | None:
        """Say what becomes of a micrograph whose workers have died."""
        if not self._is_retrying:
            self._suspects.append(entry)
            return None
        self._task.ledger.sweep(entry)
        name = entry.micrograph.name
        reason = f"every worker that had it died, the last at {worker}, as when memory runs out"
        return FailedMicrograph(name, f"{name}: {reason}. Try it on this computer.")

    def _count_workers(self) -> None:
        """Count workers now and then, and ask new ones what they are.

        What a worker cannot load, a task of another version say, would end it without a word.
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
                continue  # it is gone by now; should it come back, it is asked again
            if found != describe_installation():
                raise ChildProcessError(
                    f"the worker {worker} needs {describe_installation()}, not {found}"
                )
            self._known.add(worker)


def _lost() -> ConnectionError:
    return ConnectionError(
        "the scheduler has gone. What is finished stays: start it again, and go on with --resume"
    )
