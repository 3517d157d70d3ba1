"""EMAN's .box files: the corner and the size of each particle's box, without a header."""

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.geometry import center_from_corner, corner_from_center, swap_xy
from napari_drpnet.base.text import AnyPath, parse_number, read_text, write_text
from napari_drpnet.formats.coordinates import Coordinates, coordinates_from_xy

Floats = NDArray[np.float64]
FLAGS = {-1.0, -2.0, -3.0}
#: Flags of the first and the last box of a filament.
ENDS = {-1.0, -2.0}


def read_box(path: AnyPath) -> Coordinates:
    """Read a .box file of EMAN, crYOLO, Topaz, REPIC or helicon.

    Parameters
    ----------
    path : path-like
        Path of the file. Each line has ``x y width height`` in unbinned pixels, where ``x y`` is
        the corner nearest to the origin, and optionally a score. Two columns are read as centres,
        as in files of helicon and RELION's plain lists, because a corner without a size has no
        centre. Lines that start with ``#`` are skipped. An empty file means no picks.

    Returns
    -------
    Coordinates
        Coordinates with a `box_size_px` if all boxes are squares of one size. EMAN1's flags −1,
        −2 and −3 in the fifth column are not read as scores.

    Raises
    ------
    InputFileError
        If a line has text in place of a number or an unexpected number of columns, a box has a
        negative size, or boxes are the ends of filaments by their flags.
    """
    rows = _rows(path)
    if rows.shape[1] == 2:
        return coordinates_from_xy(path, rows, np.full(len(rows), np.nan))
    corners, sizes, score = rows[:, :2], rows[:, 2:4], rows[:, 4:].ravel()
    if (sizes < 0).any():
        number = int(np.flatnonzero((sizes < 0).any(axis=1))[0]) + 1
        raise InputFileError(path, f"box {number} has a negative size", "Write the file again")
    if ENDS <= set(score) <= FLAGS:
        reason = "has the ends of filaments (flags −1 and −2), not particles"
        raise InputFileError(path, reason, "Choose a file with the boxes along the filaments")
    if not score.size or FLAGS.issuperset(score):
        score = np.full(len(rows), np.nan)
    box_size = float(sizes[0, 0]) if (sizes == sizes[0, 0]).all() else None
    return coordinates_from_xy(path, center_from_corner(corners, sizes), score, None, box_size)


def write_box(
    path: AnyPath, coordinates: Coordinates, shape: tuple[int, int] | None = None
) -> None:
    """Write a .box file that EMAN2 and RELION interpret in the same way.

    Parameters
    ----------
    path : path-like
        File to create or replace.
    coordinates : Coordinates
        Coordinates with a `box_size_px`, which is rounded to an even number, because RELION halves
        it as an integer. Centres are rounded to whole pixels. If all rows have a score, it is
        written as the fifth column.
    shape : tuple of int, optional
        Shape ``(ny, nx)`` of the micrograph. Centres outside it are dropped.

    Raises
    ------
    ValueError
        If `box_size_px` is missing.
    OSError
        If the file cannot be written.
    """
    if coordinates.box_size_px is None:
        raise ValueError("a .box file needs the size of the boxes: set box_size_px")
    size = max(2, 2 * round(coordinates.box_size_px / 2))
    kept = coordinates.on_whole_pixels(shape)
    corners = swap_xy(corner_from_center(kept.centers_yx, size)).astype(int)
    lines = [f"{x}\t{y}\t{size}\t{size}" for x, y in corners]
    if not np.isnan(kept.score).any():
        lines = [f"{line}\t{score}" for line, score in zip(lines, kept.score, strict=True)]
    write_text(path, "".join(f"{line}\n" for line in lines))


def _rows(path: AnyPath) -> Floats:
    rows: list[list[float]] = []
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        words = line.split()
        if not words or line.startswith("#"):
            continue
        if len(words) not in (2, 4, 5) or (rows and len(words) != len(rows[0])):
            reason = f"line {number} has {len(words)} columns"
            remedy = "A .box file has x, y, width, height and perhaps a score in every line"
            raise InputFileError(path, reason, remedy)
        rows.append([parse_number(path, number, word) for word in words])
    return np.array(rows) if rows else np.empty((0, 2))
