"""Events of the window that contains a viewer."""

from qtpy.QtCore import QCoreApplication, QEvent, QObject, QTimer, Signal
from qtpy.QtOpenGLWidgets import QOpenGLWidget
from qtpy.QtWidgets import QDialog, QWidget


class HostWindow(QObject):
    """Emit signals at regular intervals, and when the window closes.

    Parameters
    ----------
    window : QWidget
        Window to watch, which becomes the parent of this object.
    tick_ms : int
        Interval between two ticks, in milliseconds.
    """

    #: Emitted when the window has closed or is deleted, or when the program ends; possibly more
    #: than once.
    closed = Signal()
    #: Emitted at regular intervals until `stop`.
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
        """Stop the ticks."""
        self._timer.stop()

    def make_canvas_current(self) -> None:
        """Make the OpenGL context of napari's canvas the current one."""
        canvas = self.parent().findChild(QOpenGLWidget)
        if canvas is not None:
            canvas.makeCurrent()

    def unfold_messages(self) -> None:
        """Show the whole text of napari's notifications, of which it shows only the first line."""
        for dialog in self.parent().findChildren(QDialog):
            if dialog.property("expanded") is False:  # only notifications have this property
                dialog.expand()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Emit `closed` when the window hides after a close event, which the user may cancel."""
        if event.type() == QEvent.Type.Close:
            self._is_asked = True
        elif event.type() == QEvent.Type.Hide and self._is_asked and not event.spontaneous():
            self.closed.emit()
        return False
