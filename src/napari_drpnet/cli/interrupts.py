"""Ctrl-C and SIGTERM, with which clusters and services end a program."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


def interrupts_raise() -> None:
    """Raise `KeyboardInterrupt` at Ctrl-C from now on, unless this program ignores Ctrl-C.

    Only the main thread can handle signals; in another thread this does nothing.
    """
    is_main = threading.current_thread() is threading.main_thread()
    if is_main and signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def sigterm_interrupts() -> Iterator[None]:
    """Raise `KeyboardInterrupt` on SIGTERM too, so that work ends in order.

    Only the main thread can handle signals; in another thread this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
