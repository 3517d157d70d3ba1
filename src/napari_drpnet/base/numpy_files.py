"""Thread-safe reading of numpy's own files.

Numpy parses headers as Python source. If two threads do so at the same time, Python 3.11 may
raise ``SystemError: AST constructor recursion depth mismatch`` (python/cpython issue 106905), so
a lock admits one thread at a time.
"""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any, Literal
from zipfile import ZipFile

import numpy as np
from numpy.typing import NDArray

_PARSING = Lock()
#: Warning about headers with Python 2's long integers, which damage can make of others too.
_OLD_HEADER = r"Reading `\.npy` or `\.npz` file required additional header parsing"


def read_npz(path: str | os.PathLike[str], most_bytes: int) -> dict[str, NDArray[Any]]:
    """Read all arrays of a ``.npz`` file without unpickling objects.

    Parameters
    ----------
    path : path-like
        Path of the file.
    most_bytes : int
        Greatest size of all arrays together. A small file may claim, or be decompressed to, more
        than fits into memory.

    Raises
    ------
    Exception
        If the file is damaged or has more bytes. The type varies with the damage, because zipfile
        and numpy raise many different ones.
    """
    with ZipFile(path) as archive:
        size = sum(member.file_size for member in archive.infolist())
    if size > most_bytes:
        raise ValueError(f"{size} bytes are too many")
    with _parsing(), open(path, "rb") as stream, np.load(stream, allow_pickle=False) as file:
        return dict(file)


def read_npy(path: str | os.PathLike[str]) -> NDArray[Any]:
    """Read the array of a ``.npy`` file without unpickling objects.

    A file that is shorter than its header says is refused before memory is taken for it.

    Raises
    ------
    OSError, ValueError, TypeError, SyntaxError, OverflowError, tokenize.TokenError
        If the file cannot be read or is damaged.
    """
    with _parsing():
        stored = np.lib.format.open_memmap(path, mode="r")
    order: Literal["C", "F"] = "C" if stored.flags.c_contiguous else "F"
    # Pages of the map are not touched: that would end the process if the file were truncated now.
    values = np.fromfile(path, stored.dtype, stored.size, offset=stored.offset)
    return values.reshape(stored.shape, order=order)


@contextmanager
def _parsing() -> Iterator[None]:
    """Let one thread parse headers, without a warning about those that Python 2 wrote."""
    with _PARSING, warnings.catch_warnings():
        warnings.filterwarnings("ignore", _OLD_HEADER, UserWarning)
        yield
