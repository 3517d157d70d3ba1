"""The projects that the user opened last."""

from contextlib import suppress
from pathlib import Path

from napari_drpnet.project.files.kept_choice import KeptChoice

#: Name of their file in the folder for projects, and their greatest number.
_FILE, _MOST = "recent.json", 10


class RecentProjects(KeptChoice):
    """Projects that the user opened last.

    Parameters
    ----------
    folders : tuple of pathlib.Path
        Their folders, the last one first; some may not exist any more.
    """

    folders: tuple[Path, ...] = ()


def recent_projects(root: Path) -> tuple[Path, ...]:
    """Return the folders of the projects that were opened last, the last one first.

    Parameters
    ----------
    root : pathlib.Path
        Folder for projects for which the user has chosen no folder.
    """
    return RecentProjects.load(root / _FILE).folders


def note_project(root: Path, folder: Path) -> None:
    """Put a project at the head of the list; nothing happens if the list cannot be written."""
    others = (other for other in recent_projects(root) if other != folder)
    recent = RecentProjects(folders=(folder, *others)[:_MOST])
    with suppress(OSError):
        root.mkdir(parents=True, exist_ok=True)
        recent.save(root / _FILE)
