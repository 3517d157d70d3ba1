"""Modifier keys that are pressed while a window has the focus."""

from qtpy.QtCore import QEvent, QObject, Qt, Signal
from qtpy.QtWidgets import QWidget

_FLAGS = {
    "Shift": Qt.KeyboardModifier.ShiftModifier,
    "Alt": Qt.KeyboardModifier.AltModifier,
    "Control": Qt.KeyboardModifier.ControlModifier,
}
_KEYS = {Qt.Key.Key_Shift: "Shift", Qt.Key.Key_Alt: "Alt", Qt.Key.Key_Control: "Control"}


class Modifiers(QObject):
    """Emit the modifier keys that are pressed, whichever widget of a window has the focus.

    Parameters
    ----------
    window : QWidget
        Window to watch, which becomes the parent of this object.
    """

    #: Emitted with the names of the pressed keys (frozenset of str), as napari names them.
    changed = Signal(object)

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        window.installEventFilter(self)
        self._watch()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Look at the keys of the native window, which gets them before its widgets do."""
        kind = event.type()
        if watched is self.parent():
            if kind == QEvent.Type.Show:
                self._watch()
        elif kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease) and event.key() in _KEYS:
            names = {name for name, flag in _FLAGS.items() if event.modifiers() & flag}
            change = names.add if kind == QEvent.Type.KeyPress else names.discard
            change(_KEYS[event.key()])
            self.changed.emit(frozenset(names))
        return False

    def _watch(self) -> None:
        """Watch the native window, which there is from the first time that it is shown."""
        handle = self.parent().windowHandle()
        if handle is not None:
            handle.installEventFilter(self)  # once: a second time only moves it to the front
