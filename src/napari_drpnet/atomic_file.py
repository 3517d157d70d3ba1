"""Files that are either whole or absent, whenever the process is killed."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic_file(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path beside `path` that takes its place on success.

    The temporary file has the suffix of `path`, so that writers which choose a format by
    suffix work. It is flushed to disk before the rename, and removed on any error; missing
    parent folders are made.

    Parameters
    ----------
    path : path-like
        The file to create or replace.

    Yields
    ------
    pathlib.Path
        Where to write. The file exists and is empty.

    Raises
    ------
    OSError
        When the folder cannot be written to, or the disk is full; `path` is then unchanged.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(
        prefix=f".{target.stem[:100]}-", suffix=f".part{target.suffix}", dir=target.parent
    )
    temporary = Path(name)
    try:
        os.fchmod(handle, 0o666 & ~_umask())
        os.close(handle)
        yield temporary
        _flush(temporary)
        os.replace(temporary, target)
        _flush(target.parent)
    finally:
        temporary.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _flush(path: Path) -> None:
    try:
        handle = os.open(path, os.O_RDONLY)
    except PermissionError:  # Windows cannot open folders; the rename there is still atomic
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
