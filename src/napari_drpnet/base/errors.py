"""The one error for a file that cannot be used."""

from os import PathLike


class InputFileError(Exception):
    """A file that the user named cannot be used.

    Parameters
    ----------
    path : path-like
        The file.
    reason : str
        What is wrong with it, as a clause without a full stop.
    remedy : str
        What the user can do about it, as a sentence without a full stop.
    """

    def __init__(self, path: str | PathLike[str], reason: str, remedy: str) -> None:
        super().__init__(path, reason, remedy)
        self.path = str(path)
        self.reason = reason
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}. {self.remedy}."


def explain_os_error(error: OSError, place: object = "") -> str:
    """Return what the system could not do, as ``file: reason``.

    Parameters
    ----------
    error : OSError
        As Python raised it.
    place : str or path, optional
        What the error is about, where it names no file itself.
    """
    start = f"{error.filename or place}: " if error.filename or place else ""
    return f"{start}{error.strerror or error}"
