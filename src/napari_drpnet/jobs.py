"""Progress and cancelling of long work, as a tiny protocol."""

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
