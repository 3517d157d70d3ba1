"""One file with the particles of all micrographs, for programs that import a single file."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.formats import FORMATS, Coordinates, read_coordinates, write_coordinates


def write_joint(
    path: Path,
    format_name: str,
    picked: Mapping[str, Coordinates],
    *,
    extend: bool = False,
    may_empty: bool = False,
) -> tuple[bool, bool]:
    """Write one file with the particles of all micrographs.

    Parameters
    ----------
    path : pathlib.Path
        File to create or replace.
    format_name : str
        Format with the name of the micrograph in each row, a key of `FORMATS`.
    picked : mapping of str to Coordinates
        Picks of each micrograph by its name; at least one micrograph.
    extend : bool
        Whether to keep the particles of other micrographs in an existing file.
    may_empty : bool
        Whether a micrograph without picks loses its particles in an existing file, and a file with
        particles may be replaced by one without rows.

    Returns
    -------
    is_written : bool
        Whether the file was written; False if it would have had no rows.
    is_kept : bool
        Whether particles of micrographs without picks were kept.

    Raises
    ------
    InputFileError
        If an existing file of which particles are to be kept cannot be read, or if the format
        cannot tell these micrographs apart.
    OSError
        If the file cannot be written.
    """
    stored_name = FORMATS[format_name].stored_name
    exported = {stored_name(name) for name in picked}
    empty = {stored_name(name) for name, picks in picked.items() if not len(picks)}
    new = Coordinates.joined([picks.named(name) for name, picks in picked.items()])
    old = Coordinates.joined([])
    if path.exists() and (extend or (empty and not may_empty)):
        old = read_coordinates(path)
    names = old.micrograph_names or ()
    if may_empty:
        empty = set()
    elif len(old) and not len(new) and not extend:
        return False, True
    others = [name in empty or (extend and name not in exported) for name in names]
    rows = Coordinates.joined([old.where(np.array(others, bool)), new])
    try:
        write_coordinates(path, rows, format_name=format_name)
    except ValueError as error:
        remedy = "Export the micrographs of one folder at a time"
        raise InputFileError(path, str(error), remedy) from error
    return True, any(name in empty for name in names)
