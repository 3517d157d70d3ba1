"""The tables of particles in the CryoPPP data set."""

import numpy as np

from napari_drpnet.base.geometry import swap_xy
from napari_drpnet.base.text import AnyPath, parse_number
from napari_drpnet.formats.coordinates import Coordinates, coordinates_from_xy
from napari_drpnet.formats.programs.csv import read_rows, write_rows

X, Y, NAME = "X-Coordinate", "Y-Coordinate", "Micrographs Filename"


def is_cryoppp(head: str) -> bool:
    """Tell from the beginning of a file whether it is such a table."""
    columns = {column.strip(' "\r').lower() for column in head.partition("\n")[0].split(",")}
    return {X.lower(), Y.lower()} <= columns


def read_cryoppp(path: AnyPath) -> Coordinates:
    """Read a table of CryoPPP, with y as it stands there: counted from the last row.

    Parameters
    ----------
    path : path-like
        The file: comma-separated, with ``X-Coordinate`` and ``Y-Coordinate`` in unbinned pixels,
        perhaps ``Micrographs Filename``.

    Returns
    -------
    Coordinates
        To be mirrored, which `napari_drpnet.formats.read_coordinates` does.

    Raises
    ------
    InputFileError
        When it is malformed.

    Notes
    -----
    The authors turn each micrograph upside down before they draw on it
    (BioinfoMachineLearning/cryoppp#3), so y is a row of the mirrored image.
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
    """Write a table as CryoPPP has it, of coordinates that are mirrored already.

    Parameters
    ----------
    path : path-like
        The file to create or replace.
    coordinates : Coordinates
        All digits are kept; scores are not.
    shape : tuple of int, optional
        Not used: this format drops nothing.

    Raises
    ------
    OSError
        When the file cannot be written.
    """
    x, y = swap_xy(coordinates.centers_yx).T.tolist()
    columns = {X: x, Y: y}
    if coordinates.micrograph_names is not None:
        columns = {NAME: list(coordinates.micrograph_names), **columns}
    write_rows(path, list(columns), zip(*columns.values(), strict=True))
