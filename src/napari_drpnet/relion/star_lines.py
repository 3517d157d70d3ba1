"""Splitting of a STAR file into lines and words by the rules of RELION's own reader.

RELION's rules differ from those of CIF: `gemmi.cif` refuses non-ASCII names and names such as
``data_1/a.mrc``, and shifts the values of ragged rows without an error.
"""

import re
from collections.abc import Container, Iterator
from itertools import pairwise
from typing import Literal, NamedTuple

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.text import AnyPath

Kind = Literal["block", "loop", "label", "row", "value", "other"]

_BLANKS = " \t\n"
#: First line of a block. A row may start alike, with a name such as ``data_1/a.mrc``.
_BLOCK = re.compile(r"data_[^\s/]*[ \t]*(#.*)?")
_BLOCK_LINE = re.compile(r"^[ \t]*data_(?P<name>[^\s/]*)[ \t]*(?:#.*)?$", re.MULTILINE)
_LOOP = re.compile(r"loop_[ \t]*(#.*)?")
_LINE = re.compile(r".+\n?|\n")
_PLAIN_WORD = re.compile(r"[^ \t\n]+")
#: A quote ends a word only before a blank, and ``#`` starts a comment only after a blank.
_WORD = re.compile(
    r"""
    "(?P<double>.*?)"(?![^ \t\n]) | '(?P<single>.*?)'(?![^ \t\n])
    | (?P<open>["']) | (?P<comment>\#) | (?P<plain>[^ \t\n]+)
    """,
    re.VERBOSE,
)


class Line(NamedTuple):
    """A line of a STAR file.

    Parameters
    ----------
    number : int
        Number of the line, counted from 1.
    kind : {'block', 'loop', 'label', 'row', 'value', 'other'}
        Type of the line: start of a block, start of a loop, label of a column, row of a loop,
        label with its value, or anything else (an empty line, a comment, text outside of blocks).
    words : list of str
        Name of a block, or the words of a label, row or value, without quotes and comments.
    text : str
        Unchanged text of the line, with its line feed.
    """

    number: int
    kind: Kind
    words: list[str]
    text: str


def star_lines(path: AnyPath, text: str) -> Iterator[Line]:
    """Yield the lines of a STAR file.

    Parameters
    ----------
    path : path-like
        Path of the file, for error messages.
    text : str
        Content of the file.

    Yields
    ------
    Line

    Raises
    ------
    InputFileError
        If a quote is not closed.
    """
    inside: Kind = "other"
    for number, match in enumerate(_LINE.finditer(text), start=1):
        line = match[0]
        bare = line.strip(_BLANKS)
        kind = _kind(bare, inside)
        try:
            words = _words(kind, bare)
        except ValueError as error:
            raise invalid_star(path, f"line {number} {error}") from error
        if kind != "other":
            inside = kind
        yield Line(number, kind, words, line)


def blank_other_blocks(text: str, names: Container[str]) -> str:
    """Return the text of a STAR file with empty lines in place of some blocks.

    Parameters
    ----------
    text : str
        Content of the file.
    names : container of str
        Names of the blocks to keep, without ``data_``. Long blocks are skipped many times faster
        than they are read.
    """
    starts = list(_BLOCK_LINE.finditer(text))
    ends = [*(match.start() for match in starts), len(text)]
    parts = [text[: ends[0]]]
    for match, (start, end) in zip(starts, pairwise(ends), strict=True):
        block = text[start:end]
        parts.append(block if match["name"] in names else "\n" * block.count("\n"))
    return "".join(parts).rstrip("\n") + "\n"


def split_words(line: str) -> list[str]:
    """Split a line into words at blanks, honour quotes, and drop a comment.

    Raises
    ------
    ValueError
        If a quote is not closed.

    Examples
    --------
    >>> split_words("O'Brien/run#2.mrc  'b c.mrc' 1.5 # two micrographs")
    ["O'Brien/run#2.mrc", 'b c.mrc', '1.5']
    """
    if '"' not in line and "'" not in line and "#" not in line:
        # The only blank that is printable is the space, and `split` is three times as fast.
        return line.split() if line.isprintable() else _PLAIN_WORD.findall(line)
    words = []
    for match in _WORD.finditer(line):
        if match.lastgroup == "open":
            raise ValueError("has a quote that is not closed")
        if match.lastgroup == "comment":
            break
        words.append(match[match.lastindex or 0])
    return words


def begins_block(line: str) -> bool:
    """Return whether a line starts a block; a row may have a first word that looks similar."""
    return line.startswith("data_") and _BLOCK.fullmatch(line) is not None


def begins_loop(line: str) -> bool:
    """Return whether a line starts a loop; a row may have a first word that looks similar."""
    return line.startswith("loop_") and _LOOP.fullmatch(line) is not None


def invalid_star(path: AnyPath, reason: str) -> InputFileError:
    """Return the error for a malformed STAR file."""
    remedy = "Write it again, or correct it"
    return InputFileError(path, f"is not a valid STAR file ({reason})", remedy)


def _kind(bare: str, inside: Kind) -> Kind:
    """Classify a line, given the kind of the last line before it that is not ``'other'``."""
    if begins_block(bare):
        return "block"
    if inside == "other" or not bare or bare[0] == "#":
        return "other"
    if begins_loop(bare):
        return "loop"
    if inside == "row" or (bare[0] != "_" and inside in ("loop", "label")):
        return "row"
    if bare[0] != "_":
        return "other"
    return "label" if inside in ("loop", "label") else "value"


def _words(kind: Kind, bare: str) -> list[str]:
    if kind in ("other", "loop"):
        return []
    return split_words(bare.removeprefix("data_")) or [""] if kind == "block" else split_words(bare)
