"""Comma-separated coordinates: the plainest format, and the only one with full precision."""

import csv
import io
from collections.abc import Iterable, Sequence

import numpy as np

from napari_drpnet.base.atomic_file import atomic_file
from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.geometry import swap_xy
from napari_drpnet.base.picks import Picks
from napari_drpnet.base.text import AnyPath, parse_number, read_text
from napari_drpnet.formats.coordinates import Coordinates, coordinates_from_xy

SCORES = ("score", "fom", "probability", "confidence")
NAMES = ("micrograph", "name")
CANDIDATES = ("name", "x", "y", "height", "prominence", "probability", "accepted")


def is_csv(head: str) -> bool:
    """Tell from the beginning of a file whether its first line names columns x and y."""
    columns = head.partition("\n")[0].split(",")
    return {"x", "y"} <= {column.strip(' "\r').lower() for column in columns}


def read_csv(path: AnyPath) -> Coordinates:
    """Read comma-separated coordinates.

    Parameters
    ----------
    path : path-like
        The file. Its first line names the columns, in any order and case: ``x`` and ``y`` in
        unbinned pixels, pixel centres at integers; perhaps one of ``score``, ``fom``,
        ``probability``, ``confidence``; perhaps ``micrograph`` or ``name``. Other columns are
        ignored.

    Returns
    -------
    Coordinates
        An empty score is missing.

    Raises
    ------
    InputFileError
        When there is no header with ``x`` and ``y``, or a line has too few or too many columns
        or text in place of a number.
    """
    header, rows = read_rows(path, "x", "y")
    score, name = (_first(header, columns) for columns in (SCORES, NAMES))
    return coordinates_from_xy(
        path,
        [[parse_number(path, line, row[column]) for column in "xy"] for line, row in rows],
        [parse_number(path, line, row[score]) if score else np.nan for line, row in rows],
        tuple(row[name] for _, row in rows) if name else None,
    )


def read_rows(path: AnyPath, *required: str) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    """Read a comma-separated table whose first line names its columns.

    Parameters
    ----------
    path : path-like
        The file.
    *required : str
        Columns that it must have, in lower case.

    Returns
    -------
    header : list of str
        The columns, in lower case.
    rows : list of (int, dict of str to str)
        The number of the line, counted from 1, and what each column holds.

    Raises
    ------
    InputFileError
        When a column is missing, or a line has too few or too many.
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
    """Write ``x,y,score`` with all digits, and ``micrograph`` where rows have names.

    Parameters
    ----------
    path : path-like
        The file to create or replace.
    coordinates : Coordinates
        A missing score becomes an empty field.
    shape : tuple of int, optional
        Not used: this format drops nothing.

    Raises
    ------
    OSError
        When the file cannot be written.
    """
    x, y = swap_xy(coordinates.centers_yx).T.tolist()
    columns = {"x": x, "y": y, "score": [_field(score) for score in coordinates.score.tolist()]}
    if coordinates.micrograph_names is not None:
        columns["micrograph"] = list(coordinates.micrograph_names)
    write_rows(path, list(columns), zip(*columns.values(), strict=True))


def write_candidates_csv(path: AnyPath, rows: Iterable[tuple[str, Picks]]) -> None:
    """Write all candidates of many micrographs with what decided about them.

    Parameters
    ----------
    path : path-like
        The file to create or replace, with columns
        ``name,x,y,height,prominence,probability,accepted``: positions in unbinned pixels with all
        digits, an empty probability where no classifier has judged, accepted as 0 or 1.
    rows : iterable of (str, Picks)
        The name of each micrograph and its candidates.

    Raises
    ------
    OSError
        When the file cannot be written.
    """
    fields = (
        [name, x, y, height, prominence, _field(probability), int(accepted)]
        for name, picks in rows
        for (x, y), height, prominence, probability, accepted in zip(
            swap_xy(picks.centers_yx).tolist(),
            picks.height.tolist(),
            picks.prominence.tolist(),
            picks.probability.tolist(),
            picks.accepted,
            strict=True,
        )
    )
    write_rows(path, CANDIDATES, fields)


def _clean_header(
    path: AnyPath, table: "csv.DictReader[str]", required: Sequence[str]
) -> list[str]:
    header = [column.strip().lower() for column in table.fieldnames or ()]
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
    """Write a comma-separated table, whole or not at all; `OSError` when the disk refuses."""
    with atomic_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
