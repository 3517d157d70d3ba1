"""Question where the micrographs of a project are now, asked if files are missing."""

from qtpy.QtCore import QObject, Qt
from qtpy.QtWidgets import QMessageBox, QWidget

from napari_drpnet.base.wording import counted
from napari_drpnet.plugin.table.open_button import ask_for_moved
from napari_drpnet.project.session import Session

_TITLE = "Missing micrographs"


class MovedQuestion(QObject):
    """Ask for the folder of moved micrographs when a project is opened whose files are missing.

    The window goes on meanwhile. Without an answer the project stays as it is.

    Parameters
    ----------
    window : QWidget
        Window that shows the question, which becomes the parent of this object.
    session : Session
        Session that opens projects.
    """

    def __init__(self, window: QWidget, session: Session) -> None:
        super().__init__(window)
        self._session = session
        session.relocator.missed.connect(self._ask)

    def _ask(self, missing: int, total: int) -> None:
        text = f"The files of {missing:,} of {counted(total, 'micrograph')} are missing."
        box = QMessageBox(QMessageBox.Icon.Question, _TITLE, text, parent=self.parent())
        box.setInformativeText(
            "If they were moved, choose the folder where they are now. Labels, strokes and picks "
            "stay. Open… can do this later, too."
        )
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        choose = box.addButton("Choose folder…", QMessageBox.ButtonRole.AcceptRole)
        box.addButton("Not now", QMessageBox.ButtonRole.RejectRole)
        choose.clicked.connect(self._choose)
        box.open()

    def _choose(self) -> None:
        ask_for_moved(self._session, self.parent())
