"""Picture of a micrograph with the coordinates of a file, to check a conversion."""

from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from napari_drpnet.formats import Coordinates
from napari_drpnet.formats.micrograph_names import match_names
from napari_drpnet.images.micrograph import read_micrograph
from napari_drpnet.images.preview import write_preview

#: Diameter of the rings if the file has no boxes, in unbinned pixels.
RING_PX = 100.0


def rows_of(micrograph: str | Path, coordinates: Coordinates) -> NDArray[np.bool_]:
    """Return which rows ``(n,)`` belong to a micrograph: all if they name none."""
    names = coordinates.micrograph_names
    if names is None:
        return np.ones(len(coordinates), bool)
    its_names = match_names(names, [str(micrograph)]).found
    return np.array([name in its_names for name in names], bool)


def write_preview_of(path: Path, coordinates: Coordinates, micrograph: Path) -> None:
    """Draw the coordinates of a micrograph on a picture of it.

    Parameters
    ----------
    path : pathlib.Path
        Picture to create or replace.
    coordinates : Coordinates
        Coordinates to draw. If rows name micrographs, only those of this micrograph are drawn,
        found by `match_names`.
    micrograph : pathlib.Path
        Path of the micrograph.

    Raises
    ------
    InputFileError
        If the micrograph cannot be used.
    click.UsageError
        If no row belongs to the micrograph.
    OSError
        If the picture cannot be written.
    """
    rows = rows_of(micrograph, coordinates)
    if coordinates.micrograph_names is not None and not rows.any():
        raise click.UsageError(f"--micrograph: no particle belongs to {micrograph}")
    coordinates = coordinates.where(rows)
    diameter = coordinates.box_size_px or RING_PX
    write_preview(path, read_micrograph(micrograph), coordinates.as_picks(), diameter)
