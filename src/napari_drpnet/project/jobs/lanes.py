"""What waits, runs and is wanted of one kind of job.

Each job of a kind has a number, its generation. A kind keeps one number more: the oldest
generation that anybody still waits for. To cancel, to replace and to deliver are all to raise that
number; a job below it stops at its next tile, and its result is dropped.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Optional

from napari_drpnet.base.jobs import Job

Call = Callable[[], None]
#: Kinds of jobs; of each kind one job runs and one waits.
JobKind = Literal[
    "candidates",  # bring the micrograph that is shown up to date
    "compare",  # hold its picks against those of a file
    "count",  # count the picks of all micrographs
    "count picked",  # count those of micrographs that were picked meanwhile
    "device",  # find out where networks run
    "export",
    "image",  # render the micrograph that is shown
    "label",  # label without a person
    "list",  # open micrographs
    "pick",  # pick the micrograph that is shown
    "pick all",
    "read labels",  # from a file
    "train",
    "truth",  # read the file to compare with
]


@dataclass(frozen=True)
class JobStatus:
    """What one kind of job is doing.

    Parameters
    ----------
    kind : JobKind
        Kind of job.
    state : {'idle', 'waiting', 'running', 'cancelling'}
        A job is running until its result has landed, and cancelling until its thread is free.
    stage : str
        What it works on, in the user's words.
    done, total : int
        Parts of the stage; 0 of 0 where nothing was reported.
    """

    kind: JobKind
    state: Literal["idle", "waiting", "running", "cancelling"]
    stage: str = ""
    done: int = 0
    total: int = 0


class Lane:
    """The jobs of one kind. It has no lock: its runner guards it.

    Attributes
    ----------
    latest, wanted : int
        Generation of the newest job, and the oldest one that anybody waits for.
    running, waiting : Task or None
        The job that has a thread, and the one that will have it next.
    cancelling : bool
        The user waits for the running job to stop.
    progress : tuple of str, int, int
        Stage, parts done and parts in total, as the running job said last.
    progress_posted : float
        When listeners were last told of progress, in seconds of the monotonic clock.
    shown : JobStatus
        What listeners know.
    status_posted : bool
        The main thread is about to tell listeners.
    """

    def __init__(self, kind: JobKind) -> None:
        self.kind = kind
        self.latest = 0
        self.wanted = 1
        self.running: Task | None = None
        self.waiting: Task | None = None
        self.cancelling = False
        self.progress = ("", 0, 0)
        self.progress_posted = float("-inf")
        self.shown = JobStatus(kind, "idle")
        self.status_posted = False

    @property
    def is_busy(self) -> bool:
        """Whether a result is still to land."""
        return self.latest >= self.wanted

    def add(
        self,
        work: Callable[[Job], Call],
        on_error: Callable[[Exception], None],
        live: bool,
    ) -> None:
        """Let a new job wait, in place of the one that did; unless `live`, only it is wanted."""
        self.latest += 1
        if not live:
            self.wanted = self.latest
        self.waiting = Task(self, self.latest, work, on_error)

    def drop_all(self) -> None:
        """Want nothing of what was added so far."""
        self.wanted = self.latest + 1
        self.waiting = None
        self.cancelling = False

    def start(self) -> Optional["Task"]:
        """Let the waiting job run, if there is one and no other runs, and return it."""
        if self.running or not self.waiting:
            return None
        self.running, self.waiting = self.waiting, None
        self.progress = ("", 0, 0)
        return self.running

    def leave(self) -> None:
        """Note that the thread of the running job is free."""
        self.running = None
        self.cancelling = False

    def status(self) -> JobStatus:
        """Return what listeners should know."""
        if self.cancelling and not self.is_busy:
            return JobStatus(self.kind, "cancelling", *self.progress)
        if not self.is_busy:
            return JobStatus(self.kind, "idle")
        if self.waiting and not (self.running and self.running.is_wanted):
            return JobStatus(self.kind, "waiting")
        return JobStatus(self.kind, "running", *self.progress)


@dataclass(frozen=True, eq=False)
class Task:
    """One job of a lane.

    Parameters
    ----------
    lane : Lane
        It belongs to.
    generation : int
        Its number there, from 1.
    work : callable
        Runs in a thread, and returns what remains to be done on the main thread.
    on_error : callable
        Gets the exception of `work`, on the main thread.
    """

    lane: Lane
    generation: int
    work: Callable[[Job], Call]
    on_error: Callable[[Exception], None]

    @property
    def is_wanted(self) -> bool:
        """Whether anybody still waits for the result."""
        return self.generation >= self.lane.wanted


@dataclass(frozen=True)
class ReportingJob:
    """A `Job` for the work of a task.

    Parameters
    ----------
    report : callable
        Gets what the work reports; may raise `Cancelled`.
    """

    report: Callable[[int, int, str], None]

    def advance(self, done: int, total: int, stage: str) -> None:
        """Pass on what was reported."""
        self.report(done, total, stage)
