"""The window that a viewer lives in, as far as the plugin needs it."""

from qtpy.QtCore import QCoreApplication, QEvent, QObject, QTimer, Signal
from qtpy.QtOpenGLWidgets import QOpenGLWidget
from qtpy.QtWidgets import QWidget


class HostWindow(QObject):
    """Tells when its window closes, and that time goes by; lends its canvas.

    Parameters
    ----------
    window : QWidget
        Which one; all of this ends with it.
    tick_ms : int
        Time between two ticks.
    """

    #: The window has closed, which Qt deletes some events later, or the program ends. It may be
    #: sent more than once.
    closed = Signal()
    #: Again and again, until `stop`.
    ticked = Signal()

    def __init__(self, window: QWidget, tick_ms: int) -> None:
        super().__init__(window)
        self._is_asked = False
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.ticked)
        self._timer.start(tick_ms)
        window.installEventFilter(self)
        window.destroyed.connect(self.closed)
        QCoreApplication.instance().aboutToQuit.connect(self.closed)

    def stop(self) -> None:
        """Tick no more."""
        self._timer.stop()

    def make_canvas_current(self) -> None:
        """Let what is done in OpenGL until the next event be done to the canvas of napari."""
        canvas = self.parent().findChild(QOpenGLWidget)
        if canvas is not None:
            canvas.makeCurrent()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """See that the window hides after it was asked to close: napari may ask the user first."""
        if event.type() == QEvent.Type.Close:
            self._is_asked = True
        elif event.type() == QEvent.Type.Hide and self._is_asked and not event.spontaneous():
            self.closed.emit()
        return False
