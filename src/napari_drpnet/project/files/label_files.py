"""Files with the labels of many micrographs and their sources, as CSV or STAR."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.text import AnyPath, parse_number, read_head
from napari_drpnet.formats.coordinates import coordinates_from_xy
from napari_drpnet.formats.programs.csv import read_rows, write_rows
from napari_drpnet.formats.programs.star import X, Y
from napari_drpnet.project.state.labels import SOURCES, Label, Source
from napari_drpnet.relion.star_tables import (
    MICROGRAPH_NAME,
    find_table,
    numbers,
    read_tables,
    write_table,
)

#: Column names in STAR files by those in CSV files. RELION keeps columns that it does not know.
_COLUMNS = {
    "micrograph": MICROGRAPH_NAME,
    "x": X,
    "y": Y,
    "label": "drpnetLabel",
    "source": "drpnetLabelSource",
    "anchor_x": "drpnetAnchorX",
    "anchor_y": "drpnetAnchorY",
}
_REQUIRED = ("micrograph", "x", "y", "label")
_PLACES = ("x", "y", "anchor_x", "anchor_y")
_WORDS = {"accepted": True, "rejected": False, "1": True, "0": False}
_SOURCES: dict[str, Source] = {source: source for source in SOURCES}

Labels = tuple[Label, ...]
ChoiceT = TypeVar("ChoiceT")


class _Row(NamedTuple):
    """One label as text of a file; `where` names the row in messages."""

    where: str
    micrograph: str
    label: str
    source: str
    places: list[float]


def write_labels(path: AnyPath, labels: Mapping[str, Iterable[Label]]) -> None:
    """Write the labels of micrographs to a file, completely or not at all.

    Parameters
    ----------
    path : path-like
        File to create or replace: STAR if its suffix is ``.star``, else CSV.
    labels : mapping of str to iterable of Label
        Labels by the name of the micrograph.

    Raises
    ------
    OSError
        If the file cannot be written.

    Notes
    -----
    The CSV columns are ``micrograph,x,y,label,source,anchor_x,anchor_y``. Positions are in
    unbinned pixels with all digits. The label is ``accepted`` or ``rejected``, the source is
    ``person`` or ``model``, and the anchor is the position of the point before it was moved. The
    STAR file has the same columns in one table: the first three with the names of RELION, the
    others as ``_drpnetLabel``, ``_drpnetLabelSource``, ``_drpnetAnchorX`` and ``_drpnetAnchorY``.
    """
    rows = [_fields(name, label) for name, given in labels.items() for label in given]
    if Path(path).suffix.lower() != ".star":
        write_rows(path, list(_COLUMNS), rows)
        return
    columns = list(zip(*rows, strict=True)) or [()] * len(_COLUMNS)
    write_table(path, "", dict(zip(_COLUMNS.values(), columns, strict=True)))


def has_labels(path: AnyPath) -> bool:
    """Return whether a file has a column for the label, by its beginning."""
    head = read_head(path)
    if Path(path).suffix.lower() == ".star":
        return f"_{_COLUMNS['label']}" in head
    return "label" in (name.strip(" \"'").lower() for name in head.partition("\n")[0].split(","))


def read_labels(path: AnyPath) -> dict[str, Labels]:
    """Read labels from a file of `write_labels` or another program.

    Parameters
    ----------
    path : path-like
        File to read. Columns may be in any order, and other columns are ignored. A label may also
        be 1 or 0; a label without a source counts as given by the user.

    Returns
    -------
    dict of str to tuple of Label
        Labels by the name of the micrograph; their ids are the row numbers of the file.

    Raises
    ------
    InputFileError
        If the file does not contain labels, or a row is invalid; the message names the row.
    """
    rows = list(_star_rows(path) if Path(path).suffix.lower() == ".star" else _csv_rows(path))
    places = np.array([row.places for row in rows], float).reshape(-1, 2, 2)
    missing = np.isnan(places[:, 1])
    places[:, 1][missing] = places[:, 0][missing]
    centers, anchors = (
        coordinates_from_xy(path, points, np.zeros(len(rows))).centers_yx
        for points in (places[:, 0], places[:, 1])
    )
    labels: dict[str, list[Label]] = {}
    for number, (row, (y, x), (anchor_y, anchor_x)) in enumerate(
        zip(rows, centers.tolist(), anchors.tolist(), strict=True), 1
    ):
        label = Label(
            id=number,
            center_yx=(y, x),
            anchor_yx=(anchor_y, anchor_x),
            accepted=_choice(path, row, "label", row.label, _WORDS),
            source=_choice(path, row, "source", row.source or "person", _SOURCES),
        )
        labels.setdefault(row.micrograph, []).append(label)
    return {name: tuple(given) for name, given in labels.items()}


def _fields(micrograph: str, label: Label) -> list[str]:
    (y, x), (anchor_y, anchor_x) = label.center_yx, label.anchor_yx
    word = "accepted" if label.accepted else "rejected"
    return [micrograph, repr(x), repr(y), word, label.source, repr(anchor_x), repr(anchor_y)]


def _csv_rows(path: AnyPath) -> Iterator[_Row]:
    _, rows = read_rows(path, *_REQUIRED)
    for line, row in rows:
        places = [parse_number(path, line, row.get(name, "")) for name in _PLACES]
        name, source = row["micrograph"], row.get("source", "")
        yield _Row(f"line {line}", name, row["label"], source, places)


def _star_rows(path: AnyPath) -> Iterator[_Row]:
    tables = read_tables(path)
    if not tables:
        return
    table = find_table(path, tables, *(_COLUMNS[name] for name in _REQUIRED))
    nothing = np.full(len(table), np.nan)
    places = [
        numbers(path, table, column) if (column := _COLUMNS[name]) in table else nothing
        for name in _PLACES
    ]
    label, source = (
        table[column] if (column := _COLUMNS[name]) in table else [""] * len(table)
        for name in ("label", "source")
    )
    columns = zip(table[MICROGRAPH_NAME], label, source, *places, strict=True)
    for number, (name, word, origin, *position) in enumerate(columns, 1):
        yield _Row(f"row {number}", name, word, origin, position)


def _choice(
    path: AnyPath, row: _Row, column: str, word: str, choices: Mapping[str, ChoiceT]
) -> ChoiceT:
    try:
        return choices[word.strip().lower()]
    except KeyError:
        reason = f"{row.where} has {word!r} as its {column}"
        raise InputFileError(path, reason, f"Write one of {', '.join(choices)} there") from None
