"""Comma-separated tables of coordinates, with all digits."""

import csv
import io
from collections.abc import Iterable, Sequence

import numpy as np

from napari_drpnet.base.atomic_file import atomic_file
from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.geometry import swap_xy
from napari_drpnet.base.picks import Picks
from napari_drpnet.base.text import AnyPath, parse_number, read_head, read_text
from napari_drpnet.formats.coordinates import Coordinates, coordinates_from_xy

SCORES = ("score", "fom", "probability", "confidence")
NAMES = ("micrograph", "name")
#: Columns of y and x in files that napari saves of a layer of points.
_AXES = ("axis-0", "axis-1")
CANDIDATES = ("name", "x", "y", "height", "prominence", "probability", "accepted", "clearance")


def is_csv(head: str) -> bool:
    """Return whether the first line of a file has columns x and y, or those of napari."""
    return {"x", "y"} <= _columns(head) or is_of_napari(head)


def read_csv(path: AnyPath) -> Coordinates:
    """Read comma-separated coordinates.

    Parameters
    ----------
    path : path-like
        Path of the file. Its first line names the columns, in any order and case: ``x`` and ``y``
        in unbinned pixels, pixel centres at integers; optionally one of ``score``, ``fom``,
        ``probability`` and ``confidence``; optionally ``micrograph`` or ``name``. Other columns
        are ignored. Files that napari saves of a layer of points have ``axis-1`` for ``x`` and
        ``axis-0`` for ``y``.

    Returns
    -------
    Coordinates
        Coordinates with NaN for empty scores.

    Raises
    ------
    InputFileError
        If there is no header with ``x`` and ``y``, or a line has too few or too many columns
        or text in place of a number.
    """
    x, y = ("x", "y") if not is_of_napari(read_head(path)) else _AXES[::-1]
    header, rows = read_rows(path, x, y)
    score, name = (_first(header, columns) for columns in (SCORES, NAMES))
    return coordinates_from_xy(
        path,
        [[parse_number(path, line, row[column]) for column in (x, y)] for line, row in rows],
        [parse_number(path, line, row[score]) if score else np.nan for line, row in rows],
        tuple(row[name] for _, row in rows) if name else None,
    )


def _columns(head: str) -> set[str]:
    return {column.strip(' "\r').lower() for column in head.partition("\n")[0].split(",")}


def is_of_napari(head: str) -> bool:
    """Return whether a table has the axes of one image, and not those of a stack."""
    return {name for name in _columns(head) if name.startswith("axis-")} == set(_AXES)


def read_rows(path: AnyPath, *required: str) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    """Read a comma-separated table whose first line names its columns.

    Parameters
    ----------
    path : path-like
        Path of the file.
    *required : str
        Names of required columns, in lower case.

    Returns
    -------
    header : list of str
        Names of all columns, in lower case.
    rows : list of (int, dict of str to str)
        Line number of each row, counted from 1, and its values by column.

    Raises
    ------
    InputFileError
        If a required column is missing, or a line has too few or too many columns.
    """
    table = csv.DictReader(io.StringIO(read_text(path)), strict=True)
    try:
        header = _clean_header(path, table, required)
        rows = [(table.line_num, row) for row in table]
    except csv.Error as error:
        raise InputFileError(path, f"is not a valid CSV file ({error})", "Correct it") from error
    for line, row in rows:
        if None in row or None in row.values():
            reason = f"line {line} does not have {len(header)} columns as the first line has"
            raise InputFileError(path, reason, "Correct that line")
    return header, rows


def write_csv(
    path: AnyPath, coordinates: Coordinates, shape: tuple[int, int] | None = None
) -> None:
    """Write columns ``x,y,score`` with all digits, and ``micrograph`` if the rows have names.

    Parameters
    ----------
    path : path-like
        File to create or replace.
    coordinates : Coordinates
        Coordinates to write. A missing score becomes an empty field.
    shape : tuple of int, optional
        Not used, because no coordinates are dropped.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    x, y = swap_xy(coordinates.centers_yx).T.tolist()
    columns = {"x": x, "y": y, "score": [_field(score) for score in coordinates.score.tolist()]}
    if coordinates.micrograph_names is not None:
        columns["micrograph"] = list(coordinates.micrograph_names)
    write_rows(path, list(columns), zip(*columns.values(), strict=True))


def write_candidates_csv(path: AnyPath, rows: Iterable[tuple[str, Picks]]) -> None:
    """Write all candidates of many micrographs with their scores and whether they are accepted.

    Parameters
    ----------
    path : path-like
        File to create or replace, with columns
        ``name,x,y,height,prominence,probability,accepted,clearance``. Positions are in unbinned
        pixels with all digits, the probability is empty for candidates that were not classified,
        accepted is 0 or 1, and the clearance, in particle diameters, is empty where nothing is
        known about dirt.
    rows : iterable of (str, Picks)
        Name and candidates of each micrograph.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    fields = (
        [name, x, y, height, prominence, _field(probability), int(accepted), _field(clearance)]
        for name, picks in rows
        for (x, y), height, prominence, probability, accepted, clearance in zip(
            swap_xy(picks.centers_yx).tolist(),
            picks.height.tolist(),
            picks.prominence.tolist(),
            picks.probability.tolist(),
            picks.accepted,
            picks.clearance.tolist(),
            strict=True,
        )
    )
    write_rows(path, CANDIDATES, fields)


def _clean_header(
    path: AnyPath, table: "csv.DictReader[str]", required: Sequence[str]
) -> list[str]:
    header = [column.strip().lower() for column in table.fieldnames or ()]
    repeated = [column for column in required if header.count(column) > 1]
    if repeated:
        raise InputFileError(path, f"has several columns {repeated[0]}", "Keep one of them")
    if not set(required) <= set(header):
        named = f"{', '.join(required[:-1])} and {required[-1]}"
        remedy = f"Begin it with a line such as {','.join(required)}"
        raise InputFileError(path, f"has no first line that names columns {named}", remedy)
    table.fieldnames = header
    return header


def _first(header: Sequence[str], columns: Sequence[str]) -> str | None:
    return next((column for column in columns if column in header), None)


def _field(value: float) -> float | str:
    return "" if np.isnan(value) else value


def write_rows(path: AnyPath, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a comma-separated table atomically.

    Parameters
    ----------
    path : path-like
        File to create or replace.
    header : sequence of str
        Names of the columns.
    rows : iterable of sequence of object
        Values of each row.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    with atomic_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
