"""Numpy's own files, whose headers one thread at a time may read.

Numpy parses headers as Python text. Where two threads do that at once, Python 3.11 may raise
``SystemError: AST constructor recursion depth mismatch`` (python/cpython issue 106905).
"""

import os
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

_PARSING = Lock()


def read_npz(path: str | os.PathLike[str]) -> dict[str, NDArray[Any]]:
    """Read all arrays of a ``.npz`` file; unpickle nothing.

    Raises
    ------
    Exception
        When the file is damaged: of as many kinds as zip and numpy know.
    """
    with _PARSING, open(path, "rb") as stream, np.load(stream, allow_pickle=False) as file:
        return dict(file)


def map_npy(path: str | os.PathLike[str]) -> "np.memmap[Any, Any]":
    """Map the array of a ``.npy`` file into memory, to be read; unpickle nothing.

    Raises
    ------
    OSError, ValueError, TypeError, SyntaxError, OverflowError, tokenize.TokenError
        When the file cannot be read, or is damaged.
    """
    with _PARSING:
        return np.lib.format.open_memmap(path, mode="r")
