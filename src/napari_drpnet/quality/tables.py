"""Tables of RELION's jobs in which no value may be missing."""

from collections.abc import Collection
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.relion.star_tables import Table, find_table, numbers, read_tables

Floats = NDArray[np.float64]

_COPY_AGAIN = "Copy it again, or let RELION write it again"


def read_block(path: Path, blocks: Collection[str], *columns: str) -> Table:
    """Read one table of a STAR file of a RELION job, and skip the others.

    Parameters
    ----------
    path : pathlib.Path
        Path of the file.
    blocks : collection of str
        Names that the table may have, without ``data_``.
    *columns : str
        Labels of columns that it must have, without ``_``.

    Raises
    ------
    InputFileError
        If the file cannot be read, or has no such table, or the table has no row.
    """
    table = find_table(path, read_tables(path, blocks), *columns)
    if not len(table):
        reason = f"has no rows in its table with _{columns[0]}"
        raise InputFileError(path, reason, _COPY_AGAIN)
    return table


def finite_numbers(path: Path, table: Table, column: str) -> Floats:
    """Return a column ``(n,)`` of a table as numbers.

    Raises
    ------
    InputFileError
        If the column is missing, or a value is missing, not a number, or not finite.
    """
    if column not in table:
        raise InputFileError(path, f"has no column _{column}", _COPY_AGAIN)
    values = numbers(path, table, column)
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        reason = f"has no number as _{column} in row {bad[0] + 1} of {len(values)}"
        raise InputFileError(path, reason, _COPY_AGAIN)
    return values


def finite_number(path: Path, table: Table, column: str) -> float:
    """Return the number of a column in the first row, see `finite_numbers`."""
    return float(finite_numbers(path, table, column)[0])


def positive_number(path: Path, table: Table, column: str, most: float) -> float:
    """Return the number of a column in the first row, which is above 0 and at most `most`.

    Raises
    ------
    InputFileError
        If it is not, see also `finite_numbers`.
    """
    value = finite_number(path, table, column)
    if not 0 < value <= most:
        raise InputFileError(path, f"has {value:g} as _{column}", _COPY_AGAIN)
    return value


def require_rows(path: Path, table: Table, count: int, what: str) -> None:
    """Raise an `InputFileError` if a table has fewer rows than its file says."""
    if len(table) < count:
        reason = f"ends after {len(table)} of {count} rows of {what}"
        raise InputFileError(path, reason, _COPY_AGAIN)
