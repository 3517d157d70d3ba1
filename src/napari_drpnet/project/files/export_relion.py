"""Index file that RELION takes as the input coordinates of many micrographs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from napari_drpnet.batch.entries import PICKS
from napari_drpnet.batch.folder.outputs import (
    INDEX,
    index_rows,
    relative_to_project,
)
from napari_drpnet.relion.lists import (
    project_folder,
    read_index,
    write_coords_suffix,
    write_index,
)
from napari_drpnet.relion.pipeline import RelionVersion

_OPEN_LIST = "open that list (micrographs.star) instead of the micrographs, and export again"


def relion_project(micrographs_star: Path | None, names: Iterable[str]) -> Path:
    """Return the folder to which RELION's paths are relative.

    Parameters
    ----------
    micrographs_star : pathlib.Path or None
        RELION's list of micrographs.
    names : iterable of str
        Names of micrographs in the list.

    Returns
    -------
    pathlib.Path
        Project folder of the list; the working folder if there is no list.
    """
    return project_folder(micrographs_star, names) if micrographs_star else Path.cwd()


def write_relion_index(
    folder: Path,
    files: Mapping[str, tuple[str, ...]],
    relion: RelionVersion,
    *,
    micrographs_star: Path | None = None,
    extend: bool = False,
) -> Path | None:
    """Write the file that a version of RELION takes as input coordinates.

    Parameters
    ----------
    folder : pathlib.Path
        Folder of the coordinate files.
    files : mapping of str to tuple of str
        Coordinate files of each micrograph, by its name in RELION's list, relative to `folder`.
    relion : {'3.1', '4', '5'}
        Version of RELION. The file for 3.1 contains the path of the list of micrographs, that for
        later versions contains pairs of micrographs and coordinate files.
    micrographs_star : pathlib.Path, optional
        RELION's list of micrographs. Paths are relative to its project folder; without a list, to
        the working folder.
    extend : bool
        Whether to keep other micrographs in an existing index.

    Returns
    -------
    pathlib.Path or None
        Path of the file; None if there are no coordinate files, or if RELION 3.1 needs a list of
        micrographs and there is none.

    Raises
    ------
    InputFileError
        If an existing index to be extended cannot be read.
    OSError
        If the file cannot be written.
    """
    project = relion_project(micrographs_star, files)
    rows = list(index_rows(folder, files.items(), project))
    if not rows:
        return None
    if relion == "3.1":
        return _write_suffix(folder, rows[0][1].suffix, micrographs_star, project)
    index = folder / INDEX
    others = read_index(index) if extend and index.exists() else []
    write_index(index, [*(row for row in others if row[0] not in files), *rows])
    return index


def relion_notes(
    names: Sequence[str], relion: RelionVersion, micrographs_star: Path | None = None
) -> Iterator[str]:
    """Yield notes for the user on what else RELION needs to read the picks of micrographs."""
    if micrographs_star is None and relion == "3.1":
        yield f"RELION 3.1 needs a file that says where its list of micrographs is: {_OPEN_LIST}"
    elif micrographs_star is None and any(Path(name).is_absolute() for name in names):
        yield f"RELION knows micrographs by the names in its list: {_OPEN_LIST}"


def _write_suffix(
    folder: Path, suffix: str, micrographs_star: Path | None, project: Path
) -> Path | None:
    """Write the file whose name contains the suffix of coordinate files for RELION 3.1."""
    if micrographs_star is None:
        return None
    star = relative_to_project(micrographs_star, project)
    return write_coords_suffix(folder, f"{PICKS}{suffix}", star)
