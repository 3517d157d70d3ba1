"""Particle tables of the CryoPPP data set."""

import numpy as np

from napari_drpnet.base.geometry import swap_xy
from napari_drpnet.base.text import AnyPath, parse_number
from napari_drpnet.formats.coordinates import Coordinates, coordinates_from_xy
from napari_drpnet.formats.programs.csv import read_rows, write_rows

X, Y, NAME = "X-Coordinate", "Y-Coordinate", "Micrographs Filename"


def is_cryoppp(head: str) -> bool:
    """Return whether a file is a CryoPPP table, given its beginning."""
    columns = {column.strip(' "\r').lower() for column in head.partition("\n")[0].split(",")}
    return {X.lower(), Y.lower()} <= columns


def read_cryoppp(path: AnyPath) -> Coordinates:
    """Read a CryoPPP table without changing y, which counts from the last row.

    Parameters
    ----------
    path : path-like
        Path of a comma-separated file with ``X-Coordinate`` and ``Y-Coordinate`` in unbinned
        pixels, and optionally ``Micrographs Filename``.

    Returns
    -------
    Coordinates
        Coordinates of the flipped image. `napari_drpnet.formats.read_coordinates` flips them back.

    Raises
    ------
    InputFileError
        If the file is malformed.

    Notes
    -----
    The authors of CryoPPP flip each micrograph top to bottom before annotating it
    (BioinfoMachineLearning/cryoppp#3), so y is a row of the flipped image.
    """
    header, rows = read_rows(path, X.lower(), Y.lower())
    named = NAME.lower() in header
    return coordinates_from_xy(
        path,
        [
            [parse_number(path, line, row[column.lower()]) for column in (X, Y)]
            for line, row in rows
        ],
        np.full(len(rows), np.nan),
        tuple(row[NAME.lower()] for _, row in rows) if named else None,
    )


def write_cryoppp(
    path: AnyPath, coordinates: Coordinates, shape: tuple[int, int] | None = None
) -> None:
    """Write a CryoPPP table.

    Parameters
    ----------
    path : path-like
        File to create or replace.
    coordinates : Coordinates
        Coordinates that are already flipped, with y from the last row. All digits are kept;
        scores are dropped.
    shape : tuple of int, optional
        Not used, because no coordinates are dropped.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    x, y = swap_xy(coordinates.centers_yx).T.tolist()
    columns = {X: x, Y: y}
    if coordinates.micrograph_names is not None:
        columns = {NAME: list(coordinates.micrograph_names), **columns}
    write_rows(path, list(columns), zip(*columns.values(), strict=True))
