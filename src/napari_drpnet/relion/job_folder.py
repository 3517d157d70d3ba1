"""The folder of a job, and the empty files in it by which RELION knows the state of the job."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

JobState = Literal["SUCCESS", "FAILURE", "ABORTED"]

_STATES: tuple[JobState, ...] = ("SUCCESS", "FAILURE", "ABORTED")


@dataclass(frozen=True)
class JobFolder:
    """The folder of a job.

    Parameters
    ----------
    path : pathlib.Path
        Such as ``External/job005``, relative to the folder of the project.

    Notes
    -----
    The names of the files are those of `pipeline_control.h`. RELION sees the end of a job by one
    of them alone, not by the exit code.
    """

    path: Path

    @property
    def abort_file(self) -> Path:
        """What RELION makes when its user aborts the job."""
        return self.path / "RELION_JOB_ABORT_NOW"

    def begin(self) -> None:
        """Forget how an earlier run ended.

        Raises
        ------
        OSError
            When the folder cannot be written to.
        """
        for state in _STATES:
            self._file(state).unlink(missing_ok=True)

    def end(self, state: JobState) -> None:
        """Tell RELION how the job has ended: the last thing to do. The folder is made.

        Raises
        ------
        OSError
            When the folder cannot be written to.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        self.begin()
        self.abort_file.unlink(missing_ok=True)
        self._file(state).touch()

    def _file(self, state: JobState) -> Path:
        return self.path / f"RELION_JOB_EXIT_{state}"
