"""Progress reports and cancellation of long-running work."""

from pathlib import Path
from typing import Protocol


class Cancelled(Exception):
    """Raised inside a job after its cancellation was requested, at the next progress report."""


class Job(Protocol):
    """Receiver of progress reports, which may cancel the work.

    ``advance`` is called after each tile or batch, from any thread.
    """

    def advance(self, done: int, total: int, stage: str) -> None:
        """Report that `done` of `total` parts of `stage` are finished.

        Raises
        ------
        Cancelled
            If cancellation was requested.
        """


class SilentJob:
    """A job that ignores progress and is never cancelled."""

    def advance(self, done: int, total: int, stage: str) -> None:
        """Ignore the report."""


class UntilFile:
    """A job that is cancelled once a file exists, for example one created by another program.

    Parameters
    ----------
    path : pathlib.Path or None
        Path of the file. None disables this way of cancelling.
    job : Job, optional
        Job to which all reports are passed on. It may also cancel the work.
    """

    def __init__(self, path: Path | None, job: Job | None = None) -> None:
        self._path, self._job = path, job or SilentJob()

    def advance(self, done: int, total: int, stage: str) -> None:
        """Pass the report on to the other job.

        Raises
        ------
        Cancelled
            If the file exists, or if the other job cancels.
        """
        self._job.advance(done, total, stage)
        if self._path is not None and self._path.exists():
            raise Cancelled
