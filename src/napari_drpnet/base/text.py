"""Reading and writing of text files, with atomic writes and one error for unreadable files."""

from os import PathLike
from pathlib import Path

from napari_drpnet.base.atomic_file import atomic_file
from napari_drpnet.base.errors import InputFileError

AnyPath = str | PathLike[str]


def read_text(path: AnyPath) -> str:
    """Read a UTF-8 text file, with or without a byte-order mark and with any line endings.

    Parameters
    ----------
    path : path-like
        Path of the file.

    Returns
    -------
    str
        Text of the file, with line endings converted to line feeds.

    Raises
    ------
    InputFileError
        If the file cannot be opened, or is not text.
    """
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputFileError(path, "is not a text file", "Choose a coordinate file") from None
    except OSError as error:
        reason = f"cannot be read: {error.strerror}"
        raise InputFileError(path, reason, "Check its name and permissions") from error


def read_head(path: AnyPath, size: int = 4096) -> str:
    """Return the first `size` bytes of a file as text; empty if the file cannot be read."""
    try:
        with Path(path).open("rb") as file:
            return file.read(size).decode("utf-8-sig", errors="replace")
    except OSError:
        return ""


def write_text(path: AnyPath, text: str) -> None:
    """Write a UTF-8 text file atomically.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    with atomic_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def parse_number(path: AnyPath, line: int, word: str) -> float:
    """Convert a word of a text file to a number; an empty word becomes NaN.

    Parameters
    ----------
    path : path-like
        Path of the file, for the error message.
    line : int
        Line of the word, counted from 1, for the error message.
    word : str
        Word to convert.

    Raises
    ------
    InputFileError
        If the word is not a number.
    """
    try:
        return float(word) if word.strip() else float("nan")
    except ValueError:
        reason = f"line {line} has {word!r} where a number should be"
        raise InputFileError(path, reason, "Correct that line") from None
