"""Calls from any thread into Qt's event loop."""

from collections.abc import Callable
from contextlib import suppress

from qtpy.QtCore import QObject, Qt, Signal, Slot


class MainThread(QObject):
    """Run functions in the main thread; it may be called from any thread.

    Qt queues the calls, so they run in order, and between two events of the user.
    """

    _called = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._called.connect(self._run, Qt.ConnectionType.QueuedConnection)

    def __call__(self, call: Callable[[], None]) -> None:
        """Queue `call` to run in the main thread."""
        with suppress(RuntimeError):  # the window is deleted, and the call is not needed
            self._called.emit(call)

    @Slot(object)
    def _run(self, call: Callable[[], None]) -> None:
        call()
