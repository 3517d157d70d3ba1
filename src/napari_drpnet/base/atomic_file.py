"""Atomic writing of files: a file is complete or absent, even if the process is killed."""

import glob
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_RANDOM_CHARACTERS = 8
_TEMPORARY = re.compile(rf"\..*-[0-9a-f]{{{_RANDOM_CHARACTERS}}}\.part(\.\w+)?", re.DOTALL)


@contextmanager
def atomic_file(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path that replaces `path` on success.

    The temporary file has the suffix of `path`, so that writers which choose a format by
    suffix work. It is flushed to disk before the rename, and removed on any error. Missing
    parent folders are created.

    Parameters
    ----------
    path : path-like
        The file to create or replace.

    Yields
    ------
    pathlib.Path
        Path of the temporary file, which exists and is empty.

    Raises
    ------
    OSError
        If the folder cannot be written to or the disk is full. `path` is then unchanged.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    random = secrets.token_hex(_RANDOM_CHARACTERS // 2)
    temporary = target.with_name(f"{_prefix(target)}{random}{_suffix(target)}")
    with _naming(target, temporary):
        temporary.touch(exist_ok=False)
        try:
            yield temporary
            _flush(temporary)
            os.replace(temporary, target)
            _flush_folder(target.parent)
        finally:
            temporary.unlink(missing_ok=True)


def remove_leftovers(path: str | os.PathLike[str]) -> None:
    """Remove the temporary files of `path` left behind by a killed process."""
    target = Path(path)
    random = "?" * _RANDOM_CHARACTERS
    for leftover in target.parent.glob(f"{glob.escape(_prefix(target))}{random}{_suffix(target)}"):
        leftover.unlink(missing_ok=True)


def sweep_folder(folder: Path) -> None:
    """Remove all temporary files that killed processes left in a folder, not in its sub-folders.

    Only a process that alone writes into the folder may do so.
    """
    for path in folder.iterdir():
        if _TEMPORARY.fullmatch(path.name):
            path.unlink(missing_ok=True)


@contextmanager
def _naming(target: Path, temporary: Path) -> Iterator[None]:
    """Name the target instead of the temporary file in errors, since the user knows only that."""
    try:
        yield
    except OSError as error:
        if error.filename is None or Path(error.filename) != temporary:
            raise
        raise OSError(error.errno, error.strerror, str(target)) from error


def _prefix(target: Path) -> str:
    return f".{target.stem[:100]}-"


def _suffix(target: Path) -> str:
    return f".part{target.suffix}"


def _flush(path: Path) -> None:
    with path.open("rb+") as file:  # Windows flushes only files opened for writing
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    """Flush the rename to disk. Where folders cannot be flushed (Windows) it is still atomic."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
