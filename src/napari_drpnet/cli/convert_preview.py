"""A picture that shows whether coordinates were understood."""

from pathlib import Path

import click
import numpy as np

from napari_drpnet.evaluation.pairing import bare_path
from napari_drpnet.formats import Coordinates
from napari_drpnet.images.micrograph import read_micrograph
from napari_drpnet.images.preview import write_preview

#: Width of the rings where the file has no boxes, unbinned pixels.
RING_PX = 100.0


def write_overlay(path: Path, coordinates: Coordinates, micrograph: Path) -> None:
    """Draw the coordinates of one micrograph on it.

    Parameters
    ----------
    path : pathlib.Path
        The picture.
    coordinates : Coordinates
        Where rows name micrographs, those of this one are drawn, told by name without folder.
    micrograph : pathlib.Path
        The file of the micrograph.

    Raises
    ------
    InputFileError
        When that is no usable micrograph.
    click.UsageError
        When no row is about it.
    OSError
        When the picture cannot be written.
    """
    if coordinates.micrograph_names is not None:
        asked = bare_path(micrograph.name)
        rows = [bare_path(name).name == asked.name for name in coordinates.micrograph_names]
        if not any(rows):
            raise click.UsageError(f"--micrograph: no particle is of {asked}")
        coordinates = coordinates.where(np.array(rows))
    diameter = coordinates.box_size_px or RING_PX
    write_preview(path, read_micrograph(micrograph), coordinates.as_picks(), diameter)
