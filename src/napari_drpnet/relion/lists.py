"""The lists of a RELION project: its micrographs, and their coordinate files."""

import os
import re
from collections.abc import Container, Iterable
from dataclasses import dataclass
from os import PathLike
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.text import AnyPath, read_text, write_text
from napari_drpnet.relion.star_lines import star_lines
from napari_drpnet.relion.star_tables import (
    MICROGRAPH_NAME,
    Table,
    find_table,
    numbers,
    read_tables,
    write_table,
    write_tables,
)

#: Name of the list of micrographs that the user has selected in RELION.
SELECTED = "micrographs_selected.star"

COORDINATES = "rlnMicrographCoordinates"
OPTICS_GROUP, PIXEL_SIZE = "rlnOpticsGroup", "rlnMicrographPixelSize"
ORIGINAL_PIXEL_SIZE = "rlnMicrographOriginalPixelSize"
DETECTOR_PIXEL_SIZE, MAGNIFICATION = "rlnDetectorPixelSize", "rlnMagnification"
COORDS_SUFFIX = "coords_suffix"
DEFOCI = ("rlnDefocusU", "rlnDefocusV")
OPTICS_GROUP_NAME = "rlnOpticsGroupName"


@dataclass(frozen=True)
class MicrographEntry:
    """One micrograph of a RELION project.

    Parameters
    ----------
    name : str
        Exact value of ``_rlnMicrographName``, by which later jobs of RELION find the micrograph.
    path : pathlib.Path
        Path of the file, which need not exist.
    pixel_size_angstrom : float, optional
        Pixel size in Å, unbinned.
    defocus_angstrom : float, optional
        Mean of the two defocus values in Å, positive for underfocus.
    """

    name: str
    path: Path
    pixel_size_angstrom: float | None = None
    defocus_angstrom: float | None = None


def read_micrographs_star(path: AnyPath) -> list[MicrographEntry]:
    """Read a list of micrographs written by a job of RELION 2 to 5.

    Parameters
    ----------
    path : path-like
        Path of the list, such as ``CtfFind/job003/micrographs_ctf.star``.

    Returns
    -------
    list of MicrographEntry
        Micrographs in the order of the file, each name once. The pixel size is that of the optics
        group or, before RELION 3.1, the detector pixel size over the magnification. Relative names
        start at the project folder, see `project_folder`.

    Raises
    ------
    InputFileError
        If the file is not a STAR file, or has no micrograph names.
    """
    tables = read_tables(path)
    if not tables:
        return []
    table = find_table(path, tables, MICROGRAPH_NAME)
    names = table[MICROGRAPH_NAME]
    _require_names(path, names)
    folder = project_folder(path, names)
    columns = zip(names, _pixel_sizes(path, tables, table), _defoci(table), strict=True)
    entries: dict[str, MicrographEntry] = {}
    for name, pixel_size, defocus in columns:
        entry = MicrographEntry(name, folder / name, _positive(pixel_size), _known(defocus))
        entries.setdefault(name, entry)
    return list(entries.values())


def copy_micrographs_star(source: AnyPath, target: AnyPath, names: Container[str]) -> None:
    """Copy a list of micrographs with only some of its rows.

    Parameters
    ----------
    source : path-like
        Path of a list that `read_micrographs_star` can read.
    target : path-like
        File to create or replace. The rows that are kept and all other tables, such as the optics
        groups, are copied verbatim.
    names : container of str
        Values of ``_rlnMicrographName`` of the micrographs to keep.

    Raises
    ------
    InputFileError
        If `source` cannot be read.
    OSError
        If `target` cannot be written.
    """
    labels: list[str] = []
    kept = []
    for line in star_lines(source, read_text(source)):
        if line.kind == "block":
            labels = []
        elif line.kind == "label":
            labels.append(line.words[0].removeprefix("_"))
        elif line.kind == "row" and MICROGRAPH_NAME in labels:
            place = labels.index(MICROGRAPH_NAME)
            if "".join(line.words[place : place + 1]) not in names:
                continue
        kept.append(line.text)
    write_text(target, "".join(kept))


def write_micrographs_star(path: AnyPath, entries: Iterable[MicrographEntry]) -> None:
    """Write a new list of micrographs, with an optics group for each pixel size.

    Parameters
    ----------
    path : path-like
        File to create or replace. It has names and pixel sizes. It lacks voltage and spherical
        aberration, which RELION's own lists have, because they are unknown here.
    entries : iterable of MicrographEntry
        Micrographs to list.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    entries = list(entries)
    sizes = list(dict.fromkeys(entry.pixel_size_angstrom for entry in entries))
    group_of = {size: str(number) for number, size in enumerate(sizes, start=1)}
    optics = {
        OPTICS_GROUP_NAME: [f"opticsGroup{group}" for group in group_of.values()],
        OPTICS_GROUP: list(group_of.values()),
        PIXEL_SIZE: ["<NA>" if size is None else f"{size:.6f}" for size in sizes],
    }
    micrographs = {
        MICROGRAPH_NAME: [entry.name for entry in entries],
        OPTICS_GROUP: [group_of[entry.pixel_size_angstrom] for entry in entries],
    }
    write_tables(path, {"optics": optics, "micrographs": micrographs})


def project_folder(star: AnyPath, names: Iterable[str]) -> Path:
    """Find the folder to which the relative names in a list of micrographs refer.

    Parameters
    ----------
    star : path-like
        Path of the list.
    names : iterable of str
        File names in the list.

    Returns
    -------
    pathlib.Path
        The working folder, or else the nearest ancestor of the list, in which one of the files
        exists. If none exists anywhere, the working folder.
    """
    folders = [Path.cwd(), *Path(star).absolute().parents]
    for name in names:
        for folder in folders:
            if os.path.exists(folder / name):
                return folder
    return folders[0]


def read_index(path: AnyPath) -> list[tuple[str, str]]:
    """Read an index of coordinate files, written by `write_index` or by RELION.

    Parameters
    ----------
    path : path-like
        Path of the index, such as ``AutoPick/job010/autopick.star``.

    Returns
    -------
    list of (str, str)
        Name of each micrograph and path of its coordinate file, as written in the index.

    Raises
    ------
    InputFileError
        If the file is not a STAR file, or does not list coordinate files.
    """
    tables = read_tables(path)
    if not tables:
        return []
    table = find_table(path, tables, MICROGRAPH_NAME, COORDINATES)
    return list(zip(table[MICROGRAPH_NAME], table[COORDINATES], strict=True))


def write_index(path: AnyPath, rows: Iterable[tuple[str, str | PathLike[str]]]) -> None:
    """Write the index that RELION 4 and 5 take as input coordinates (``autopick.star``).

    Parameters
    ----------
    path : path-like
        File to create or replace.
    rows : iterable of (str, path-like)
        Name of each picked micrograph, exactly as in the list of micrographs, and path of its
        coordinate file relative to the project folder.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    pairs = [(name, Path(file).as_posix()) for name, file in rows]
    columns = {
        MICROGRAPH_NAME: [name for name, _ in pairs],
        COORDINATES: [file for _, file in pairs],
    }
    write_table(path, "coordinate_files", columns)


def write_coords_suffix(folder: AnyPath, ending: str, micrographs_star: AnyPath) -> Path:
    """Write the file that RELION 3.1 takes as input coordinates in place of an index.

    Parameters
    ----------
    folder : path-like
        Folder of the coordinate files, which lie in sub-folders as given by `autopick_path`.
    ending : str
        Ending of their names, such as ``_autopick.star``. RELION takes it from the name of the
        file written here.
    micrographs_star : path-like
        Path of RELION's list of the micrographs, relative to its project folder.

    Returns
    -------
    pathlib.Path
        Path of the file, such as ``coords_suffix_autopick.star`` in `folder`. It holds one line,
        the path of the list.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    path = Path(folder, f"{COORDS_SUFFIX}{ending}")
    write_text(path, f"{Path(micrographs_star).as_posix()}\n")
    return path


def autopick_path(micrograph_name: str, out_dir: AnyPath, pickname: str = "autopick") -> Path:
    """Return the path where RELION expects the picks of a micrograph.

    Parameters
    ----------
    micrograph_name : str
        Value of ``_rlnMicrographName``.
    out_dir : path-like
        Folder of the picking job.
    pickname : str
        Ending of the file name, ``autopick`` or ``manualpick``.

    Returns
    -------
    pathlib.Path
        Path in `out_dir`, made of the part of the name after its first ``/jobNNN/``, with its
        sub-folders and without its extension, and of ``_autopick.star`` (`filename.cpp`,
        decomposePipelineFileName). Leading ``/`` and any ``..`` are removed, so that the path
        stays below `out_dir`.

    Examples
    --------
    >>> autopick_path("MotionCorr/job002/Movies/a/b.mrc", "AutoPick/job010").as_posix()
    'AutoPick/job010/Movies/a/b_autopick.star'
    """
    micrograph = _inside_job(micrograph_name)
    return Path(out_dir, micrograph.with_name(f"{micrograph.stem}_{pickname}.star"))


def _inside_job(micrograph_name: str) -> PurePosixPath:
    """Return the part of a name after its first ``/jobNNN/``, without ``/`` and ``..``."""
    inside = re.sub(r"^(?:.*?/)??job\d{3}[^/]*/", "", micrograph_name, count=1)
    parts = PurePosixPath(inside).parts
    return PurePosixPath(*(part for part in parts if part not in ("/", "//", "..")))


def _require_names(path: AnyPath, names: Iterable[str]) -> None:
    for name in names:
        if PurePosixPath(name).name in ("", "..") or not _inside_job(name).name:
            kind = f"named {name!r}" if name else "without a name"
            raise InputFileError(path, f"has a micrograph {kind}", "Correct that row")


def _pixel_sizes(path: AnyPath, tables: dict[str, Table], table: Table) -> NDArray[np.float64]:
    optics = tables.get("optics")
    if (
        optics is not None
        and {OPTICS_GROUP, PIXEL_SIZE} <= set(optics.labels)
        and OPTICS_GROUP in table
    ):
        groups = numbers(path, optics, OPTICS_GROUP)
        size_of = dict(zip(groups, numbers(path, optics, PIXEL_SIZE), strict=True))
        return np.array([size_of.get(g, np.nan) for g in numbers(path, table, OPTICS_GROUP)])
    if PIXEL_SIZE in table:
        return numbers(path, table, PIXEL_SIZE)
    if {DETECTOR_PIXEL_SIZE, MAGNIFICATION} <= set(table.labels):
        micrometres, magnification = (
            numbers(path, table, column) for column in (DETECTOR_PIXEL_SIZE, MAGNIFICATION)
        )
        with np.errstate(all="ignore"):  # what is no plausible size is unknown, see `_positive`
            return np.where(magnification > 0, micrometres * 1e4 / magnification, np.nan)
    return np.full(len(table), np.nan)


def _defoci(table: Table) -> NDArray[np.float64]:
    """Return the defocus ``(n,)`` in Å; NaN where it is missing or no number."""
    columns = [[_number(word) for word in table[name]] for name in DEFOCI if name in table]
    return np.mean(columns, axis=0) if columns else np.full(len(table), np.nan)


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        return np.nan


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _positive(value: float) -> float | None:
    return _known(value) if value > 0 else None
