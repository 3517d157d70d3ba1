"""The folder of a RELION job, and the empty files in it that mark the state of the job."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

JobState = Literal["SUCCESS", "FAILURE", "ABORTED"]

_STATES: tuple[JobState, ...] = ("SUCCESS", "FAILURE", "ABORTED")


@dataclass(frozen=True)
class JobFolder:
    """The folder of a RELION job.

    Parameters
    ----------
    path : pathlib.Path
        Path of the folder relative to the project, such as ``External/job005``.

    Notes
    -----
    The names of the files are those in `pipeline_control.h`. RELION recognises the end of a job
    by one of these files, not by the exit code.
    """

    path: Path

    @property
    def abort_file(self) -> Path:
        """File that RELION creates when the user aborts the job."""
        return self.path / "RELION_JOB_ABORT_NOW"

    def begin(self) -> None:
        """Remove the files that mark the end of an earlier run.

        Raises
        ------
        OSError
            If the folder cannot be written to.
        """
        for state in _STATES:
            self._file(state).unlink(missing_ok=True)

    def end(self, state: JobState) -> None:
        """Mark the job as ended; call this last. The folder is created if it is missing.

        Parameters
        ----------
        state : {'SUCCESS', 'FAILURE', 'ABORTED'}
            Final state of the job, as RELION shows it.

        Raises
        ------
        OSError
            If the folder cannot be written to.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        self.begin()
        self.abort_file.unlink(missing_ok=True)
        self._file(state).touch()

    def _file(self, state: JobState) -> Path:
        return self.path / f"RELION_JOB_EXIT_{state}"
