"""Progress and cancelling of long work, as a tiny protocol."""

from pathlib import Path
from typing import Protocol


class Cancelled(Exception):
    """The user cancelled the job; raised from inside it at the next tile or batch."""


class Job(Protocol):
    """What long work reports to, and asks whether it should go on.

    Methods may be called from any thread. ``advance`` is called after each tile or batch.
    """

    def advance(self, done: int, total: int, stage: str) -> None:
        """Report that `done` of `total` parts of `stage` are finished.

        Raises
        ------
        Cancelled
            When the user asked for the work to stop.
        """


class SilentJob:
    """A job that nobody watches and nobody cancels."""

    def advance(self, done: int, total: int, stage: str) -> None:
        """Ignore the report."""


class UntilFile:
    """A job that is cancelled when somebody makes a file, for example another program.

    Parameters
    ----------
    path : pathlib.Path or None
        The file; None for none.
    job : Job, optional
        Told what this job is told, and may cancel too.
    """

    def __init__(self, path: Path | None, job: Job | None = None) -> None:
        self._path, self._job = path, job or SilentJob()

    def advance(self, done: int, total: int, stage: str) -> None:
        """Pass the report on; raises `Cancelled` when the file is there."""
        self._job.advance(done, total, stage)
        if self._path is not None and self._path.exists():
            raise Cancelled
