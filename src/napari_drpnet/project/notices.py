"""Messages for the user."""

import re
from dataclasses import dataclass
from typing import Literal

from napari_drpnet.base.errors import InputFileError, explain_os_error

#: Greatest number of characters of a file name in the text, and of a line of a path below it.
_NAME_COLUMNS, _PATH_COLUMNS = 28, 36
#: Path before a colon: absolute, or relative to a file with a suffix.
_PATH = re.compile(
    r"(?:^|(?<=[.:] ))"
    r"((?:/|~/|\\\\|[A-Za-z]:[\\/])(?:(?!\. )[^:\n])*|[^\s:]+[\\/][^\s:]*\.\w{1,5}): "
)


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


def path_last(text: str) -> str:
    """Return a message with only the names of files in its text, and their paths in lines below.

    Parameters
    ----------
    text : str
        Message, in which paths are followed by a colon, as in ``/data/a.mrc: it is blank.``

    Returns
    -------
    str
        Message with long names shortened and long paths broken, so that the text is seen first in
        a narrow notification.
    """
    paths: dict[str, None] = {}

    def shorten(match: re.Match[str]) -> str:
        paths[match[1]] = None
        name = re.split(r"[/\\]", match[1])[-1]
        return f"{_shortened(name)}: "

    text = _PATH.sub(shorten, text)
    return "\n".join([text, *map(_broken, paths)])


def _shortened(name: str) -> str:
    half = _NAME_COLUMNS // 2
    return name if len(name) <= _NAME_COLUMNS else f"{name[:half]}…{name[-half:]}"


def _broken(path: str) -> str:
    """Return a path in lines, which end after a folder where possible."""
    lines = []
    while len(path) > _PATH_COLUMNS:
        end = path.rfind("/", 1, _PATH_COLUMNS) + 1 or _PATH_COLUMNS
        lines.append(path[:end])
        path = path[end:]
    return "\n".join([*lines, path])
