"""Question before the window closes, asked only if something would be lost."""

from collections.abc import Callable

from qtpy.QtCore import QEvent, QObject, QTimer
from qtpy.QtWidgets import QApplication, QDialog, QMainWindow, QMessageBox, QWidget

#: Class of the dialog in which napari asks whenever there are layers.
_NAPARI_DIALOG = "ConfirmCloseDialog"
_TITLE = "Close the window?"


class ClosingQuestion(QObject):
    """Ask before a window closes if work is unfinished, and otherwise not.

    napari itself asks whenever there are layers. It still does so if some of them are not the
    picker's.

    Parameters
    ----------
    window : QWidget
        Window to watch, which becomes the parent of this object.
    find_unfinished : callable
        Function that returns sentences about what would be lost; empty if nothing would be.
    has_other_layers : callable
        Function that returns whether the viewer has layers of other plugins or of the user.
    """

    def __init__(
        self,
        window: QWidget,
        find_unfinished: Callable[[], list[str]],
        has_other_layers: Callable[[], bool],
    ) -> None:
        super().__init__(window)
        self._find_unfinished, self._has_other_layers = find_unfinished, has_other_layers
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Decide about a click on the closing button of the window, and about napari's question."""
        if event.type() == QEvent.Type.Close and event.spontaneous():
            return self._decide(event)
        if event.type() == QEvent.Type.ChildPolished:
            dialog = event.child()
            if isinstance(dialog, QDialog) and type(dialog).__name__ == _NAPARI_DIALOG:
                QTimer.singleShot(0, lambda: self._answer(dialog))
        return False

    def _decide(self, event: QEvent) -> bool:
        """Return whether the event was handled here; napari handles it otherwise."""
        unfinished = self._find_unfinished()
        if self._has_other_layers() and not unfinished:
            return False
        event.ignore()
        if not unfinished or self._may_close(unfinished):
            QTimer.singleShot(0, self.parent().close)  # napari does not ask a program
        return True

    def _may_close(self, unfinished: list[str]) -> bool:
        close, cancel = QMessageBox.StandardButton.Close, QMessageBox.StandardButton.Cancel
        text = "\n".join([*unfinished, "What is not finished is lost if you close now."])
        answer = QMessageBox.question(self.parent(), _TITLE, text, close | cancel, cancel)
        return bool(answer == close)

    def _answer(self, dialog: QDialog) -> None:
        """Accept napari's question, asked after a key, if nothing is lost."""
        if not self._find_unfinished() and not self._has_other_layers() and _is_only_window():
            dialog.accept()


def _is_only_window() -> bool:
    """Return whether there is only one main window, since the key may close all of them."""
    windows = QApplication.topLevelWidgets()
    shown = [each for each in windows if isinstance(each, QMainWindow) and each.isVisible()]
    return len(shown) <= 1
