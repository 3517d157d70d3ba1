"""Pairing of coordinate files of picks and of truth by micrograph."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.text import AnyPath
from napari_drpnet.formats import Coordinates, fitting_formats, read_coordinates
from napari_drpnet.images.micrograph import SUFFIXES
from napari_drpnet.relion.pipeline import STAR_FILES

#: File suffixes searched for in a folder, the most precise format of a micrograph first.
_PREFERENCE = (".csv", ".cbox", ".star", ".box", ".txt")
_PICKNAMES = ("_autopick", "_manualpick")
#: Files about many micrographs written by `drpnet pick` and RELION, which are left out.
_SUMMARIES = (
    *("autopick.star", "manualpick.star", "coords_suffix*"),
    *("candidates.csv", "summary.csv", "cryosparc.star"),
    *STAR_FILES,
)

CoordinateSet = dict[PurePosixPath, Coordinates]


@dataclass(frozen=True, eq=False)
class Pairing:
    """Picks and truth of the same micrographs.

    Parameters
    ----------
    pairs : dict of str to (Coordinates, Coordinates)
        Picks and truth by the name of the micrograph. The picks are empty if there are none.
    unlabelled : tuple of str
        Names of micrographs that have picks but no truth.
    """

    pairs: dict[str, tuple[Coordinates, Coordinates]]
    unlabelled: tuple[str, ...]


def pair_coordinates(picks: AnyPath, truth: AnyPath) -> Pairing:
    """Read picks and truth, and pair them by micrograph.

    Parameters
    ----------
    picks, truth : path-like
        Folder that is searched recursively for ``.csv``, ``.cbox``, ``.star`` and ``.box`` files
        and Topaz's ``.txt`` tables, or one such file. A file with the name of the micrograph in
        each row may hold many micrographs. Any other file belongs to the micrograph that it is
        named after, optionally with ``_autopick`` or ``_manualpick`` at the end.

    Returns
    -------
    Pairing
        Picks and truth, paired by the names of the micrographs. Folders in the names are compared
        only if two names in one set are equal without them, and then only as many of the last
        folders as tell them apart. Two single files with one micrograph each are always paired.

    Raises
    ------
    InputFileError
        If a file cannot be used, a folder has no such file, or no micrograph has both.
    """
    picked, true = read_coordinate_set(Path(picks)), read_coordinate_set(Path(truth))
    if len(picked) == len(true) == 1 and not Path(picks).is_dir() and not Path(truth).is_dir():
        true = dict(zip(picked, true.values(), strict=True))
    else:
        key = pairing_key(picked, true)
        picked, true = ({key(path): group[path] for path in group} for group in (picked, true))
    if not picked.keys() & true.keys():
        reason = (
            "no micrograph has both picks and truth; "
            f"the first with picks is {min(picked)}, the first with truth {min(true)}"
        )
        raise InputFileError(picks, reason, "Name the files after their micrographs")
    nothing = Coordinates(np.empty((0, 2)), np.empty(0))
    return Pairing(
        {str(path): (picked.get(path, nothing), true[path]) for path in true},
        tuple(str(path) for path in picked if path not in true),
    )


def finite_scores(coordinates: Coordinates) -> NDArray[np.float64]:
    """Return the scores ``(n,)`` with missing ones set to the lowest; all 0 if none is known."""
    known = coordinates.score[~np.isnan(coordinates.score)]
    return np.nan_to_num(coordinates.score, nan=known.min(initial=np.inf) if known.size else 0.0)


def pairing_key(
    *groups: Collection[PurePosixPath],
) -> Callable[[PurePosixPath], PurePosixPath]:
    """Return the function that maps a path to the key of its micrograph.

    The key is the name with as many of its last folders as tell apart all paths within each group.
    Trees that differ by folders at the top therefore have the same keys.
    """
    depth = 1
    while any(len({_end(path, depth) for path in group}) < len(set(group)) for group in groups):
        depth += 1
    return lambda path: _end(path, depth)


def _end(path: PurePosixPath, depth: int) -> PurePosixPath:
    return PurePosixPath(*path.parts[-depth:])


def read_coordinate_set(source: Path) -> CoordinateSet:
    """Read a coordinate file, or all coordinate files in a folder.

    Parameters
    ----------
    source : pathlib.Path
        File or folder, as for `pair_coordinates`.

    Returns
    -------
    dict of pathlib.PurePosixPath to Coordinates
        Coordinates of each micrograph. The key is the path of its file relative to the folder or,
        if the file has names of micrographs, the name in the file; see `bare_path`.

    Raises
    ------
    InputFileError
        If a file cannot be used, or a folder has no coordinate file.
    """
    if not source.exists():
        raise InputFileError(source, "there is no such file or folder", "Check the name")
    if not source.is_dir():
        return _split(source, bare_path(source.name))
    files: dict[PurePosixPath, Path] = {}
    for suffix in reversed(_PREFERENCE):
        for file in sorted(source.rglob(f"*{suffix}")):
            below = file.relative_to(source)
            is_summary = any(file.match(pattern) for pattern in _SUMMARIES)
            is_note = suffix == ".txt" and not fitting_formats(file)
            is_hidden = any(part[0] == "." for part in below.parts)
            if not (is_summary or is_note or is_hidden):
                files[bare_path(below.as_posix())] = file
    if not files:
        kinds = ", ".join(_PREFERENCE)
        raise InputFileError(source, f"no {kinds} file in this folder", "Check its name")
    return {
        micrograph: coordinates
        for key in sorted(files)
        for micrograph, coordinates in _split(files[key], key).items()
    }


def _split(file: Path, key: PurePosixPath) -> CoordinateSet:
    """Read a file and split it by the names in its rows; without names, return it under `key`."""
    coordinates = read_coordinates(file)
    if not coordinates.micrograph_names:
        return {key: coordinates}
    rows: dict[PurePosixPath, list[int]] = {}
    for row, name in enumerate(coordinates.micrograph_names):
        rows.setdefault(bare_path(name), []).append(row)
    return {name: coordinates.where(np.array(its)) for name, its in rows.items()}


def bare_path(name: str) -> PurePosixPath:
    """Remove suffixes and endings such as ``_autopick`` from a file name, but keep its folders."""
    for ending in (*_PREFERENCE, *_PICKNAMES, *sorted(SUFFIXES, key=len, reverse=True)):
        if name.lower().endswith(ending):
            name = name[: -len(ending)]
    return PurePosixPath(name)
