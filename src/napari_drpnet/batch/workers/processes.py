"""Several processes that pick, of which any may die without harm.

They are spawned and not forked, because torch has threads by now, and those do not survive a
fork. Each hears through its own pipe which micrographs to pick, and ends at once when the pipe
does: so none outlives the process that started it, however that ended.

The standard library's pool breaks as a whole when one of its processes dies, and does not tell
which work it had.
"""

import os
import signal
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from queue import SimpleQueue
from threading import Thread
from typing import Self, TypeVar

from napari_drpnet.base.devices import Device, choose_device
from napari_drpnet.base.jobs import Job
from napari_drpnet.batch.entries import BatchEntry
from napari_drpnet.batch.folder.outcomes import FailedMicrograph, Outcome
from napari_drpnet.batch.task import PickTask, Reading

Order = tuple[PickTask, BatchEntry]
Item = TypeVar("Item")

#: How often a job is asked whether to go on, and how long a process may take to end.
_ASK_SECONDS, _GRACE_SECONDS = 0.1, 2.0
#: Processes in a row that die before they are ready: more will not help.
_MOST_STILLBORN = 3


@dataclass(eq=False)
class _Worker:
    """A process, what it has been told to do, and whether it does that alone, after a death."""

    process: SpawnProcess
    pipe: Connection
    device: str
    doing: deque[BatchEntry] = field(default_factory=deque)
    is_retrying: bool = False
    is_ready: bool = False

    def give(self, task: PickTask, entry: BatchEntry) -> None:
        self.doing.append(entry)
        with suppress(OSError):  # it is dead, as its pipe will say
            self.pipe.send((task, entry))

    def end(self) -> None:
        self.pipe.close()
        self.process.join(_GRACE_SECONDS)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


class Processes:
    """Processes that pick; each reads its next micrograph while it picks one.

    When one dies, what it had is given to a new process, one micrograph alone at a time; one
    whose process dies then too counts as failed.

    Parameters
    ----------
    devices : sequence of str
        One for each process, as torch names them.
    threads : int
        Of torch, in each process.
    """

    def __init__(self, devices: Sequence[str], threads: int = 1) -> None:
        self._free, self._threads = list(devices), threads
        self._crew: list[_Worker] = []
        self._stillborn = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        while self._crew:
            self._dismiss(self._crew[0])

    def device(self, request: str) -> Device:
        """Choose among those of this computer."""
        return choose_device(request)

    def run(
        self, task: PickTask, entries: Sequence[BatchEntry], job: Job
    ) -> Generator[Outcome, None, None]:
        """Do the task for each entry, in any order; see `Workers.run`."""
        waiting, suspects = deque(entries), deque[BatchEntry]()
        told = 0
        try:
            while waiting or suspects or any(worker.doing for worker in self._crew):
                self._start(len(waiting) + len(suspects))
                self._hand_out(task, waiting, suspects)
                for worker in self._speaking():
                    for outcome in self._hear(worker, waiting, suspects):
                        told += 1
                        yield outcome
                job.advance(told, len(entries), "micrographs")
        finally:
            for worker in [worker for worker in self._crew if worker.doing]:
                self._dismiss(worker)
                for entry in worker.doing:
                    task.ledger.sweep(entry)

    def _start(self, needed: int) -> None:
        """Start processes where that many micrographs would otherwise wait."""
        context = get_context("spawn")
        idle = sum(not worker.doing for worker in self._crew)
        while self._free and idle < needed:
            device = self._free.pop(0)
            ours, theirs = context.Pipe()
            process = context.Process(
                target=_work, args=(theirs, device, self._threads), daemon=True
            )
            with _interrupts_kept_away():
                process.start()
            theirs.close()  # else it would stay open when the process dies
            self._crew.append(_Worker(process, ours, device))
            idle += 1

    def _hand_out(
        self, task: PickTask, waiting: deque[BatchEntry], suspects: deque[BatchEntry]
    ) -> None:
        for worker in self._crew:
            if not worker.doing:
                worker.is_retrying = bool(suspects)
                if source := suspects or waiting:
                    worker.give(task, source.popleft())
        for worker in self._crew:
            # The last ones are for those who are ready first.
            if len(worker.doing) == 1 and not worker.is_retrying and len(waiting) > len(self._crew):
                worker.give(task, waiting.popleft())

    def _speaking(self) -> list[_Worker]:
        ready = wait([worker.pipe for worker in self._crew], _ASK_SECONDS)
        return [worker for worker in self._crew if worker.pipe in ready]

    def _hear(
        self, worker: _Worker, waiting: deque[BatchEntry], suspects: deque[BatchEntry]
    ) -> Iterator[Outcome]:
        try:
            outcome: Outcome | None = worker.pipe.recv()
        except (EOFError, OSError):
            self._dismiss(worker)
            yield from self._bury(worker, waiting, suspects)
            return
        worker.is_ready, self._stillborn = True, 0
        if outcome is not None:
            worker.doing.popleft()
            yield outcome

    def _bury(
        self, worker: _Worker, waiting: deque[BatchEntry], suspects: deque[BatchEntry]
    ) -> Iterator[Outcome]:
        """Say what becomes of the micrographs of a process that has died."""
        how = _describe_exit(worker.process.exitcode)
        lost, worker.doing = worker.doing, deque()
        if not worker.is_ready:
            self._stillborn += 1
            if self._stillborn == _MOST_STILLBORN:
                raise ChildProcessError(
                    f"processes end before they can pick ({how}): try --workers 1"
                )
            waiting.extendleft(reversed(lost))
        elif worker.is_retrying:
            for entry in lost:
                name = entry.micrograph.name
                reason = f"the process that picked it died twice ({how})"
                yield FailedMicrograph(name, f"{name}: {reason}. Try it with --workers 1.")
        else:
            suspects.extend(lost)

    def _dismiss(self, worker: _Worker) -> None:
        self._crew.remove(worker)
        self._free.append(worker.device)
        worker.end()


@contextmanager
def _interrupts_kept_away() -> Iterator[None]:
    """Let a process that is started now never see Ctrl-C; who started it sees it and ends it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(pipe: Connection, device: str, threads: int) -> None:
    """Pick what comes through a pipe, and send back the outcomes; None says "ready"."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    orders: SimpleQueue[Order] = SimpleQueue()
    Thread(target=_listen, args=(pipe, orders), daemon=True).start()

    import torch

    torch.set_num_threads(threads)
    pipe.send(None)
    for task, entry, reading in ahead(_read(orders)):
        pipe.send(task.on(device).pick(entry, reading))


def _read(orders: "SimpleQueue[Order]") -> Iterator[tuple[PickTask, BatchEntry, Reading]]:
    while True:
        task, entry = orders.get()
        yield task, entry, task.read(entry)


def _listen(pipe: Connection, orders: "SimpleQueue[Order]") -> None:
    """Take orders until the pipe ends, and this process with it, whatever it is at."""
    try:
        while True:
            orders.put(pipe.recv())
    finally:
        os._exit(0)


def _describe_exit(code: int | None) -> str:
    if code is None or code >= 0:
        return f"exit code {code}"
    return f"signal {-code}{', as when memory runs out' if code == -9 else ''}"


def ahead(items: Iterable[Item]) -> Iterator[Item]:
    """Yield items while a thread already makes the next one."""
    iterator = iter(items)
    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(next, iterator, None)
        while (item := coming.result()) is not None:
            coming = thread.submit(next, iterator, None)
            yield item
