"""Pick in several worker processes, any of which may die without loss.

Processes are spawned and not forked, because torch has started threads, which do not survive a
fork. Each process receives its micrographs through its own pipe, and exits as soon as the pipe is
closed. No process therefore outlives its parent, even if the parent is killed.

The pool of the standard library breaks as a whole if one of its processes dies, and does not
report which work that process had.
"""

import os
import signal
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from queue import SimpleQueue
from threading import Thread
from typing import Self, TypeVar

from napari_drpnet.base.devices import Device, choose_device
from napari_drpnet.base.jobs import Job
from napari_drpnet.batch.entries import BatchEntry
from napari_drpnet.batch.folder.outcomes import KEPT, FailedMicrograph, Outcome
from napari_drpnet.batch.task import PickTask, Reading

Assignment = tuple[PickTask, BatchEntry]
Item = TypeVar("Item")

#: Interval between two calls of the progress callback, and time that a process has to end.
_ADVANCE_SECONDS, _GRACE_SECONDS = 0.1, 2.0
#: Maximum number of processes in a row that die before they are ready.
_MAX_FAILED_STARTS = 3


@dataclass(eq=False)
class _Worker:
    """A process, its micrographs, and whether it retries one whose process has died."""

    process: SpawnProcess
    pipe: Connection
    device: str
    assigned: deque[BatchEntry] = field(default_factory=deque)
    is_retrying: bool = False
    is_ready: bool = False

    def assign(self, task: PickTask, entry: BatchEntry) -> None:
        self.assigned.append(entry)
        with suppress(OSError):  # the process is dead, which reading from its pipe will show
            self.pipe.send((task, entry))

    def end(self) -> None:
        self.pipe.close()
        self.process.join(_GRACE_SECONDS)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


class Processes:
    """Worker processes; each reads its next micrograph while it picks one.

    If a process dies, each of its micrographs is tried again, alone in a process. If that process
    dies too, the micrograph counts as failed.

    Parameters
    ----------
    devices : sequence of str
        Torch device of each process.
    threads : int
        Number of torch threads in each process.
    """

    def __init__(self, devices: Sequence[str], threads: int = 1) -> None:
        self._free, self._threads = list(devices), threads
        self._workers: list[_Worker] = []
        self._failed_starts = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        while self._workers:
            self._stop(self._workers[0])

    def device(self, request: str) -> Device:
        """Choose a device of this computer; see `Workers.device`."""
        return choose_device(request)

    def run(
        self, task: PickTask, entries: Sequence[BatchEntry], job: Job
    ) -> Generator[Outcome, None, None]:
        """Run the task for each entry, in any order; see `Workers.run`."""
        waiting, suspects = deque(entries), deque[BatchEntry]()
        finished = 0
        try:
            while waiting or suspects or any(worker.assigned for worker in self._workers):
                self._start(len(waiting) + len(suspects))
                self._assign(task, waiting, suspects)
                for worker in self._wait():
                    for outcome in self._receive(worker, waiting, suspects):
                        finished += 1
                        yield outcome
                job.advance(finished, len(entries), "micrographs")
        finally:
            for worker in [worker for worker in self._workers if worker.assigned]:
                self._stop(worker)
                for entry in worker.assigned:
                    task.ledger.sweep(entry)

    def _start(self, needed: int) -> None:
        """Start processes until as many are idle as there are micrographs left to assign."""
        context = get_context("spawn")
        idle = sum(not worker.assigned for worker in self._workers)
        while self._free and idle < needed:
            device = self._free.pop(0)
            ours, theirs = context.Pipe()
            process = context.Process(
                target=_work, args=(theirs, device, self._threads), daemon=True
            )
            with _interrupts_blocked():
                process.start()
            theirs.close()  # otherwise our end would not be closed when the process dies
            self._workers.append(_Worker(process, ours, device))
            idle += 1

    def _assign(
        self, task: PickTask, waiting: deque[BatchEntry], suspects: deque[BatchEntry]
    ) -> None:
        for worker in self._workers:
            if not worker.assigned:
                worker.is_retrying = bool(suspects)
                if source := suspects or waiting:
                    worker.assign(task, source.popleft())
        # The last micrographs are kept for the workers that are ready first.
        for worker in self._workers:
            is_picking_one = len(worker.assigned) == 1 and not worker.is_retrying
            if is_picking_one and len(waiting) > len(self._workers):
                worker.assign(task, waiting.popleft())

    def _wait(self) -> list[_Worker]:
        """Wait a moment, and return the workers that have sent something or died."""
        ready = wait([worker.pipe for worker in self._workers], _ADVANCE_SECONDS)
        return [worker for worker in self._workers if worker.pipe in ready]

    def _receive(
        self, worker: _Worker, waiting: deque[BatchEntry], suspects: deque[BatchEntry]
    ) -> Iterator[Outcome]:
        try:
            outcome: Outcome | None = worker.pipe.recv()
        except (EOFError, OSError):
            self._stop(worker)
            yield from self._retry_or_fail(worker, waiting, suspects)
            return
        worker.is_ready, self._failed_starts = True, 0
        if outcome is not None:
            worker.assigned.popleft()
            yield outcome

    def _retry_or_fail(
        self, worker: _Worker, waiting: deque[BatchEntry], suspects: deque[BatchEntry]
    ) -> Iterator[Outcome]:
        """Queue the micrographs of a dead process again; yield the failure of a second try."""
        how = _describe_exit(worker.process.exitcode)
        lost, worker.assigned = worker.assigned, deque()
        if not worker.is_ready:
            self._failed_starts += 1
            if self._failed_starts == _MAX_FAILED_STARTS:
                raise ChildProcessError(
                    f"processes end before they can pick ({how}): try --workers 1. {KEPT}"
                )
            waiting.extendleft(reversed(lost))
        elif worker.is_retrying:
            for entry in lost:
                name = entry.micrograph.name
                reason = f"the process that picked it died twice ({how})"
                yield FailedMicrograph(name, f"{name}: {reason}. Try it with --workers 1.")
        else:
            suspects.extend(lost)

    def _stop(self, worker: _Worker) -> None:
        self._workers.remove(worker)
        self._free.append(worker.device)
        worker.end()


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Block Ctrl-C in processes that are started now; the parent handles it and ends them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # It would unblock Ctrl-C if it were started by the first process.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(pipe: Connection, device: str, threads: int) -> None:
    """Pick the micrographs that arrive through a pipe; send None when ready, then results."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    assignments: SimpleQueue[Assignment] = SimpleQueue()
    Thread(target=_listen, args=(pipe, assignments), daemon=True).start()

    import torch

    torch.set_num_threads(threads)
    pipe.send(None)
    for task, entry, reading in ahead(_read(assignments)):
        pipe.send(task.on(device).pick(entry, reading))


def _read(
    assignments: "SimpleQueue[Assignment]",
) -> Iterator[tuple[PickTask, BatchEntry, Reading]]:
    while True:
        task, entry = assignments.get()
        yield task, entry, task.read(entry)


def _listen(pipe: Connection, assignments: "SimpleQueue[Assignment]") -> None:
    """Receive assignments until the pipe is closed, then end this process at once."""
    try:
        while True:
            assignments.put(pipe.recv())
    finally:
        os._exit(0)


def _describe_exit(code: int | None) -> str:
    if code is None or code >= 0:
        return f"exit code {code}"
    return f"signal {-code}{', as when memory runs out' if code == -9 else ''}"


def ahead(items: Iterable[Item]) -> Iterator[Item]:
    """Yield items while a thread prepares the next one."""
    iterator = iter(items)
    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(next, iterator, None)
        while (item := coming.result()) is not None:
            coming = thread.submit(next, iterator, None)
            yield item
