"""Text files in and out: one error for files that cannot be read, atomic writes."""

from os import PathLike
from pathlib import Path

from napari_drpnet.base.atomic_file import atomic_file
from napari_drpnet.base.errors import InputFileError

AnyPath = str | PathLike[str]


def read_text(path: AnyPath) -> str:
    """Read a whole UTF-8 text file, with or without byte-order mark, any line ends.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    str
        Its text, with line feeds alone between lines.

    Raises
    ------
    InputFileError
        When it cannot be opened, or is not text.
    """
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputFileError(path, "is not a text file", "Choose a coordinate file") from None
    except OSError as error:
        reason = f"cannot be read: {error.strerror}"
        raise InputFileError(path, reason, "Check its name and permissions") from error


def read_head(path: AnyPath, size: int = 4096) -> str:
    """Return the beginning of a file to tell its format by; of one that cannot be read, nothing."""
    try:
        with Path(path).open("rb") as file:
            return file.read(size).decode("utf-8-sig", errors="replace")
    except OSError:
        return ""


def write_text(path: AnyPath, text: str) -> None:
    """Write a UTF-8 text file atomically; raises `OSError` when the disk refuses."""
    with atomic_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def parse_number(path: AnyPath, line: int, word: str) -> float:
    """Read one number of a line, counted from 1, of a file; an empty word is NaN.

    Raises
    ------
    InputFileError
        When the word is not a number; names the file, the line and the word.
    """
    try:
        return float(word) if word.strip() else float("nan")
    except ValueError:
        reason = f"line {line} has {word!r} where a number should be"
        raise InputFileError(path, reason, "Correct that line") from None
