"""Pairing of coordinate files of picks and of truth by micrograph."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.text import AnyPath
from napari_drpnet.formats import Coordinates, fitting_formats, read_coordinates
from napari_drpnet.formats.coordinates import rows_by_name
from napari_drpnet.formats.micrograph_names import bare_path, match_names, shortener
from napari_drpnet.relion.pipeline import STAR_FILES

#: File suffixes searched for in a folder, the most precise format of a micrograph first.
_PREFERENCE = (".csv", ".cbox", ".star", ".box", ".json", ".pos", ".txt")
#: Suffixes that files about other things have, too.
_SHARED = (".json", ".txt")
#: Files about many micrographs written by `drpnet pick` and RELION, which are left out.
_SUMMARIES = (
    *("autopick.star", "manualpick.star", "coords_suffix*"),
    *("candidates.csv", "summary.csv", "cryosparc.star"),
    *STAR_FILES,
)

CoordinateSet = dict[str, Coordinates]


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


def pair_coordinates(
    picks: AnyPath, truth: AnyPath, picks_scale: float = 1.0, truth_scale: float = 1.0
) -> Pairing:
    """Read picks and truth, and pair them by micrograph.

    Parameters
    ----------
    picks, truth : path-like
        Folder that is searched recursively for ``.csv``, ``.cbox``, ``.star``, ``.box`` and
        ``.pos`` files, Topaz's ``.txt`` tables and EMAN2's ``.json``, or one such file. A file with
        the name of the micrograph in each row may hold many micrographs. Any other file belongs to
        the micrograph that it is named after, optionally with ``_autopick`` or ``_manualpick`` at
        the end.
    picks_scale, truth_scale : float
        Unbinned pixels per pixel of the files, for coordinates in binned micrographs.

    Returns
    -------
    Pairing
        Picks and truth, paired by the names of the micrographs; see `match_names`. Two single files
        with one micrograph each are always paired.

    Raises
    ------
    InputFileError
        If a file cannot be used, a folder has no such file, or no micrograph has both.
    """
    picked = read_coordinate_set(Path(picks), picks_scale)
    true = read_coordinate_set(Path(truth), truth_scale)
    short = shortener(picked, true)
    if len(picked) == len(true) == 1 and not Path(picks).is_dir() and not Path(truth).is_dir():
        true = dict(zip(picked, true.values(), strict=True))
    else:
        found = match_names(picked, true).found
        picked = {found.get(name, name): its for name, its in picked.items()}
    if not picked.keys() & true.keys():
        reason = (
            "no micrograph has both picks and truth; "
            f"the first with picks is {min(picked)}, the first with truth {min(true)}"
        )
        raise InputFileError(picks, reason, "Name the files after their micrographs")
    nothing = Coordinates(np.empty((0, 2)), np.empty(0))
    return Pairing(
        {short(name): (picked.get(name, nothing), true[name]) for name in true},
        tuple(short(name) for name in picked if name not in true),
    )


def finite_scores(coordinates: Coordinates) -> NDArray[np.float64]:
    """Return the scores ``(n,)`` with missing ones set to the lowest; all 0 if none is known."""
    known = coordinates.score[~np.isnan(coordinates.score)]
    return np.nan_to_num(coordinates.score, nan=known.min(initial=np.inf) if known.size else 0.0)


def read_coordinate_set(source: Path, scale: float = 1.0) -> CoordinateSet:
    """Read a coordinate file, or all coordinate files in a folder.

    Parameters
    ----------
    source : pathlib.Path
        File or folder, as for `pair_coordinates`.
    scale : float
        Unbinned pixels per pixel of the files.

    Returns
    -------
    dict of str to Coordinates
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
        return _split(source, str(bare_path(source.name)), scale)
    files: dict[str, Path] = {}
    for suffix in reversed(_PREFERENCE):
        for file in sorted(source.rglob(f"*{suffix}")):
            below = file.relative_to(source)
            is_summary = any(file.match(pattern) for pattern in _SUMMARIES)
            is_note = suffix in _SHARED and not fitting_formats(file)
            is_hidden = any(part[0] == "." for part in below.parts)
            if not (is_summary or is_note or is_hidden):
                files[str(bare_path(below.as_posix()))] = file
    if not files:
        kinds = ", ".join(_PREFERENCE)
        raise InputFileError(source, f"no {kinds} file in this folder", "Check its name")
    return {
        micrograph: coordinates
        for key in sorted(files)
        for micrograph, coordinates in _split(files[key], key, scale).items()
    }


def _split(file: Path, key: str, scale: float) -> CoordinateSet:
    """Read a file and split it by the names in its rows; without names, return it under `key`."""
    coordinates = read_coordinates(file, scale=scale)
    if not coordinates.micrograph_names:
        return {key: coordinates}
    rows = rows_by_name(str(bare_path(name)) for name in coordinates.micrograph_names)
    return {name: coordinates.where(its) for name, its in rows.items()}
