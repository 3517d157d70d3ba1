"""From any thread to Qt's event loop."""

from collections.abc import Callable
from contextlib import suppress

from qtpy.QtCore import QObject, Qt, Signal, Slot


class MainThread(QObject):
    """Runs functions in the thread of the window; call it from any thread.

    A queue of Qt's, so calls come in their order and between two events of the user.
    """

    _called = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._called.connect(self._run, Qt.ConnectionType.QueuedConnection)

    def __call__(self, call: Callable[[], None]) -> None:
        """Run `call` later."""
        with suppress(RuntimeError):  # the window is gone, and nobody waits any more
            self._called.emit(call)

    @Slot(object)
    def _run(self, call: Callable[[], None]) -> None:
        call()
