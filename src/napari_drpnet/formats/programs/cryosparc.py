"""cryoSPARC: its .cs files in, and a STAR file for its job *Import Particles* out."""

import re
from pathlib import PurePosixPath
from tokenize import TokenError

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.geometry import full_from_fractions, inside, swap_xy
from napari_drpnet.base.numpy_files import map_npy
from napari_drpnet.base.text import AnyPath
from napari_drpnet.formats.coordinates import Coordinates, coordinates_from_xy
from napari_drpnet.formats.programs.star import star_columns
from napari_drpnet.relion.star_tables import write_table

FRACTION_X, FRACTION_Y = "location/center_x_frac", "location/center_y_frac"
SHAPE, MICROGRAPH = "location/micrograph_shape", "location/micrograph_path"
SCORE = "pick_stats/ncc_score"
#: The kinds of numpy's types that a column may have.
KINDS = {FRACTION_X: "f", FRACTION_Y: "f", SHAPE: "iu", MICROGRAPH: "SU"}
#: What cryoSPARC puts before the names of the files that it makes.
UID = re.compile(r"^\d{21}_")
_NUMPY, _STREAM = b"\x93NUMPY", b"\x94CSDAT"


def read_cs_mirrored(path: AnyPath) -> Coordinates:
    """Read the locations of a .cs file, with y counted from the last row: see `read_cs_stored`.

    Notes
    -----
    ``row = (1 − y) · ny``: undoes what *Import Particles* does to the rows of a STAR file of
    RELION, as pyem's ``csparc2star.py`` does by default (asarnow/pyem#81).
    """
    return _read(path, mirrored=True)


def read_cs_stored(path: AnyPath) -> Coordinates:
    """Read the locations of a .cs file, with y counted from the first row as stored.

    Parameters
    ----------
    path : path-like
        A dataset of particles with ``location/…``: fractions of the micrograph, and its shape.

    Returns
    -------
    Coordinates
        `score` is the normalised cross-correlation, where the picker has one;
        `micrograph_names` are without folders and the UID that cryoSPARC puts before them.

    Raises
    ------
    InputFileError
        When it is no dataset, is truncated, holds pickled objects, or lacks locations.

    Notes
    -----
    A .cs file is a structured array in numpy's format. From which row y counts depends on the
    program that made the micrographs, and nothing in the file tells: cryoSPARC's origin is at
    the bottom left, its *Patch Motion* turns images upside down, and other programs do not
    (asarnow/pyem#81). So there are two readers, and the user chooses.
    """
    return _read(path, mirrored=False)


def write_cryosparc_star(
    path: AnyPath, coordinates: Coordinates, shape: tuple[int, int] | None = None
) -> None:
    """Write a STAR file of the particles of many micrographs for cryoSPARC's *Import Particles*.

    Parameters
    ----------
    path : path-like
        The file to create or replace.
    coordinates : Coordinates
        With `micrograph_names`, by which cryoSPARC finds the micrographs. All digits are kept:
        cryoSPARC does not truncate. Rows count as in RELION's files; cryoSPARC mirrors them.
    shape : tuple of int, optional
        ``(ny, nx)`` of the micrograph; centres outside it are dropped.

    Raises
    ------
    ValueError
        When rows have no names.
    OSError
        When the file cannot be written.
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
    """Map a dataset into memory: reads no more than the file has, and unpickles nothing."""
    try:
        with open(path, "rb") as file:
            magic = file.read(len(_NUMPY))
        if magic != _NUMPY:
            kind = "is in cryoSPARC's stream format" if magic == _STREAM else "is no .cs file"
            raise InputFileError(path, kind, "Export the particles from cryoSPARC again")
        table = map_npy(path)
    except (ValueError, TypeError, SyntaxError, OverflowError, TokenError) as error:
        reason = f"is no whole dataset of cryoSPARC ({error})"
        raise InputFileError(path, reason, "Export the particles from cryoSPARC again") from error
    except OSError as error:
        reason = f"cannot be read: {error.strerror}"
        raise InputFileError(path, reason, "Check its name and permissions") from error
    for name, kinds in KINDS.items():
        if not _has_column(table, name, kinds):
            remedy = "Choose a file of picked or extracted particles, or its passthrough file"
            raise InputFileError(path, f"has no column {name} of the usual kind", remedy)
    return table


def _has_column(table: NDArray[np.void], name: str, kinds: str) -> bool:
    if table.ndim != 1 or name not in (table.dtype.names or ()):
        return False
    column = table.dtype[name]
    return column.base.kind in kinds and column.shape == ((2,) if name == SHAPE else ())


def _bare_name(name: bytes | str) -> str:
    text = name.decode("utf-8", errors="replace") if isinstance(name, bytes) else name
    return UID.sub("", PurePosixPath(text).name)
