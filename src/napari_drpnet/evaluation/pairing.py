"""Coordinate files of picks and of truth, brought together micrograph by micrograph."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.text import AnyPath
from napari_drpnet.formats import Coordinates, fitting_formats, read_coordinates
from napari_drpnet.images.micrograph import SUFFIXES

#: Suffixes that a folder is searched for; of several files of a micrograph, the most precise.
_PREFERENCE = (".csv", ".cbox", ".star", ".box", ".txt")
_PICKNAMES = ("_autopick", "_manualpick")
#: What `drpnet pick` and RELION write about many micrographs.
_SUMMARIES = (
    *("autopick.star", "manualpick.star", "coords_suffix*"),
    *("candidates.csv", "summary.csv", "cryosparc.star"),
)

CoordinateSet = dict[PurePosixPath, Coordinates]


@dataclass(frozen=True, eq=False)
class Pairing:
    """Picks and truth of the same micrographs.

    Parameters
    ----------
    pairs : dict
        ``(picks, truth)`` by the name of the micrograph. Where nothing was picked, the picks are
        empty.
    unlabelled : tuple of str
        Micrographs with picks and without truth.
    """

    pairs: dict[str, tuple[Coordinates, Coordinates]]
    unlabelled: tuple[str, ...]


def pair_coordinates(picks: AnyPath, truth: AnyPath) -> Pairing:
    """Read picks and truth, and bring those of the same micrograph together.

    Parameters
    ----------
    picks, truth : path-like
        A folder each, searched with its sub-folders for ``.csv``, ``.cbox``, ``.star`` and
        ``.box`` files and Topaz's ``.txt`` tables, or one such file. A file that names the
        micrograph of each row holds many micrographs; any other is about the one that it is named
        after, perhaps with ``_autopick`` at the end.

    Returns
    -------
    Pairing
        Micrographs are the same when their names agree, without folders unless two in one set
        have the same name. Two files about one micrograph each are always about the same.

    Raises
    ------
    InputFileError
        When a file cannot be used, a folder holds none, or no micrograph has both.
    """
    picked, true = read_coordinate_set(Path(picks)), read_coordinate_set(Path(truth))
    if len(picked) == len(true) == 1 and not Path(picks).is_dir() and not Path(truth).is_dir():
        true = dict(zip(picked, true.values(), strict=True))
    else:
        key = pairing_key(picked, true)
        picked, true = ({key(path): group[path] for path in group} for group in (picked, true))
    if not picked.keys() & true.keys():
        reason = f"no picks fit any truth: picks of {min(picked)} …, truth of {min(true)} …"
        raise InputFileError(picks, reason, "Name the files after their micrographs")
    nothing = Coordinates(np.empty((0, 2)), np.empty(0))
    return Pairing(
        {str(path): (picked.get(path, nothing), true[path]) for path in true},
        tuple(str(path) for path in picked if path not in true),
    )


def finite_scores(coordinates: Coordinates) -> NDArray[np.float64]:
    """Return scores where missing ones equal the lowest; all zero where there are none."""
    known = coordinates.score[~np.isnan(coordinates.score)]
    return np.nan_to_num(coordinates.score, nan=known.min(initial=np.inf) if known.size else 0.0)


def pairing_key(
    *groups: Collection[PurePosixPath],
) -> Callable[[PurePosixPath], PurePosixPath]:
    """Return what tells micrographs: their names without folders, unless a group has one twice."""
    if all(len({path.name for path in group}) == len(group) for group in groups):
        return lambda path: PurePosixPath(path.name)
    return lambda path: path


def read_coordinate_set(source: Path) -> CoordinateSet:
    """Read a coordinate file, or all those in a folder.

    Parameters
    ----------
    source : pathlib.Path
        As for `pair_coordinates`.

    Returns
    -------
    dict of pathlib.PurePosixPath to Coordinates
        By micrograph, see `bare_path`: below the folder, or as the file has it.

    Raises
    ------
    InputFileError
        When a file cannot be used, or a folder holds none.
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
    """Read a file; one micrograph under `key`, or many under the names in it."""
    coordinates = read_coordinates(file)
    if not coordinates.micrograph_names:
        return {key: coordinates}
    names = np.array([str(bare_path(name)) for name in coordinates.micrograph_names])
    return {PurePosixPath(name): coordinates.where(names == name) for name in dict.fromkeys(names)}


def bare_path(name: str) -> PurePosixPath:
    """Strip what the name of a file has beyond that of the micrograph; folders stay."""
    for ending in (*_PREFERENCE, *_PICKNAMES, *sorted(SUFFIXES, key=len, reverse=True)):
        name = name.removesuffix(ending)
    return PurePosixPath(name)
