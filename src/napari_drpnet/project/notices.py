"""Messages for the user."""

from dataclasses import dataclass
from typing import Literal

from napari_drpnet.base.errors import InputFileError, explain_os_error


@dataclass(frozen=True)
class Notice:
    """Message for the user.

    Parameters
    ----------
    level : {'info', 'warning', 'error'}
        Severity of the message.
    text : str
        Text that says what happened and what to do about it.
    """

    level: Literal["info", "warning", "error"]
    text: str


def explain(error: Exception) -> str:
    """Return a message for the user about an error.

    The type of the error is named only if its text alone is not a full sentence.
    """
    if isinstance(error, OSError):
        return explain_os_error(error)
    if isinstance(error, InputFileError | ValueError):
        return str(error)
    return ": ".join(filter(None, [type(error).__name__, str(error)]))
