"""Waiting and running jobs of one kind.

Each job of a kind has a number, its generation. A kind also stores the oldest generation whose
result is still wanted. Cancelling, replacing and delivering a job all raise that number. A job with
a lower number stops at its next progress report, and its result is dropped.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Optional

from napari_drpnet.base.jobs import Job

Call = Callable[[], None]
#: Kinds of jobs; of each kind one job runs and one waits.
JobKind = Literal[
    "agree",  # compare its picks with those of another program
    "averages",  # average a sample of the points in classes
    "candidates",  # update the candidates of the micrograph that is shown
    "compare",  # compare its picks with the truth
    "compare all",  # compare the stored picks of all micrographs with the truth
    "count",  # count the picks of all micrographs
    "count picked",  # count the picks of micrographs that were picked recently
    "dirt",  # of the micrograph that is shown, after a change of P(dirt) or the clearance
    "device",  # find the device for the networks
    "export",
    "gallery",  # list the points of all micrographs
    "find similar",  # learn a detector from examples
    "image",  # render the micrograph that is shown
    "label",  # label automatically
    "learn",  # train the segmenter on strokes
    "list",  # open micrographs
    "missing",  # look for micrographs whose files are missing, or were moved
    "other picks",  # read those from a file or folder
    "pick",  # pick the micrograph that is shown
    "pick all",
    "pick shown",  # pick the micrograph that was just shown
    "prepare",  # render and pick the next micrograph ahead
    "read labels",  # from a file
    "read strokes",  # from a file or folder
    "segment",  # segment the micrograph that is shown
    "spectrum",  # measure the power spectrum of the micrograph that is shown
    "thumbnails",  # cut boxes around points
    "train",
    "truth",  # read the truth from a file or folder
]


@dataclass(frozen=True)
class JobStatus:
    """Status of the jobs of one kind.

    Parameters
    ----------
    kind : JobKind
        Kind of job.
    state : {'idle', 'waiting', 'running', 'cancelling'}
        State of the job. It is running until its result is delivered, and cancelling until its
        thread is free.
    stage : str
        Name of the current stage, for the user.
    done, total : int
        Number of completed and of all parts of the stage; both are 0 if nothing was reported.
    """

    kind: JobKind
    state: Literal["idle", "waiting", "running", "cancelling"]
    stage: str = ""
    done: int = 0
    total: int = 0


class Lane:
    """Jobs of one kind. It has no lock of its own; the runner protects it.

    Attributes
    ----------
    latest, wanted : int
        Generation of the newest job, and of the oldest one whose result is wanted.
    running, waiting : Task or None
        Job that runs in a thread, and the one that runs next.
    cancelling : bool
        Whether the user has cancelled the running job.
    progress : tuple of str, int, int
        Stage, completed parts and all parts, as last reported by the running job.
    progress_posted : float
        Time of the last status sent for progress, in seconds of the monotonic clock.
    shown : JobStatus
        Status that was last sent to listeners.
    status_posted : bool
        Whether the main thread has been asked to send the status to listeners.
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
        """Whether a result is still to be delivered."""
        return self.latest >= self.wanted

    def add(
        self,
        work: Callable[[Job], Call],
        on_error: Callable[[Exception], None],
        live: bool,
    ) -> None:
        """Let a new job wait instead of the waiting one; unless `live`, no other job is wanted."""
        self.latest += 1
        if not live:
            self.wanted = self.latest
        self.waiting = Task(self, self.latest, work, on_error)

    def drop_all(self) -> None:
        """Drop all jobs that were added so far."""
        self.wanted = self.latest + 1
        self.waiting = None
        self.cancelling = False

    def start(self) -> Optional["Task"]:
        """Let the waiting job run and return it; None if another one runs or none waits."""
        if self.running or not self.waiting:
            return None
        self.running, self.waiting = self.waiting, None
        self.progress = ("", 0, 0)
        return self.running

    def leave(self) -> None:
        """Mark the thread of the running job as free."""
        self.running = None
        self.cancelling = False

    def status(self) -> JobStatus:
        """Return the status for listeners."""
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
        Lane of the job.
    generation : int
        Number of the job in its lane, from 1.
    work : callable
        Function to run in a thread; it returns a function to call in the main thread.
    on_error : callable
        Function that is called with an exception of `work` in the main thread.
    """

    lane: Lane
    generation: int
    work: Callable[[Job], Call]
    on_error: Callable[[Exception], None]

    @property
    def is_wanted(self) -> bool:
        """Whether the result is still wanted."""
        return self.generation >= self.lane.wanted


@dataclass(frozen=True)
class ReportingJob:
    """A `Job` that passes the progress of a task to a function.

    Parameters
    ----------
    report : callable
        Function that is called with the progress; it may raise `Cancelled`.
    """

    report: Callable[[int, int, str], None]

    def advance(self, done: int, total: int, stage: str) -> None:
        """Report progress; see `napari_drpnet.base.jobs.Job`."""
        self.report(done, total, stage)
