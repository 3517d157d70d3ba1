"""Jobs in threads: at most one of each kind runs and one waits; stale results are dropped."""

import atexit
import time
from collections.abc import Callable, Container
from functools import partial
from queue import SimpleQueue
from threading import RLock, Thread
from typing import NoReturn, TypeVar
from weakref import WeakSet

from psygnal import Signal

from napari_drpnet.base.jobs import Cancelled, Job
from napari_drpnet.project.jobs.lanes import Call, JobKind, JobStatus, Lane, ReportingJob, Task

__all__ = ["JobRunner", "JobStatus"]

T = TypeVar("T")

_PROGRESS_EVERY_S = 0.05
_WAIT_AT_EXIT_S = 10.0


class JobRunner:
    """Runs jobs in threads and delivers their results in the main thread.

    Jobs of different kinds run in parallel. A new job replaces the waiting job of its kind. All
    methods may be called from any thread. Close the runner when it is no longer needed.

    Parameters
    ----------
    deliver : callable
        Function that takes a function from any thread and runs it later in the main thread, never
        immediately.
    threads : int
        Maximum number of jobs that run at once; at least 1.

    Attributes
    ----------
    status_changed : Signal
        Emitted in the main thread with a `JobStatus` that differs from the previous one; for
        progress at most 20 times per second and kind.
    errored : Signal
        Emitted in the main thread with the kind and the exception, if a job fails that was
        submitted without ``on_error``, or if ``on_result`` or ``on_error`` fails.
    """

    status_changed = Signal(JobStatus)
    errored = Signal(str, Exception)

    def __init__(self, deliver: Callable[[Call], None], threads: int = 3) -> None:
        self._deliver = deliver
        self._threads = threads
        self._lock = RLock()
        self._lanes: dict[JobKind, Lane] = {}  # in the order of their turns
        self._ready: SimpleQueue[Task | None] = SimpleQueue()
        self._workers: list[Thread] = []
        self._closed = False
        _runners.add(self)

    def submit(
        self,
        kind: JobKind,
        work: Callable[[Job], T],
        on_result: Callable[[T], None],
        on_error: Callable[[Exception], None] | None = None,
        *,
        live: bool = False,
    ) -> None:
        """Run `work` as soon as a thread is free and no other job of its kind runs.

        Parameters
        ----------
        kind : JobKind
            Kind of job.
        work : callable
            Function to run in a thread. It is called with a `Job`, to which it reports progress
            and which cancels it.
        on_result : callable
            Function that is called with the result of `work` in the main thread, unless the
            result is no longer wanted.
        on_error : callable, optional
            Function that is called likewise with an exception of `work`; by default `errored` is
            emitted.
        live : bool
            Whether the running job of this kind may finish and deliver its result, as while a
            slider is moved. Otherwise it is cancelled.
        """
        with self._lock:
            if self._closed:
                return
            lane = self._lanes.setdefault(kind, Lane(kind))
            lane.add(lambda job: partial(on_result, work(job)), on_error or _raise, live)
            self._start_waiting()
            self._post_status(lane)

    def cancel(self, kind: JobKind) -> None:
        """Cancel the jobs of a kind on request of the user.

        The running job stops at its next progress report; until then its state is cancelling.
        """
        with self._lock:
            lane = self._lanes.get(kind)
            if lane and lane.is_busy:
                lane.drop_all()
                lane.cancelling = lane.running is not None
                self._post_status(lane)

    def invalidate(self, kind: JobKind) -> None:
        """Cancel the jobs of a kind since they are out of date; their state is idle at once."""
        with self._lock:
            lane = self._lanes.get(kind)
            if lane:
                lane.drop_all()
                self._post_status(lane)

    def invalidate_all(self, but: Container[JobKind] = ()) -> None:
        """Invalidate the jobs of every kind except those in `but`."""
        with self._lock:
            for kind in list(self._lanes):
                if kind not in but:
                    self.invalidate(kind)

    def status(self, kind: JobKind) -> JobStatus:
        """Return the status of the jobs of a kind."""
        with self._lock:
            lane = self._lanes.get(kind)
            return lane.status() if lane else JobStatus(kind, "idle")

    @property
    def is_busy(self) -> bool:
        """Whether any kind of job is not idle."""
        with self._lock:
            return any(lane.status().state != "idle" for lane in self._lanes.values())

    def close(self) -> None:
        """Cancel all jobs and accept no more, without waiting; no more results are delivered."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            for lane in self._lanes.values():
                lane.drop_all()
            for _ in self._workers:
                self._ready.put(None)

    def join(self, timeout: float) -> bool:
        """Wait for the threads of a closed runner to end.

        Parameters
        ----------
        timeout : float
            Time limit in seconds.

        Returns
        -------
        bool
            Whether all threads have ended.
        """
        deadline = time.monotonic() + timeout
        for worker in self._workers:
            worker.join(max(0.0, deadline - time.monotonic()))
        return not any(worker.is_alive() for worker in self._workers)

    def _start_waiting(self) -> None:
        """Give free threads to the kinds in turn, so that a slider cannot occupy them all."""
        running = sum(lane.running is not None for lane in self._lanes.values())
        for lane in list(self._lanes.values()):
            if running < self._threads and (task := lane.start()):
                running += 1
                self._lanes[lane.kind] = self._lanes.pop(lane.kind)
                self._ready.put(task)
        while len(self._workers) < running:
            # A daemon, so that a job that never ends cannot keep the program from quitting.
            worker = Thread(target=self._run_jobs, name="drpnet-job", daemon=True)
            self._workers.append(worker)
            worker.start()

    def _run_jobs(self) -> None:
        while self._run_next_job():
            pass

    def _run_next_job(self) -> bool:
        """Run one job in a separate function, so that an idle thread keeps no arrays alive."""
        task = self._ready.get()
        if task is None:
            return False
        landing = self._run(task)
        with self._lock:
            if task.is_wanted:
                self._deliver(partial(self._land, task, landing))
            task.lane.leave()
            self._start_waiting()
            self._post_status(task.lane)
        return True

    def _run(self, task: Task) -> Call:
        """Do the work, and return the function to call in the main thread."""
        if not task.is_wanted:
            return _do_nothing
        try:
            return task.work(ReportingJob(partial(self._advance, task)))
        except Cancelled:
            return _do_nothing
        except Exception as error:  # noqa: BLE001 - one failed job must not end the thread
            return partial(task.on_error, error)

    def _advance(self, task: Task, done: int, total: int, stage: str) -> None:
        with self._lock:
            if not task.is_wanted:
                raise Cancelled
            lane = task.lane
            lane.progress = (stage, done, total)
            now = time.monotonic()
            if now - lane.progress_posted >= _PROGRESS_EVERY_S:
                lane.progress_posted = now
                self._post_status(lane)

    def _post_status(self, lane: Lane) -> None:
        if not (lane.status_posted or self._closed):
            lane.status_posted = True
            self._deliver(partial(self._show, lane))

    def _show(self, lane: Lane) -> None:
        with self._lock:
            lane.status_posted = False
            status = lane.status()
            if status == lane.shown or self._closed:
                return
            lane.shown = status
        self.status_changed.emit(status)

    def _land(self, task: Task, landing: Call) -> None:
        with self._lock:
            if not task.is_wanted:
                return
            task.lane.wanted = task.generation + 1
        try:
            landing()
        except Exception as error:  # noqa: BLE001 - jobs continue after an error of a listener
            self.errored.emit(task.lane.kind, error)
        finally:
            self._show(task.lane)


def _raise(error: Exception) -> NoReturn:
    raise error


def _do_nothing() -> None:
    pass


_runners: WeakSet[JobRunner] = WeakSet()


@atexit.register
def _stop_all() -> None:
    """Stop all jobs, and wait a few seconds for them to end.

    A thread that Python ends inside torch may crash. On a busy computer one tile, or the import
    of torch, takes seconds.
    """
    runners = list(_runners)
    for runner in runners:
        runner.close()
    deadline = time.monotonic() + _WAIT_AT_EXIT_S
    for runner in runners:
        runner.join(deadline - time.monotonic())
