"""How long a job will still take."""

import time
from collections.abc import Callable

from napari_drpnet.project.jobs.lanes import JobStatus

#: So long a job must have worked before one can tell.
_LEAST_S = 0.5


class TimeLeft:
    """Tells how long a job will still take, from how fast its present stage has been so far.

    Parameters
    ----------
    clock : callable
        The time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._stage, self._first, self._latest, self._since = ("", 0), 0, 0, 0.0

    def describe(self, status: JobStatus) -> str:
        """Return it in words, like ``12 s left``; nothing while nobody can tell."""
        now, stage, done = self._clock(), (status.stage, status.total), status.done
        if stage != self._stage or done < self._latest:
            self._stage, self._first, self._since = stage, done, now
        self._latest = done
        worked = now - self._since
        if worked < _LEAST_S or done == self._first:
            return ""
        return f"{_words(worked * (status.total - done) / (done - self._first))} left"


def _words(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{max(round(seconds), 1)} s"
