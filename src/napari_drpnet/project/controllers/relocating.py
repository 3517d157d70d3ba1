"""Micrographs of the open project whose files are missing, and are pointed to a new folder."""

from functools import partial
from pathlib import Path

from psygnal import Signal

from napari_drpnet.base.jobs import Job
from napari_drpnet.base.wording import counted, listed
from napari_drpnet.project.state.edits import MicrographRecord
from napari_drpnet.project.state.moved_micrographs import (
    MovedMicrographs,
    find_moved,
    missing_micrographs,
    relocation,
)
from napari_drpnet.project.workspace import Workspace

Records = list[MicrographRecord]


class Relocator:
    """Finds micrographs whose files were moved. Labels, edits and picks stay as they are.

    Parameters
    ----------
    workspace : Workspace
        Workspace with the open project.

    Attributes
    ----------
    missed : Signal
        Emitted with the number of micrographs whose files are missing, and the number of all, if
        some are missing when a project is opened.
    found : Signal
        Emitted when files were found.
    """

    missed = Signal(int, int)
    found = Signal()

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def check(self) -> None:
        """Look in a thread whether files are missing."""
        records = list(self._workspace.project.micrographs.values())
        self._workspace.runner.submit("missing", partial(_missing, records), self._take_missing)

    def find_in(self, folder: Path) -> None:
        """Look for missing files in a folder, in a thread, and point the project to them."""
        records = list(self._workspace.project.micrographs.values())
        self._workspace.failures.forget("missing")
        self._workspace.runner.submit("missing", partial(_find, records, folder), self._take_moved)

    def _take_missing(self, missing: Records) -> None:
        if missing:
            self.missed.emit(len(missing), len(self._workspace.project.micrographs))

    def _take_moved(self, moved: MovedMicrographs) -> None:
        workspace = self._workspace
        workspace.do(relocation(moved, workspace.project))
        if not (moved.before or moved.ambiguous or moved.unknown):
            workspace.notify("info", "No file of a micrograph is missing.")
            return
        if moved.after:
            self.found.emit()
            workspace.notify("info", f"{counted(len(moved.after), 'moved micrograph')} found.")
        if moved.ambiguous:
            names = listed([path.name for path in moved.ambiguous])
            text = f"Several files may be {names}: choose a folder that has each name once."
            workspace.notify("warning", text)
        if moved.unknown:
            names = listed([path.name for path in moved.unknown])
            workspace.notify("warning", f"Not in that folder: {names}.")


def _missing(records: Records, job: Job) -> Records:
    return missing_micrographs(records)


def _find(records: Records, folder: Path, job: Job) -> MovedMicrographs:
    return find_moved(records, folder)
