"""One file with the particles of many micrographs, split into a file for each of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.paths import is_inside
from napari_drpnet.batch.entries import PICKS, BatchEntry, list_entries
from napari_drpnet.batch.folder.outputs import Outputs, require_folder, write_relion_lists
from napari_drpnet.formats import RELION_FORMATS, Coordinates, write_coordinates
from napari_drpnet.formats.coordinates import rows_by_name
from napari_drpnet.formats.micrograph_names import match_names
from napari_drpnet.images.image_files import header_shape

Rows = NDArray[np.intp]

_ENDING = f"{PICKS}.star"


@dataclass(frozen=True)
class Split:
    """Numbers of particles that were written and that were left out.

    Parameters
    ----------
    written : dict of str to int
        Particles by the name of each micrograph of the list, 0 where it has none.
    outside : int
        Particles left out because they lie outside of their micrograph.
    ambiguous, unknown : dict of str to int
        Particles left out by the name of their micrograph in the file: names that may mean several
        micrographs of the list, and names that mean none.
    """

    written: dict[str, int]
    outside: int
    ambiguous: dict[str, int]
    unknown: dict[str, int]


def split_coordinates(
    source: Path, coordinates: Coordinates, outputs: Outputs, *, overwrite: bool = False
) -> Split:
    """Write the coordinates of each micrograph of RELION's list, and RELION's index of them.

    The files lie where RELION expects those of a picking job, see `autopick_path`. Micrographs of
    the list without particles get files without rows.

    Parameters
    ----------
    source : pathlib.Path
        File of the coordinates, for error messages.
    coordinates : Coordinates
        Coordinates with `micrograph_names`, which are matched to the list by `match_names`.
    outputs : Outputs
        Output folder, RELION's list and its version; ``.star`` files are written. The working
        folder must be RELION's project.
    overwrite : bool
        Whether to replace coordinate files in the folder.

    Returns
    -------
    Split

    Raises
    ------
    InputFileError
        If the list cannot be used, the coordinates name none of its micrographs, a file exists, or
        the output folder is a file.
    ValueError
        If the coordinates have no names, or `outputs` has no list.
    OSError
        If a file cannot be written.
    """
    star = outputs.micrographs_star
    if coordinates.micrograph_names is None or star is None:
        raise ValueError("needs the micrograph of each row and RELION's list of micrographs")
    require_folder(outputs.folder)
    entries = list_entries([star], outputs.folder)
    rows = rows_by_name(coordinates.micrograph_names)
    matches = match_names(rows, (entry.micrograph.name for entry in entries))
    if not matches.found:
        reason = f"names no micrograph of {star}; its first one is {next(iter(rows), 'none')}"
        raise InputFileError(source, reason, "Give the list of the micrographs that were picked")
    _require_free(outputs, entries, overwrite)
    rows_of = {known: rows[name] for name, known in matches.found.items()}
    written = {
        entry.micrograph.name: _write(outputs, entry, coordinates, rows_of) for entry in entries
    }
    files = ((entry.micrograph.name, [f"{entry.output}{_ENDING}"]) for entry in entries)
    write_relion_lists(outputs, files)
    outside = sum(map(len, rows_of.values())) - sum(written.values())
    return Split(written, outside, _counts(matches.ambiguous, rows), _counts(matches.unknown, rows))


def _require_free(outputs: Outputs, entries: Iterable[BatchEntry], overwrite: bool) -> None:
    for entry in entries:
        if not is_inside(outputs.folder, entry.output):
            reason = f"the files of {entry.micrograph.name} would be outside this folder"
            raise InputFileError(outputs.folder, reason, "Choose another folder")
        path = outputs.path(entry, _ENDING)
        if path.exists() and not overwrite:
            raise InputFileError(path, "exists already", "Choose another folder, or overwrite it")


def _write(
    outputs: Outputs, entry: BatchEntry, coordinates: Coordinates, rows_of: Mapping[str, Rows]
) -> int:
    """Write the file of a micrograph, and return the number of particles in it."""
    path = outputs.path(entry, _ENDING)
    rows = rows_of.get(entry.micrograph.name, np.empty(0, np.intp))
    shape = header_shape(entry.micrograph.path)
    particles = replace(coordinates.where(rows), micrograph_names=None)
    write_coordinates(path, particles, shape, RELION_FORMATS[outputs.relion])
    return len(particles.on_whole_pixels(shape))


def _counts(names: Iterable[str], rows: Mapping[str, Rows]) -> dict[str, int]:
    return {name: len(rows[name]) for name in names}
