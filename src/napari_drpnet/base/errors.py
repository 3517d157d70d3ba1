"""The error for files that cannot be used, and the wording of system errors."""

from os import PathLike


class InputFileError(Exception):
    """Error raised when a file named by the user cannot be used.

    Parameters
    ----------
    path : path-like
        Path of the file.
    reason : str
        Description of the problem, as a clause without a full stop.
    remedy : str
        Advice to the user, as a sentence without a full stop.
    """

    def __init__(self, path: str | PathLike[str], reason: str, remedy: str) -> None:
        super().__init__(path, reason, remedy)
        self.path = str(path)
        self.reason = reason
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}. {self.remedy}."


class UnknownPixelSizeError(InputFileError):
    """Error raised when neither the user nor the file says the pixel size."""


def explain_os_error(error: OSError, place: object = "") -> str:
    """Describe a system error as ``file: reason``.

    Parameters
    ----------
    error : OSError
        Error raised by Python.
    place : str or path, optional
        File to name if the error itself names none.

    Returns
    -------
    str
        One line without a full stop.
    """
    start = f"{error.filename or place}: " if error.filename or place else ""
    return f"{start}{error.strerror or error}"
