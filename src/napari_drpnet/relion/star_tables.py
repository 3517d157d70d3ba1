"""STAR files as tables: what RELION, crYOLO and others share below the meaning of columns."""

import linecache
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.text import AnyPath, read_text, write_text

if TYPE_CHECKING:
    import pandas as pd

MICROGRAPH_NAME = "rlnMicrographName"
ALTERED_BY_STARFILE = re.compile(r"^[^#\n]*\w(['#])\w", re.MULTILINE)
#: The line that begins a block; a row may begin likewise, with a name such as ``data_1/a.mrc``.
_BLOCK = re.compile(r"\s*data_[^\s/]*\s*(#.*)?")
_FIRST_WORD = re.compile(r"data_\S*")


def read_tables(path: AnyPath) -> dict[str, "pd.DataFrame"]:
    """Read all blocks of a STAR file; a block of single values becomes a table of one row.

    Parameters
    ----------
    path : path-like
        The file. RELION 2 to 5 (with any ``# version`` line), CRLF line ends, comments, extra
        columns, quoted names and ``<NA>`` are understood.

    Returns
    -------
    dict of str to pandas.DataFrame
        Tables by block name, without ``data_``; columns without ``_``. RELION writes an empty
        table as a file of 0 bytes, which gives ``{}``; a header without rows gives a table
        without rows.

    Raises
    ------
    InputFileError
        When the file cannot be read, is not a STAR file, or has an apostrophe or ``#`` within a
        name: starfile would silently return another name, and RELION needs names to the letter.
    """
    import pandas as pd

    text = read_text(path)
    if altered := ALTERED_BY_STARFILE.search(text):
        reason = f"has a name with {altered[1]} in it, which cannot be read"
        raise InputFileError(path, reason, "Rename that file or folder")
    linecache.clearcache()  # where starfile keeps the old lines of a file that it failed to read
    try:
        blocks = _read_blocks(path, text)
    except (ValueError, TypeError) as error:
        reason = f"is not a valid STAR file ({error})"
        raise InputFileError(path, reason, "Write it again, or correct it") from error
    if not blocks and any(line.split("#")[0].strip() for line in text.splitlines()):
        raise InputFileError(path, "has no data_ block, so it is no STAR file", "Check its suffix")
    return {
        name: pd.DataFrame([block]) if isinstance(block, dict) else block
        for name, block in blocks.items()
    }


def begins_block(line: str) -> bool:
    """Tell whether a line begins a block, and is not a row whose first word looks alike."""
    return _BLOCK.fullmatch(line) is not None


def _read_blocks(path: AnyPath, text: str) -> Mapping[str, Any]:
    """Let starfile read, from a copy with quotes where it would take a row for a new block."""
    safe = "\n".join(map(_unlike_block, text.split("\n")))
    if safe == text:
        return _read_with_starfile(path)
    with TemporaryDirectory() as folder:
        copy = Path(folder, "safe.star")
        write_text(copy, safe)
        return _read_with_starfile(copy)


def _read_with_starfile(path: AnyPath) -> Mapping[str, Any]:
    import starfile

    blocks: dict[str, Any] = starfile.read(
        path, always_dict=True, parse_as_string=[MICROGRAPH_NAME]
    )
    return blocks


def _unlike_block(line: str) -> str:
    is_row = line.lstrip().startswith("data_") and not begins_block(line)
    return _FIRST_WORD.sub(lambda word: f'"{word[0]}"', line, count=1) if is_row else line


def find_table(
    path: AnyPath, tables: Mapping[str, "pd.DataFrame"], *columns: str
) -> "pd.DataFrame":
    """Return the first of the tables of a file that has all these columns.

    Raises
    ------
    InputFileError
        When none has.
    """
    for table in tables.values():
        if set(columns) <= set(table.columns):
            return table
    labels = " and ".join(f"_{column}" for column in columns)
    raise InputFileError(path, f"has no table with {labels}", "Choose a file that has them")


def numbers(path: AnyPath, table: "pd.DataFrame", column: str) -> NDArray[np.float64]:
    """Return a column of a table as numbers, with NaN where the file has none.

    Raises
    ------
    InputFileError
        When the column holds text.
    """
    import pandas as pd

    try:
        return pd.to_numeric(table[column]).to_numpy(np.float64, na_value=np.nan)
    except (ValueError, TypeError) as error:
        reason = f"_{column} holds something that is not a number ({error})"
        raise InputFileError(path, reason, "Correct that column") from error


def write_table(path: AnyPath, block: str, columns: Mapping[str, Sequence[str]]) -> None:
    """Write one table as RELION 3.1 to 5 does, atomically; without rows, a header.

    Parameters
    ----------
    path : path-like
        The file to create or replace.
    block : str
        Name of the block, without ``data_``; RELION's coordinate files have an empty one.
    columns : mapping of str to sequence of str
        The values of each column; those with spaces get quotes.

    Raises
    ------
    OSError
        When the file cannot be written.
    """
    write_text(path, "\n# version 30001\n" + format_table(block, columns))


def format_table(block: str, columns: Mapping[str, Sequence[str]]) -> str:
    """Return the text of one table, as `write_table` writes it."""
    labels = [f"_{label} #{number} " for number, label in enumerate(columns, start=1)]
    rows = [
        " ".join(_quoted(value).rjust(12) for value in row) + " "
        for row in zip(*columns.values(), strict=True)
    ]
    return "\n".join(["", f"data_{block}", "", "loop_ ", *labels, *rows, " ", ""])


def _quoted(value: str) -> str:
    needs_quotes = not value or value[0] in "\"'" or any(c.isspace() for c in value)
    return f'"{value}"' if needs_quotes else value
