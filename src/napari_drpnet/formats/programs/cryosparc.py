"""Reading of cryoSPARC's .cs files, and writing of STAR files for import."""

import re
from pathlib import PurePosixPath
from tokenize import TokenError

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.geometry import full_from_fractions, inside, swap_xy
from napari_drpnet.base.numpy_files import read_npy
from napari_drpnet.base.text import AnyPath
from napari_drpnet.formats.coordinates import Coordinates, coordinates_from_xy
from napari_drpnet.formats.programs.star import star_columns
from napari_drpnet.relion.star_tables import write_table

FRACTION_X, FRACTION_Y = "location/center_x_frac", "location/center_y_frac"
SHAPE, MICROGRAPH = "location/micrograph_shape", "location/micrograph_path"
SCORE = "pick_stats/ncc_score"
#: Allowed kinds of the numpy dtype of each column.
KINDS = {FRACTION_X: "f", FRACTION_Y: "f", SHAPE: "iu", MICROGRAPH: "SU"}
#: Prefix that cryoSPARC adds to the names of its files.
UID = re.compile(r"^\d{21}_")
_NUMPY, _STREAM = b"\x93NUMPY", b"\x94CSDAT"


def read_cs_mirrored(path: AnyPath) -> Coordinates:
    """Read the locations of a .cs file with y counted from the last row.

    Parameters, return value and errors are those of `read_cs_stored`.

    Notes
    -----
    ``row = (1 − y) · ny``. This reverses the flip of *Import Particle Stack* on rows of a RELION
    STAR file, as pyem's ``csparc2star.py`` does by default (asarnow/pyem#81).
    """
    return _read(path, mirrored=True)


def read_cs_stored(path: AnyPath) -> Coordinates:
    """Read the locations of a .cs file with y counted from the first stored row.

    Parameters
    ----------
    path : path-like
        Path of a particle dataset with ``location/…`` columns: positions as fractions of the
        micrograph, and its shape.

    Returns
    -------
    Coordinates
        Coordinates with the normalised cross-correlation, if present, as `score`.
        `micrograph_names` have no folders, and lack the UID prefix of cryoSPARC.

    Raises
    ------
    InputFileError
        If the file is not a dataset, is truncated, has pickled objects, or lacks locations.

    Notes
    -----
    A .cs file is a structured array in numpy's format. The row from which y counts depends on the
    program that wrote the micrographs, and is not stored in the file: cryoSPARC's origin is at the
    bottom left, its *Patch Motion* flips images top to bottom, and other programs do not
    (asarnow/pyem#81). Hence there are two readers, between which the user chooses.
    """
    return _read(path, mirrored=False)


def write_cryosparc_star(
    path: AnyPath, coordinates: Coordinates, shape: tuple[int, int] | None = None
) -> None:
    """Write a STAR file of many micrographs for cryoSPARC's job *Import Particle Stack*.

    Parameters
    ----------
    path : path-like
        File to create or replace.
    coordinates : Coordinates
        Coordinates with `micrograph_names`, by which cryoSPARC finds the micrographs. All digits
        are kept, because cryoSPARC does not truncate. Rows count as in RELION; cryoSPARC flips
        them.
    shape : tuple of int, optional
        Shape ``(ny, nx)`` of the micrograph. Centres outside it are dropped.

    Raises
    ------
    ValueError
        If `micrograph_names` is missing.
    OSError
        If the file cannot be written.
    """
    if coordinates.micrograph_names is None:
        raise ValueError("cryoSPARC needs the micrograph of each row: set micrograph_names")
    if shape is not None:
        coordinates = coordinates.where(inside(coordinates.centers_yx, shape))
    write_table(path, "", star_columns(coordinates))


def _read(path: AnyPath, *, mirrored: bool) -> Coordinates:
    table = _load(path)
    fractions_yx = np.column_stack([table[FRACTION_Y], table[FRACTION_X]]).astype(float)
    centers_yx = full_from_fractions(fractions_yx, table[SHAPE], mirrored=mirrored)
    has_score = _has_column(table, SCORE, "f")
    score = table[SCORE].astype(float) if has_score else np.full(len(table), np.nan)
    names = tuple(_bare_name(name) for name in table[MICROGRAPH].tolist())
    return coordinates_from_xy(path, swap_xy(centers_yx), score, names)


def _load(path: AnyPath) -> NDArray[np.void]:
    """Read a dataset without unpickling objects, and check its columns."""
    try:
        with open(path, "rb") as file:
            magic = file.read(len(_NUMPY))
        if magic != _NUMPY:
            kind = "is in cryoSPARC's stream format" if magic == _STREAM else "is not a .cs file"
            raise InputFileError(path, kind, "Export the particles from cryoSPARC again")
        table = read_npy(path)
    except (ValueError, TypeError, SyntaxError, OverflowError, TokenError) as error:
        reason = f"is not a complete cryoSPARC dataset ({error})"
        raise InputFileError(path, reason, "Export the particles from cryoSPARC again") from error
    except OSError as error:
        reason = f"cannot be read: {error.strerror}"
        raise InputFileError(path, reason, "Check its name and permissions") from error
    for name, kinds in KINDS.items():
        if not _has_column(table, name, kinds):
            remedy = "Choose a file of picked or extracted particles, or its passthrough file"
            raise InputFileError(path, f"has no column {name} of the expected type", remedy)
    return table


def _has_column(table: NDArray[np.void], name: str, kinds: str) -> bool:
    if table.ndim != 1 or name not in (table.dtype.names or ()):
        return False
    column = table.dtype[name]
    return column.base.kind in kinds and column.shape == ((2,) if name == SHAPE else ())


def _bare_name(name: bytes | str) -> str:
    text = name.decode("utf-8", errors="replace") if isinstance(name, bytes) else name
    return UID.sub("", PurePosixPath(text).name)
