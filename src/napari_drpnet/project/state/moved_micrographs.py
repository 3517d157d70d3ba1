"""Micrographs of a project whose files were moved, found again in a folder."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.formats.micrograph_names import match_paths
from napari_drpnet.images.micrograph import find_micrographs
from napari_drpnet.project.state.edits import (
    EditGroup,
    MicrographEdit,
    MicrographRecord,
    SettingsEdit,
)
from napari_drpnet.project.state.model import Project

Records = tuple[MicrographRecord, ...]


@dataclass(frozen=True)
class MovedMicrographs:
    """Micrographs whose files are missing, and where they are now.

    Parameters
    ----------
    before, after : tuple of MicrographRecord
        Micrographs that were found, with the old and with the new path.
    ambiguous, unknown : tuple of pathlib.Path
        Old paths of those for which several files may be meant, and of those without any.
    """

    before: Records = ()
    after: Records = ()
    ambiguous: tuple[Path, ...] = ()
    unknown: tuple[Path, ...] = ()


def missing_micrographs(records: Iterable[MicrographRecord]) -> list[MicrographRecord]:
    """Return the micrographs whose file is not there."""
    return [record for record in records if not os.path.exists(record.path)]


def find_moved(records: Sequence[MicrographRecord], folder: Path) -> MovedMicrographs:
    """Find the files of micrographs that are missing in a folder and all its sub-folders.

    A file is found by its name, and by as many of its folders as tell equal names apart; see
    `match_paths`. Files that other micrographs of the project have already do not count.

    Parameters
    ----------
    records : sequence of MicrographRecord
        All micrographs of the project.
    folder : pathlib.Path
        Folder into which they were moved.

    Returns
    -------
    MovedMicrographs
        The name of a micrograph changes only where it is the old path. That of RELION's list, the
        id and the names of its files in an output folder stay.

    Raises
    ------
    InputFileError
        If the folder does not exist.
    """
    missing = {str(record.path): record for record in missing_micrographs(records)}
    there = {os.path.realpath(each.path) for each in records if str(each.path) not in missing}
    files = [file for file in find_micrographs(folder) if os.path.realpath(file) not in there]
    matches = match_paths(missing, map(str, files))
    before = tuple(missing[path] for path in matches.found)
    return MovedMicrographs(
        before,
        tuple(_moved(record, matches.found[str(record.path)]) for record in before),
        tuple(Path(path) for path in matches.ambiguous),
        tuple(Path(path) for path in matches.unknown),
    )


def require_files(records: Iterable[MicrographRecord], how: str) -> None:
    """Raise `InputFileError` if the file of a micrograph is missing.

    Parameters
    ----------
    records : iterable of MicrographRecord
        Micrographs.
    how : str
        How to give the folder that they were moved to, for the message: ``with --micrographs``.
    """
    if missing := missing_micrographs(records):
        more = f" (and {len(missing) - 1:,} more)" if len(missing) > 1 else ""
        remedy = f"If it was moved, give the folder where it is now {how}"
        raise InputFileError(missing[0].path, f"this micrograph is missing{more}", remedy)


def point_to(project: Project, folder: Path) -> None:
    """Point a project in memory to the files of its missing micrographs in a folder.

    Raises
    ------
    InputFileError
        If the folder does not exist.
    """
    moved = find_moved(list(project.micrographs.values()), folder)
    if edit := relocation(moved, project):
        project.apply(edit)


def relocation(moved: MovedMicrographs, project: Project) -> EditGroup | None:
    """Return the edit that points a project to moved files; None if none was found.

    RELION's list is looked for where it must be if it was moved together with the micrographs.
    """
    if not moved.after:
        return None
    before = tuple(project.micrographs[record.id] for record in moved.before)
    after = tuple(
        now.model_copy(update={"name": new.name, "path": new.path})
        for now, new in zip(before, moved.after, strict=True)
    )
    micrographs = MicrographEdit(before=before, after=after)
    settings, star = project.settings, project.settings.micrographs_star
    new_star = _moved_star(moved, star) if star and not star.exists() else None
    if new_star is None:
        return EditGroup(title="Find moved micrographs", edits=(micrographs,))
    found = settings.model_copy(update={"micrographs_star": new_star})
    edits = micrographs, SettingsEdit(before=settings, after=found)
    return EditGroup(title="Find moved micrographs", edits=edits)


def _moved(record: MicrographRecord, path: str) -> MicrographRecord:
    new = Path(os.path.abspath(path))
    name = new.as_posix() if record.name == record.path.as_posix() else record.name
    return record.model_copy(update={"path": new, "name": name})


def _moved_star(moved: MovedMicrographs, star: Path) -> Path | None:
    """Return the new path of RELION's list, from the folders that differ in old and new paths."""
    for old, new in _roots(moved):
        if star.is_relative_to(old) and (place := new / star.relative_to(old)).is_file():
            return place
    return None


def _roots(moved: MovedMicrographs) -> Iterator[tuple[Path, Path]]:
    """Yield the folders in which old and new path of each micrograph begin to differ."""
    for before, after in zip(moved.before, moved.after, strict=True):
        old, new = before.path, after.path
        while old.name and old.name == new.name:
            old, new = old.parent, new.parent
        yield old, new
