"""What the user should read."""

from dataclasses import dataclass
from typing import Literal

from napari_drpnet.base.errors import InputFileError, explain_os_error


@dataclass(frozen=True)
class Notice:
    """Something that the user should read.

    Parameters
    ----------
    level : {'info', 'warning', 'error'}
        How bad it is.
    text : str
        What it is, and what to do about it.
    """

    level: Literal["info", "warning", "error"]
    text: str


def explain(error: Exception) -> str:
    """Say what went wrong; the kind of an error is named only where its text is no sentence."""
    if isinstance(error, OSError):
        return explain_os_error(error)
    if isinstance(error, InputFileError | ValueError):
        return str(error)
    return ": ".join(filter(None, [type(error).__name__, str(error)]))
