"""Reading and writing of STAR files as tables, whatever their columns mean."""

import math
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.text import AnyPath, read_text, write_text
from napari_drpnet.relion.star_lines import (
    Line,
    begins_block,
    begins_loop,
    blank_other_blocks,
    invalid_star,
    star_lines,
)

MICROGRAPH_NAME = "rlnMicrographName"
#: RELION knows some 300 labels.
_MOST_COLUMNS = 1000
_MISSING = frozenset({"<NA>", "nan", "-nan", "NaN"})
#: Characters that no value can have: line ends, and NUL, which only damaged files have.
UNWRITABLE = "\n\r\0"


@dataclass(frozen=True)
class Table:
    """One table of a STAR file.

    Parameters
    ----------
    labels : list of str
        Labels of the columns, without ``_``.
    rows : list of list of str
        Values of each row. Rows may lack their last values.
    """

    labels: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.rows)

    def __contains__(self, label: str) -> bool:
        return label in self.labels

    def __getitem__(self, label: str) -> list[str]:
        """Return the values of a column, with empty strings for missing ones."""
        place = self.labels.index(label)
        words = [row[place] if place < len(row) else "" for row in self.rows]
        return words if _MISSING.isdisjoint(words) else ["" if w in _MISSING else w for w in words]


def read_tables(path: AnyPath, blocks: Container[str] | None = None) -> dict[str, Table]:
    """Read the blocks of a STAR file; a block of single values becomes a table of one row.

    Parameters
    ----------
    path : path-like
        Path of the file. Files of RELION 2 to 5 (with any ``# version`` line), CRLF line ends,
        comments, extra columns, quoted names and ``<NA>`` are supported.
    blocks : container of str, optional
        Names of the blocks to read, without ``data_``; by default all.

    Returns
    -------
    dict of str to Table
        Tables by the name of their block, without ``data_``. RELION writes an empty table as a
        file of 0 bytes, which gives ``{}``. A header without rows gives a table without rows.

    Raises
    ------
    InputFileError
        If the file cannot be read, is damaged, or is not a STAR file.
    """
    text = read_text(path)
    if "\0" in text:
        raise InputFileError(path, "is damaged: it has NUL bytes", "Copy or write it again")
    if blocks is not None:
        text = blank_other_blocks(text, blocks)
    tables, table = dict[str, Table](), Table()
    for line in star_lines(path, text):
        if line.kind == "block":
            if line.words[0] in tables:
                raise invalid_star(path, f"line {line.number} repeats data_{line.words[0]}")
            table = tables[line.words[0]] = Table()
        else:
            _add_line(path, table, line)
    if not tables and any(line.split("#")[0].strip() for line in text.split("\n")):
        reason = "has no data_ block, so it is not a STAR file"
        raise InputFileError(path, reason, "Check its suffix")
    if tables and not table.labels:
        raise invalid_star(path, "it ends before the columns of its last table")
    return {name: table for name, table in tables.items() if table.labels}


def _add_line(path: AnyPath, table: Table, line: Line) -> None:
    """Add the content of a line to the table of its block."""
    count, columns = len(line.words), len(table.labels)
    if line.kind == "loop" and table.labels:
        raise invalid_star(path, f"line {line.number} starts a second table in one block")
    if line.kind == "value" and count != 2:
        raise invalid_star(path, f"line {line.number} does not have one value")
    if line.kind in ("label", "value"):
        label = line.words[0].removeprefix("_")
        if len(table.labels) == _MOST_COLUMNS:
            raise invalid_star(path, f"it has more than {_MOST_COLUMNS} columns")
        if label in table:
            raise invalid_star(path, f"line {line.number} repeats the label _{label}")
        table.labels.append(label)
    if line.kind == "value":
        table.rows[:] = table.rows or [[]]
        table.rows[0].append(line.words[1])
    elif line.kind == "row":
        if count > columns or (count < columns and not table.rows):
            reason = f"line {line.number} has {count} values for {columns} columns"
            raise invalid_star(path, reason)
        table.rows.append(line.words)


def find_table(path: AnyPath, tables: Mapping[str, Table], *columns: str) -> Table:
    """Return the table of a file that has the given columns.

    Parameters
    ----------
    path : path-like
        Path of the file, for the error message.
    tables : mapping of str to Table
        Tables of the file, by the name of their block.
    *columns : str
        Labels of the required columns, without ``_``.

    Raises
    ------
    InputFileError
        If no table has all these columns, or several with rows have them.
    """
    fitting = {name: table for name, table in tables.items() if set(columns) <= set(table.labels)}
    labels = " and ".join(f"_{column}" for column in columns)
    if not fitting:
        raise InputFileError(path, f"has no table with {labels}", "Choose a file that has them")
    filled = [name for name, table in fitting.items() if len(table)]
    if len(filled) > 1:
        names = " and ".join(f"data_{name}" for name in filled)
        reason = f"has several tables with {labels}: {names}"
        raise InputFileError(path, reason, "Keep one table in the file")
    return fitting[filled[0]] if filled else next(iter(fitting.values()))


def numbers(path: AnyPath, table: Table, column: str) -> NDArray[np.float64]:
    """Return a column ``(n,)`` of a table as numbers, with NaN for missing values.

    Raises
    ------
    InputFileError
        If a value is not a number.
    """
    try:
        return np.array([float(word) if word else math.nan for word in table[column]], float)
    except ValueError as error:
        reason = f"_{column} has a value that is not a number ({error})"
        raise InputFileError(path, reason, "Correct that column") from error


def write_table(path: AnyPath, block: str, columns: Mapping[str, Sequence[str]]) -> None:
    """Write one table atomically, in the layout of RELION 3.1 to 5.

    Parameters
    ----------
    path : path-like
        File to create or replace. Without rows it has only the header of the table.
    block : str
        Name of the block, without ``data_``; empty in RELION's coordinate files.
    columns : mapping of str to sequence of str
        Values of each column. Values that RELION would split or misread are quoted.

    Raises
    ------
    InputFileError
        If a value has a line end, or both types of quotes before blanks.
    OSError
        If the file cannot be written.
    """
    write_tables(path, {block: columns})


def write_tables(path: AnyPath, tables: Mapping[str, Mapping[str, Sequence[str]]]) -> None:
    """Write several tables, each by the name of its block; see `write_table`.

    Raises
    ------
    InputFileError, OSError
        As in `write_table`.
    """
    texts = (f"\n# version 30001\n{format_table(*table)}" for table in tables.items())
    write_text(path, "".join(texts))


def format_table(block: str, columns: Mapping[str, Sequence[str]]) -> str:
    """Return the text of one table, as written by `write_table`."""
    labels = [f"_{label} #{number} " for number, label in enumerate(columns, start=1)]
    rows = [_format_row(row) for row in zip(*columns.values(), strict=True)]
    return "\n".join(["", f"data_{block}", "", "loop_ ", *labels, *rows, " ", ""])


def _format_row(values: Sequence[str]) -> str:
    words = [_quoted(value) if _needs_quotes(value) else value for value in values]
    line = " ".join(words)
    if line.startswith("_") or begins_block(line) or begins_loop(line):
        words[0] = _quoted(words[0])
    return " ".join(word.rjust(12) for word in words) + " "


def _needs_quotes(value: str) -> bool:
    return not value or value[0] in "\"'#" or any(c.isspace() or c == "\0" for c in value)


def _quoted(value: str) -> str:
    if not any(mark in value for mark in UNWRITABLE):
        for quote in "\"'":
            if not any(f"{quote}{blank}" in value for blank in " \t"):
                return f"{quote}{value}{quote}"
    raise InputFileError(value, "has a name that cannot be written to a STAR file", "Rename it")
