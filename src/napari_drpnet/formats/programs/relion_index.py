"""Reading of the coordinates of many micrographs through an index of RELION."""

import re
from pathlib import Path

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.text import AnyPath, read_text
from napari_drpnet.formats.coordinates import Coordinates
from napari_drpnet.formats.programs.box import read_box
from napari_drpnet.formats.programs.star import read_star
from napari_drpnet.relion.lists import (
    COORDINATES,
    COORDS_SUFFIX,
    autopick_path,
    project_folder,
    read_index,
    read_micrographs_star,
)

#: Content of an index of RELION 3.1: the path of the list of micrographs.
LIST_ALONE = re.compile(r"\s*[^\s#].*\.star\s*")


def is_index(head: str) -> bool:
    """Return whether a file is an index of coordinate files, given its beginning."""
    return f"_{COORDINATES}" in head or bool(LIST_ALONE.fullmatch(head))


def read_indexed(path: AnyPath) -> Coordinates:
    """Read all coordinate files listed in an index of RELION.

    Parameters
    ----------
    path : path-like
        Path of the index, such as ``autopick.star`` of RELION 4 and 5, or
        ``coords_suffix_autopick.star`` of 3.1.

    Returns
    -------
    Coordinates
        Coordinates of all micrographs, with the names in the index.

    Raises
    ------
    InputFileError
        If the index, or a file listed in it, cannot be used.
    """
    return Coordinates.joined([_read(file).named(name) for name, file in _pairs(path)])


def _read(file: Path) -> Coordinates:
    return read_star(file) if file.suffix.lower() == ".star" else read_box(file)


def _pairs(path: AnyPath) -> list[tuple[str, Path]]:
    """Return the name and the coordinate file of each micrograph."""
    text = read_text(path)
    if LIST_ALONE.fullmatch(text):
        return _pairs_by_suffix(Path(path), text.strip())
    rows = read_index(path)
    project = project_folder(path, (file for _, file in rows))
    return [(name, project / file) for name, file in rows]


def _pairs_by_suffix(path: Path, micrographs_star: str) -> list[tuple[str, Path]]:
    """Find coordinate files by the ending in the name of an index of RELION 3.1.

    Missing files are skipped, as in RELION.
    """
    if not path.name.startswith(f"{COORDS_SUFFIX}_"):
        reason = "has a name that does not give the ending of the coordinate files"
        remedy = f"Name it as RELION does, such as {COORDS_SUFFIX}_autopick.star"
        raise InputFileError(path, reason, remedy)
    ending = Path(path.name.removeprefix(f"{COORDS_SUFFIX}_"))
    star = project_folder(path, [micrographs_star]) / micrographs_star
    names = [entry.name for entry in read_micrographs_star(star)]
    files = [
        autopick_path(name, path.parent, ending.stem).with_suffix(ending.suffix) for name in names
    ]
    return [(name, file) for name, file in zip(names, files, strict=True) if file.exists()]
