"""Progress of several fits together."""

from dataclasses import dataclass

from napari_drpnet.base.jobs import Job


@dataclass
class SharedJob:
    """Job of several fits, which reports their total progress.

    Parameters
    ----------
    job : Job
        Progress callback that is called.
    total : int
        Number of batches of all fits.
    done : int
        Number of batches that are done.
    """

    job: Job
    total: int
    done: int = 0

    def advance(self, done: int, total: int, stage: str) -> None:
        """Count one more batch of any fit."""
        self.done += 1
        self.job.advance(self.done, self.total, stage)
