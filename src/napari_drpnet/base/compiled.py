"""Loops that numba compiles. Importing this module costs the import of numba."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

_Loop = TypeVar("_Loop", bound=Callable[..., object])


def compiled(loop: _Loop) -> _Loop:
    """Compile a loop at its first call, and keep the machine code on disk where that is allowed."""
    try:
        dispatcher = numba.njit(cache=True, nogil=True)(loop)
    except RuntimeError:  # neither the package nor the user's cache folder can be written
        dispatcher = numba.njit(nogil=True)(loop)
    return cast(_Loop, _Interruptible(dispatcher))


class _Interruptible:
    """A compiled loop, for Python and for other compiled loops, that Ctrl-C ends as Ctrl-C.

    Numba returns its result although the handler of a signal has raised meanwhile, which Python
    reports as a `SystemError`, caused by others of that kind: ordinary errors, and the interrupt
    would be lost.
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
