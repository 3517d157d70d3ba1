"""Xmipp's .pos files, which Scipion exchanges with it: one for each micrograph."""

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.geometry import swap_xy
from napari_drpnet.base.text import AnyPath, write_text
from napari_drpnet.formats.coordinates import Coordinates, coordinates_from_xy
from napari_drpnet.relion.star_tables import Table, numbers, read_tables

#: Blocks of picked particles: those of a person, and those of the automatic picker.
MANUAL, AUTOMATIC = "particles", "particles_auto"
X, Y, COST, ENABLED = "xcoor", "ycoor", "cost", "enabled"
#: Xmipp knows its own STAR files by the first line.
_HEADER = (
    *("# XMIPP_STAR_1 *", "#", "data_header", "loop_", " _pickingMicrographState", "Manual"),
    *(f"data_{MANUAL}", "loop_", " _itemId", f" _{ENABLED}", f" _{X}", f" _{Y}", f" _{COST}"),
)


def read_pos(path: AnyPath) -> Coordinates:
    """Read the particles of a .pos file of Xmipp, picked by hand and automatically.

    Parameters
    ----------
    path : path-like
        Path of the file. Its tables have ``_xcoor`` and ``_ycoor``, in unbinned pixels, and perhaps
        ``_cost`` and ``_enabled``.

    Returns
    -------
    Coordinates
        Coordinates with the cost as score. Particles that were deleted, which are not enabled, are
        left out.

    Raises
    ------
    InputFileError
        If the file is damaged, or has neither table.

    Notes
    -----
    Scipion gives the same numbers to Xmipp and to RELION, so y counts from the first row as stored.
    """
    tables = read_tables(path)
    parts = [tables[block] for block in (MANUAL, AUTOMATIC) if block in tables]
    if tables and not parts:
        reason = f"has no data_{MANUAL} or data_{AUTOMATIC}"
        raise InputFileError(path, reason, "Choose a .pos file of Xmipp")
    rows = np.concatenate([np.empty((0, 3)), *(_enabled_rows(path, part) for part in parts)])
    return coordinates_from_xy(path, rows[:, :2], rows[:, 2])


def write_pos(
    path: AnyPath, coordinates: Coordinates, shape: tuple[int, int] | None = None
) -> None:
    """Write a .pos file with the columns that Scipion writes for Xmipp, as picked by hand.

    Parameters
    ----------
    path : path-like
        File to create or replace.
    coordinates : Coordinates
        Coordinates to write, rounded to whole pixels. A missing score becomes a cost of 0.
    shape : tuple of int, optional
        Shape ``(ny, nx)`` of the micrograph. Centres outside it are dropped.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    kept = coordinates.on_whole_pixels(shape)
    rows = zip(
        swap_xy(kept.centers_yx).tolist(), np.nan_to_num(kept.score, nan=0.0).tolist(), strict=True
    )
    lines = [
        f" {number:06d} 1 {x:.0f} {y:.0f} {cost:.6f}"
        for number, ((x, y), cost) in enumerate(rows, start=1)
    ]
    write_text(path, "".join(f"{line}\n" for line in (*_HEADER, *lines)))


def _enabled_rows(path: AnyPath, table: Table) -> NDArray[np.float64]:
    """Return the rows ``(n, 3)`` of x, y and cost of particles that are not deleted."""
    if X not in table or Y not in table:
        raise InputFileError(path, f"has no _{X} and _{Y}", "Choose a .pos file of Xmipp")
    nothing = np.full(len(table), np.nan)
    cost = numbers(path, table, COST) if COST in table else nothing
    enabled = numbers(path, table, ENABLED) if ENABLED in table else nothing
    rows = np.column_stack([numbers(path, table, X), numbers(path, table, Y), cost])
    return rows[~(enabled < 0)]
