"""A main thread without an event loop, for the command line, notebooks and tests."""

import time
from collections.abc import Callable
from queue import Empty, SimpleQueue

_LOOK_AGAIN_S = 0.01


class MainThreadQueue:
    """What other threads want the main thread to do, kept until it looks.

    Call it with a function, from any thread, to have that function run later.
    """

    def __init__(self) -> None:
        self._calls: SimpleQueue[Callable[[], None]] = SimpleQueue()

    def __call__(self, call: Callable[[], None]) -> None:
        """Keep `call` for the main thread."""
        self._calls.put(call)

    def run_pending(self) -> None:
        """Run all that waits, and what is added meanwhile, in the order in which it came."""
        while True:
            try:
                call = self._calls.get_nowait()
            except Empty:
                return
            call()

    def run_until(self, condition: Callable[[], bool], timeout: float) -> None:
        """Run what comes, until `condition` holds.

        Parameters
        ----------
        condition : callable
            Asked before and after each call, and at least every 10 ms.
        timeout : float
            Seconds.

        Raises
        ------
        TimeoutError
            When the condition does not hold in time.
        """
        deadline = time.monotonic() + timeout
        while not condition():
            left = deadline - time.monotonic()
            if left < 0:
                raise TimeoutError(f"still waiting after {timeout:g} s")
            try:
                call = self._calls.get(timeout=min(left, _LOOK_AGAIN_S))
            except Empty:
                continue
            call()
