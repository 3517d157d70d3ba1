"""A main thread without an event loop, for the command line, notebooks and tests."""

import time
from collections.abc import Callable
from queue import Empty, SimpleQueue

_LOOK_AGAIN_S = 0.01


class MainThreadQueue:
    """Queue of functions for the main thread.

    Call it with a function, from any thread, to run that function later in the main thread.
    """

    def __init__(self) -> None:
        self._calls: SimpleQueue[Callable[[], None]] = SimpleQueue()

    def __call__(self, call: Callable[[], None]) -> None:
        """Add `call` to the queue."""
        self._calls.put(call)

    def run_pending(self) -> None:
        """Run all functions in the queue in order, including those added meanwhile."""
        while True:
            try:
                call = self._calls.get_nowait()
            except Empty:
                return
            call()

    def run_until(self, condition: Callable[[], bool], timeout: float) -> None:
        """Run the functions in the queue until `condition` holds.

        Parameters
        ----------
        condition : callable
            Condition, checked before and after each function, and at least every 10 ms.
        timeout : float
            Time limit in seconds.

        Raises
        ------
        TimeoutError
            If the condition does not hold in time.
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
