"""Loops that numba compiles. Importing this module costs the import of numba."""

from collections.abc import Callable
from typing import TypeVar, cast

import numba

_Loop = TypeVar("_Loop", bound=Callable[..., object])


def compiled(loop: _Loop) -> _Loop:
    """Compile a loop at its first call, and keep the machine code on disk where that is allowed."""
    try:
        return cast(_Loop, numba.njit(cache=True, nogil=True)(loop))
    except RuntimeError:  # neither the package nor the user's cache folder can be written
        return cast(_Loop, numba.njit(nogil=True)(loop))
