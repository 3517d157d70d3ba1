"""The tutorial and the pages of the panels, in a window of their own."""

from pathlib import Path

from qtpy.QtCore import QSize, QUrl
from qtpy.QtGui import QHideEvent
from qtpy.QtWidgets import QDialog, QPushButton, QTextBrowser, QVBoxLayout, QWidget

from napari_drpnet.project.files.help_pages import TUTORIAL, pages_folder, read_page
from napari_drpnet.project.view import ViewState

_SIZE = QSize(640, 680)


class HelpWindow(QDialog):
    """The tutorial; shown while ``view.show_tutorial`` is set.

    Parameters
    ----------
    view : ViewState
        State of the view.
    parent : QWidget
        Window that it belongs to.

    Attributes
    ----------
    browser : QTextBrowser
        Text of the page.
    back : QPushButton
        Button that returns to the page before.
    """

    def __init__(self, view: ViewState, parent: QWidget) -> None:
        super().__init__(parent)
        self._view = view
        self.setWindowTitle("Tutorial")
        self.resize(_SIZE)
        self.browser = _Pages()
        self.back = QPushButton("Back")
        self.back.setEnabled(False)
        self.back.clicked.connect(self.browser.backward)
        self.browser.backwardAvailable.connect(self.back.setEnabled)
        layout = QVBoxLayout(self)
        layout.addWidget(self.browser)
        layout.addWidget(self.back)
        view.events.show_tutorial.connect(self._show)

    def hideEvent(self, event: QHideEvent) -> None:
        """Note that it was closed."""
        super().hideEvent(event)
        self._view.show_tutorial = False

    def _show(self, shown: bool) -> None:
        if shown and self.browser.source().isEmpty():
            self.browser.setSource(QUrl.fromLocalFile(str(pages_folder() / TUTORIAL)))
        self.setVisible(shown)
        if shown:
            self.raise_()


class _Pages(QTextBrowser):
    """Text of a page; links of the web open in the browser of the desktop."""

    def __init__(self) -> None:
        super().__init__()
        self.setOpenExternalLinks(True)

    def loadResource(self, kind: int, url: QUrl) -> object:
        path = Path(url.toLocalFile())
        if path.suffix != ".md":
            return super().loadResource(kind, url)
        try:
            return read_page(path)
        except OSError as error:
            return f"This page cannot be read: {error}"
