"""When a window is closed, or the whole program."""

from qtpy.QtCore import QCoreApplication, QEvent, QObject, Signal
from qtpy.QtWidgets import QWidget


class WindowWatch(QObject):
    """Tells that a window has closed, at once: Qt deletes it some events later.

    Parameters
    ----------
    window : QWidget
        Which one; the watch ends with it.
    """

    #: Also when the program ends, or the window is deleted; it may be sent more than once.
    closed = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._is_asked = False
        window.installEventFilter(self)
        window.destroyed.connect(self.closed)
        QCoreApplication.instance().aboutToQuit.connect(self.closed)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """See that the window hides after it was asked to close: napari may ask the user first."""
        if event.type() == QEvent.Type.Close:
            self._is_asked = True
        elif event.type() == QEvent.Type.Hide and self._is_asked and not event.spontaneous():
            self.closed.emit()
        return False
