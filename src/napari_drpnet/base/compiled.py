"""Compilation of loops by numba. Importing this module imports numba, which is slow."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

_Loop = TypeVar("_Loop", bound=Callable[..., object])


def compiled(loop: _Loop) -> _Loop:
    """Compile a loop at its first call and cache the machine code on disk where possible."""
    try:
        dispatcher = numba.njit(cache=True, nogil=True)(loop)
    except RuntimeError:  # neither the package nor the user's cache folder is writable
        dispatcher = numba.njit(nogil=True)(loop)
    return cast(_Loop, _Interruptible(dispatcher))


class _Interruptible:
    """A compiled loop that raises `KeyboardInterrupt` on Ctrl-C.

    It can be called from Python and from other compiled loops. Numba returns its result even if
    a signal handler has raised in the meantime. Python reports this as a chain of `SystemError`,
    in which the interrupt would be lost.
    """

    def __init__(self, dispatcher: Any) -> None:
        self.dispatcher = dispatcher

    @property
    def _numba_type_(self) -> Any:
        return self.dispatcher._numba_type_

    def __call__(self, *arguments: Any) -> Any:
        try:
            return self.dispatcher(*arguments)
        except SystemError as error:
            origin: BaseException = error
            while origin.__cause__ is not None:
                origin = origin.__cause__
            if isinstance(origin, KeyboardInterrupt):
                raise origin from None
            raise
