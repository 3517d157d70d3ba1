"""Button that opens micrographs and projects, with its dialogs."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from qtpy.QtWidgets import QFileDialog, QMenu, QPushButton, QWidget

from napari_drpnet.images.micrograph import SUFFIXES
from napari_drpnet.project.sample_project import open_sample
from napari_drpnet.project.session import Session

_FILES = f"Micrographs ({' '.join(f'*{suffix}' for suffix in SUFFIXES)});;All files (*)"
_LISTS = "RELION lists (*.star);;All files (*)"


class OpenButton(QPushButton):
    """Button that opens micrographs and projects in a session.

    The dialogs start in the folder that was chosen last.

    Parameters
    ----------
    session : Session
        Session that opens the files.
    parent : QWidget, optional
        Parent widget.

    Attributes
    ----------
    recent : QMenu
        Menu of the projects that were opened last.
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__("Open…", parent)
        self._session = session
        self._last_folder = ""
        self.setToolTip("Open micrographs or a project; you can also drop them here")
        self.setMenu(self._make_menu())

    def _make_menu(self) -> QMenu:
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        for title, tooltip, slot in self._entries():
            menu.addAction(title, slot).setToolTip(tooltip)
        self.recent = menu.addMenu("Recent projects")
        self.recent.setToolTipsVisible(True)
        self.recent.menuAction().setToolTip("The projects that were opened last")
        menu.aboutToShow.connect(self._list_recent)
        return menu

    def _list_recent(self) -> None:
        """List the projects that were opened last; those that are gone cannot be chosen."""
        self.recent.clear()
        for folder in self._session.recent_projects:
            exists = folder.is_dir()
            name = folder.name.replace("&", "&&")
            entry = self.recent.addAction(name if exists else f"{name} (not found)")
            entry.setToolTip(str(folder))
            entry.setEnabled(exists)
            entry.triggered.connect(partial(self._session.open_project, folder))
        self.recent.setEnabled(not self.recent.isEmpty())

    def _entries(self) -> tuple[tuple[str, str, Callable[[], None]], ...]:
        sample = "Simulated micrograph with known particles; it is picked at once"
        return (
            ("Files…", "Micrographs: MRC, TIFF, PNG or JPEG", self._open_files),
            ("Folder…", "All micrographs in a folder and its sub-folders", self._open_folder),
            (
                "RELION list (micrographs.star)…",
                "Micrographs with RELION's names, pixel size and defocus",
                self._open_list,
            ),
            ("Project…", "A project folder; any other folder becomes one", self._open_project),
            (
                "Moved micrographs…",
                "Find missing micrographs of this project in the folder where they are now",
                lambda: ask_for_moved(self._session, self),
            ),
            ("Sample micrograph", sample, lambda: open_sample(self._session)),
        )

    def _open_files(self) -> None:
        self._open(self._ask_files())

    def _open_folder(self) -> None:
        folder = self._ask_folder("Open all micrographs in a folder")
        self._open([folder] if folder else [])

    def _open_list(self) -> None:
        file = self._ask_list()
        self._open([file] if file else [])

    def _open_project(self) -> None:
        folder = self._ask_folder("Open a project, or choose a folder for a new one")
        if folder:
            self._last_folder = str(folder)
            self._session.open_project(folder)

    def _open(self, paths: list[Path]) -> None:
        if paths:
            self._last_folder = str(paths[0] if paths[0].is_dir() else paths[0].parent)
            self._session.open_paths(paths)

    def _ask_files(self) -> list[Path]:
        title = "Open micrographs"
        names, _ = QFileDialog.getOpenFileNames(self, title, self._last_folder, _FILES)
        return [Path(name) for name in names]

    def _ask_list(self) -> Path | None:
        title = "Open the micrographs of a RELION list"
        name, _ = QFileDialog.getOpenFileName(self, title, self._last_folder, _LISTS)
        return Path(name) if name else None

    def _ask_folder(self, title: str) -> Path | None:
        name = QFileDialog.getExistingDirectory(self, title, self._last_folder)
        return Path(name) if name else None


def ask_for_moved(session: Session, parent: QWidget) -> None:
    """Ask for the folder of moved micrographs, and look for missing files in it."""
    if name := QFileDialog.getExistingDirectory(parent, "Folder of the moved micrographs"):
        session.relocator.find_in(Path(name))
