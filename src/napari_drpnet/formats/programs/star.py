"""RELION's STAR files of particle coordinates."""

import numpy as np

from napari_drpnet.base.geometry import swap_xy
from napari_drpnet.base.text import AnyPath
from napari_drpnet.formats.coordinates import Coordinates, coordinates_from_xy
from napari_drpnet.relion.star_tables import (
    MICROGRAPH_NAME,
    find_table,
    numbers,
    read_tables,
    write_table,
)

X, Y, FOM = "rlnCoordinateX", "rlnCoordinateY", "rlnAutopickFigureOfMerit"
TUBE = "rlnHelicalTubeID"
NO_FOM = -999.0


def read_star(path: AnyPath) -> Coordinates:
    """Read the coordinates of a STAR file: picks of one micrograph, or particles of many.

    Parameters
    ----------
    path : path-like
        The file. Versions 2 to 5 of RELION, and crYOLO, Gautomatch, boxmanager and others that
        write ``_rlnCoordinateX`` and ``_rlnCoordinateY`` in unbinned pixels.

    Returns
    -------
    Coordinates
        `score` is ``_rlnAutopickFigureOfMerit``, where −999 means missing;
        `micrograph_names` is ``_rlnMicrographName``, and `filament` is ``_rlnHelicalTubeID``,
        where the file has them. A file of 0 bytes, RELION's empty table, gives no coordinates.

    Raises
    ------
    InputFileError
        When the file is no STAR file, has no coordinates, or has text in place of numbers.

    Notes
    -----
    The STAR files of DRPnet's MATLAB code look the same but count binned pixels from 1: see
    `napari_drpnet.formats.programs.matlab_star`.
    """
    tables = read_tables(path)
    if not tables:
        return coordinates_from_xy(path, [], [])
    table = find_table(path, tables, X, Y)
    score = numbers(path, table, FOM) if FOM in table else np.full(len(table), np.nan)
    names = tuple(table[MICROGRAPH_NAME]) if MICROGRAPH_NAME in table else None
    tube = numbers(path, table, TUBE) if TUBE in table else None
    centers_xy = np.column_stack([numbers(path, table, X), numbers(path, table, Y)])
    scores = np.where(score == NO_FOM, np.nan, score)
    return coordinates_from_xy(path, centers_xy, scores, names, filament=tube)


def write_star(
    path: AnyPath, coordinates: Coordinates, shape: tuple[int, int] | None = None
) -> None:
    """Write coordinates as RELION's own pickers do, for RELION 3.1 to 5.

    Parameters
    ----------
    path : path-like
        The file to create or replace.
    coordinates : Coordinates
        Rounded to whole pixels, because RELION truncates. A missing score becomes 0. Where rows
        have names, they go into ``_rlnMicrographName``, as cryoSPARC's import wants it.
    shape : tuple of int, optional
        ``(ny, nx)`` of the micrograph; centres outside it are dropped, because a particle
        completely outside aborts RELION's whole Extract job.

    Raises
    ------
    OSError
        When the file cannot be written.

    Notes
    -----
    Columns: RELION's `autopicker.cpp` writes the first five, and says that JoinStar needs the
    dummy class and psi. Its viewer since version 4.0.1 needs ``_rlnParticleSelectionType`` in
    1…6 to continue by hand (3dem/relion#992).
    """
    write_table(path, "", star_columns(coordinates.on_whole_pixels(shape)))


def star_columns(coordinates: Coordinates) -> dict[str, list[str]]:
    """Return the columns that RELION's own pickers write, and what else is known of the rows."""
    x, y = swap_xy(coordinates.centers_yx).T
    columns = {
        X: [f"{value:.6f}" for value in x],
        Y: [f"{value:.6f}" for value in y],
        FOM: [f"{value:.6f}" for value in np.nan_to_num(coordinates.score, nan=0.0)],
        "rlnClassNumber": ["0"] * len(coordinates),
        "rlnAnglePsi": ["0.000000"] * len(coordinates),
        "rlnParticleSelectionType": ["1"] * len(coordinates),
    }
    if coordinates.filament is not None:
        columns[TUBE] = [str(tube) for tube in coordinates.filament]
    if coordinates.micrograph_names is not None:
        columns[MICROGRAPH_NAME] = list(coordinates.micrograph_names)
    return columns
