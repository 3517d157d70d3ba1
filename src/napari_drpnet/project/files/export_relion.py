"""The file that RELION takes as input coordinates of many micrographs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from napari_drpnet.batch.entries import PICKS
from napari_drpnet.batch.folder.outputs import (
    INDEX,
    coordinate_endings,
    find_indexed,
    index_rows,
    relative_to_project,
)
from napari_drpnet.images.micrograph import TIFF_SUFFIXES
from napari_drpnet.relion.lists import (
    project_folder,
    read_index,
    write_coords_suffix,
    write_index,
)
from napari_drpnet.relion.pipeline import RelionVersion

_OPEN_LIST = "open that list (micrographs.star) instead of the micrographs, and export again"


def relion_project(micrographs_star: Path | None, names: Iterable[str]) -> Path:
    """Tell where RELION's paths start.

    Parameters
    ----------
    micrographs_star : pathlib.Path or None
        RELION's list of micrographs.
    names : iterable of str
        Micrographs in it.

    Returns
    -------
    pathlib.Path
        The project folder of that list; the working folder where there is none.
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
    """Write what a version of RELION takes as input coordinates.

    Parameters
    ----------
    folder : pathlib.Path
        Where the coordinate files are.
    files : mapping of str to tuple of str
        The coordinate files of each micrograph, by its name in RELION's list, relative to `folder`.
    relion : {'3.1', '4', '5'}
        The first takes the place of the list of micrographs, the others pairs of names and files.
    micrographs_star : pathlib.Path, optional
        RELION's list of micrographs. Paths start at its project folder, and without it at the
        working folder.
    extend : bool
        Keep other micrographs in an index that is there already.

    Returns
    -------
    pathlib.Path or None
        The file; None where no file is one that RELION reads, or RELION 3.1 would need the list.

    Raises
    ------
    InputFileError
        When an index to be extended cannot be read.
    OSError
        When the file cannot be written.
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
    names: Sequence[str],
    formats: tuple[str, ...],
    relion: RelionVersion,
    micrographs_star: Path | None = None,
) -> Iterator[str]:
    """Yield what else RELION needs before it takes the picks of these micrographs."""
    if find_indexed(coordinate_endings(formats)) is None:
        yield "RELION reads .star and .box files: choose one of them to have its index as well"
    elif micrographs_star is None and relion == "3.1":
        yield f"RELION 3.1 needs a file that says where its list of micrographs is: {_OPEN_LIST}"
    elif micrographs_star is None and any(Path(name).is_absolute() for name in names):
        yield f"RELION knows micrographs by the names in its list: {_OPEN_LIST}"
    if any(name.lower().endswith(TIFF_SUFFIXES) for name in names):
        yield (
            "RELION reads TIFF micrographs upside down: mirror these files "
            "(drpnet convert --flip-rows) before it uses them"
        )


def _write_suffix(
    folder: Path, suffix: str, micrographs_star: Path | None, project: Path
) -> Path | None:
    """Write the file whose name tells RELION 3.1 how coordinate files end."""
    if micrographs_star is None:
        return None
    star = relative_to_project(micrographs_star, project)
    return write_coords_suffix(folder, f"{PICKS}{suffix}", star)
