"""RELION's STAR files of particle coordinates."""

import re

import numpy as np

from napari_drpnet.base.geometry import swap_xy
from napari_drpnet.base.text import AnyPath
from napari_drpnet.formats.coordinates import Coordinates, coordinates_from_xy
from napari_drpnet.relion.star_tables import (
    MICROGRAPH_NAME,
    Table,
    find_table,
    numbers,
    read_tables,
    write_table,
)

X, Y, FOM = "rlnCoordinateX", "rlnCoordinateY", "rlnAutopickFigureOfMerit"
TUBE, IMAGE = "rlnHelicalTubeID", "rlnImageName"
SELECTION_TYPE = "rlnParticleSelectionType"
NO_FOM = -999.0
#: Whether an image is one of a stack, such as ``000001@Extract/job003/Movies/a.mrcs``.
_STACK = re.compile(r"\d+@.").match


def read_star(path: AnyPath) -> Coordinates:
    """Read the coordinates of a STAR file: picks of one micrograph, or particles of many.

    Parameters
    ----------
    path : path-like
        Path of a file of RELION 2 to 5, crYOLO, Gautomatch, boxmanager or another program that
        writes ``_rlnCoordinateX`` and ``_rlnCoordinateY`` in unbinned pixels.

    Returns
    -------
    Coordinates
        Coordinates with ``_rlnAutopickFigureOfMerit`` as `score`, where −999 means missing. If the
        file has them, ``_rlnMicrographName`` becomes `micrograph_names`, and ``_rlnHelicalTubeID``
        becomes `filament`. Without names of micrographs, those of the stacks in ``_rlnImageName``
        are taken, because RELION and cryoSPARC extract each micrograph into a stack of its name. A
        file of 0 bytes, RELION's empty table, gives no coordinates.

    Raises
    ------
    InputFileError
        If the file is not a STAR file, has no coordinates, or has text in place of numbers.

    Notes
    -----
    STAR files of DRPnet's MATLAB code look the same, but their coordinates are binned and 1-based;
    see `napari_drpnet.formats.programs.matlab_star`.
    """
    tables = read_tables(path)
    if not tables:
        return coordinates_from_xy(path, [], [])
    table = find_table(path, tables, X, Y)
    score = numbers(path, table, FOM) if FOM in table else np.full(len(table), np.nan)
    names = _micrograph_names(table)
    tube = numbers(path, table, TUBE) if TUBE in table else None
    centers_xy = np.column_stack([numbers(path, table, X), numbers(path, table, Y)])
    scores = np.where(score == NO_FOM, np.nan, score)
    return coordinates_from_xy(path, centers_xy, scores, names, filament=tube)


def _micrograph_names(table: Table) -> tuple[str, ...] | None:
    if MICROGRAPH_NAME in table:
        return tuple(table[MICROGRAPH_NAME])
    if IMAGE in table and all(map(_STACK, table[IMAGE])):
        return tuple(image.partition("@")[2] for image in table[IMAGE])
    return None


def write_star(
    path: AnyPath, coordinates: Coordinates, shape: tuple[int, int] | None = None
) -> None:
    """Write coordinates in the layout of RELION's own pickers, for RELION 4 and 5.

    Parameters
    ----------
    path : path-like
        File to create or replace.
    coordinates : Coordinates
        Coordinates to write. They are rounded to whole pixels, because RELION truncates. A missing
        score becomes 0. Names of micrographs are written to ``_rlnMicrographName``.
    shape : tuple of int, optional
        Shape ``(ny, nx)`` of the micrograph. Centres outside it are dropped, because one particle
        completely outside aborts RELION's Extract job.

    Raises
    ------
    OSError
        If the file cannot be written.

    Notes
    -----
    RELION's `autopicker.cpp` writes the first five columns. According to it, JoinStar needs the
    dummy class and psi. Since version 4.0.1 its viewer needs ``_rlnParticleSelectionType`` in 1…6
    to continue picking by hand (3dem/relion#992).
    """
    write_table(path, "", star_columns(coordinates.on_whole_pixels(shape)))


def write_star_of_relion_3(
    path: AnyPath, coordinates: Coordinates, shape: tuple[int, int] | None = None
) -> None:
    """Write coordinates like `write_star`, without the column that RELION 3.1 does not know.

    RELION 3.1 warns about ``_rlnParticleSelectionType`` for each file in each later job.

    Parameters
    ----------
    path, coordinates, shape
        As for `write_star`.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    columns = star_columns(coordinates.on_whole_pixels(shape))
    del columns[SELECTION_TYPE]
    write_table(path, "", columns)


def star_columns(coordinates: Coordinates) -> dict[str, list[str]]:
    """Return the columns of RELION's own pickers, and those of filaments and names if known.

    Parameters
    ----------
    coordinates : Coordinates
        Coordinates to format, in unbinned pixels.

    Returns
    -------
    dict of str to list of str
        Values of each column by its label, without ``_``.
    """
    x, y = swap_xy(coordinates.centers_yx).T
    columns = {
        X: [f"{value:.6f}" for value in x],
        Y: [f"{value:.6f}" for value in y],
        FOM: [f"{value:.6f}" for value in np.nan_to_num(coordinates.score, nan=0.0)],
        "rlnClassNumber": ["0"] * len(coordinates),
        "rlnAnglePsi": ["0.000000"] * len(coordinates),
        SELECTION_TYPE: ["1"] * len(coordinates),
    }
    if coordinates.filament is not None:
        columns[TUBE] = [str(tube) for tube in coordinates.filament]
    if coordinates.micrograph_names is not None:
        columns[MICROGRAPH_NAME] = list(coordinates.micrograph_names)
    return columns
