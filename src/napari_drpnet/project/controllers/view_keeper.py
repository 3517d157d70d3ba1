"""Saving of the display settings with the project."""

from contextlib import suppress
from pathlib import Path

from napari_drpnet.project.files.view_choice import ViewChoice
from napari_drpnet.project.workspace import Workspace

_FILE = "view.json"


class ViewKeeper:
    """Saves the display settings with the project, and shows them again when it is opened.

    A project without saved settings is shown with those of the project before.

    Parameters
    ----------
    workspace : Workspace
        Workspace whose view is saved.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._saved: ViewChoice | None = None
        workspace.project_changed.connect(self._recall)

    def save(self) -> None:
        """Save the settings if they have changed since they were last saved."""
        path = self._path
        view = self._workspace.view
        choice = ViewChoice(**{name: getattr(view, name) for name in ViewChoice.model_fields})
        if path is not None and choice != self._saved:
            with suppress(OSError):  # a full disk is reported when edits are saved
                choice.save(path)
                self._saved = choice

    def _recall(self) -> None:
        path, self._saved = self._path, None
        if path is not None and path.is_file():
            self._saved = ViewChoice.load(path)
            for name, value in self._saved:
                setattr(self._workspace.view, name, value)

    @property
    def _path(self) -> Path | None:
        """File of the settings in the folder of the open project; None if none is open."""
        store = self._workspace.store
        return store.folder / _FILE if store is not None else None
