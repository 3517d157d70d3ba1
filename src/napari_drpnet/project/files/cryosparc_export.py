"""The one file in which cryoSPARC finds the particles of many micrographs."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from napari_drpnet.formats import Coordinates, read_coordinates, write_coordinates

CRYOSPARC = "cryosparc.star"


def write_cryosparc(folder: Path, picked: Iterable[Coordinates], *, extend: bool) -> Path:
    """Write what cryoSPARC's job *Import Particles* takes.

    Parameters
    ----------
    folder : pathlib.Path
        Where the file goes.
    picked : iterable of Coordinates
        Of one micrograph each, whose name the rows have.
    extend : bool
        Keep other micrographs in a file that is there already.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    InputFileError
        When a file to be extended cannot be read.
    OSError
        When the file cannot be written.
    """
    path, parts = folder / CRYOSPARC, list(picked)
    if extend and path.exists():
        old, new = read_coordinates(path, "relion"), Coordinates.joined(parts)
        ours = set(new.micrograph_names or ())
        others = np.array([name not in ours for name in old.micrograph_names or ()], bool)
        parts = [old.where(others), new]
    write_coordinates(path, Coordinates.joined(parts), format_name="cryosparc")
    return path
