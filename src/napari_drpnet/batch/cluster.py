"""Many computers that pick, through the scheduler of dask.

Each worker does the same task as a process at home, and writes the files into a folder that all
computers share. None of them needs the lock of that folder: the run that asks holds it, a
micrograph is at one worker at a time, and no two have a file in common.
"""

import sys
import time
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Lock
from typing import TYPE_CHECKING, Literal, Self

import napari_drpnet
from napari_drpnet.batch.entries import BatchEntry
from napari_drpnet.batch.outcomes import FailedMicrograph, Outcome
from napari_drpnet.batch.scheduler import connect
from napari_drpnet.batch.task import PickTask
from napari_drpnet.devices import Device
from napari_drpnet.jobs import Cancelled, Job

if TYPE_CHECKING:
    from distributed import Client, Future

#: How often a job is asked whether to go on, and how often workers are counted.
_ASK_SECONDS, _COUNT_SECONDS = 0.1, 2.0
#: Micrographs at a worker: one is picked, the next one read.
_PER_WORKER = 2
#: What a job is told as long as there are no workers.
WAITING = "waiting for workers"
#: A process has one GPU, and torch uses all the cores that it may.
_one_at_a_time = Lock()


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
        orders = _Orders(self._client, _into_any_folder(task), entries)
        told = 0
        try:
            while orders.are_left:
                orders.hand_out()
                stage = "micrographs" if orders.workers else WAITING
                job.advance(told, len(entries), stage)
                for outcome in orders.hear():
                    told += 1
                    yield outcome
        finally:
            orders.cancel()


class _Orders:
    """The micrographs of a run: those that wait, those at a worker, those that workers died of."""

    def __init__(self, client: "Client", task: PickTask, entries: Sequence[BatchEntry]) -> None:
        self.workers = 0
        self._known: set[str] = set()
        self._client, self._task = client, task
        self._waiting = deque(map(_from_any_folder, entries))
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

    def hear(self) -> Iterator[Outcome]:
        """Wait a moment for a worker, and yield what came of its micrograph."""
        from distributed import KilledWorker

        with suppress(Empty):
            future = self._done.get(timeout=_ASK_SECONDS)
            _, entry = self._doing.pop(future.key)
            try:
                outcome: Outcome | None = future.result()
            except KilledWorker as error:
                outcome = self._bury(entry, error.last_worker.address)
            except CancelledError as error:
                raise _lost() from error
            else:
                if outcome is None:
                    self._waiting.append(entry)
            if outcome is not None:
                yield outcome

    def cancel(self) -> None:
        """Let nobody work any longer."""
        futures = [future for future, _ in self._doing.values()]
        if futures and self._client.status == "running":
            self._client.cancel(futures)

    def _give(self, entry: BatchEntry) -> None:
        future = self._client.submit(_pick, self._task, entry, pure=False)
        self._doing[future.key] = future, entry
        future.add_done_callback(self._done.put)

    def _bury(self, entry: BatchEntry, worker: str) -> FailedMicrograph | None:
        """Say what becomes of a micrograph whose workers have died."""
        if not self._is_retrying:
            self._suspects.append(entry)
            return None
        self._task.ledger.sweep(entry)
        name = entry.micrograph.name
        reason = f"every worker that picked it died, as when memory runs out, the last at {worker}"
        return FailedMicrograph(name, f"{name}: {reason}. Try it on this computer.")

    def _count_workers(self) -> None:
        now = time.monotonic()
        if now - self._counted < _COUNT_SECONDS:
            return
        self._counted = now
        try:
            addresses = set(self._client.nthreads())
        except OSError as error:
            raise _lost() from error
        self.workers = len(addresses)
        self._check(addresses - self._known)

    def _check(self, workers: set[str]) -> None:
        """Ask workers what they are: what those cannot load that lack it would end them."""
        if not workers:
            return
        there = self._client.run(_here, workers=list(workers), on_error="return")
        for worker, found in there.items():
            if isinstance(found, OSError):
                continue  # it is gone by now; should it come back, it is asked again
            if found != _here():
                raise ChildProcessError(f"the worker {worker} needs {_here()}, not {found}")
            self._known.add(worker)


def _pick(task: PickTask, entry: BatchEntry) -> Outcome | None:
    """Pick on a worker, one micrograph at a time; None when nobody wants it any longer."""
    from distributed import get_worker

    reading = task.read(entry)
    with _one_at_a_time, suppress(Cancelled):
        import torch

        torch.set_num_threads(get_worker().state.nthreads)
        return task.pick(entry, reading, _WhileWanted())
    return None


class _WhileWanted:
    """Cancels when the scheduler has called a task off, or whoever asked for it is gone."""

    def __init__(self) -> None:
        from distributed import get_worker

        self._tasks = get_worker().state.tasks
        self._key = get_worker().get_current_task()
        self.advance(0, 1, "")

    def advance(self, done: int, total: int, stage: str) -> None:
        """Ask the worker, who is told by the scheduler."""
        task = self._tasks.get(self._key)
        if task is None or task.state == "cancelled":
            raise Cancelled


def _here() -> str:
    """Say what must be the same on all computers."""
    python = ".".join(map(str, sys.version_info[:2]))
    return f"napari-drpnet {napari_drpnet.__version__} with Python {python}"


def _lost() -> ConnectionError:
    return ConnectionError(
        "the scheduler has gone. What is finished stays: start it again, and go on with --resume"
    )


def _from_any_folder(entry: BatchEntry) -> BatchEntry:
    """Return an entry that means the same whatever folder a worker was started in."""
    path = entry.micrograph.path.absolute()
    return replace(entry, micrograph=replace(entry.micrograph, path=path))


def _into_any_folder(task: PickTask) -> PickTask:
    """Return the task with whole paths too."""
    detector, classifier = task.parameters.detector, task.parameters.classifier
    weights = _absolute(detector.weights, "detector")
    judge = classifier.classifier
    if judge != "none":
        judge = _absolute(judge, "classifier")
    parameters = task.parameters.model_copy(
        update={
            "detector": detector.model_copy(update={"weights": weights}),
            "classifier": classifier.model_copy(update={"classifier": judge}),
        }
    )
    outputs = replace(task.outputs, folder=task.outputs.folder.absolute())
    return replace(task, parameters=parameters, outputs=outputs)


def _absolute(weights: str, kind: Literal["detector", "classifier"]) -> str:
    """Return weights that are a file with their whole path; a name stays as it is."""
    from napari_drpnet.networks.weights import find_weights

    path = find_weights(weights, kind)
    return str(path.absolute()) if path == Path(weights) else weights
