"""The lines of a STAR file, divided into words as RELION's own reader divides them.

RELION's rules differ from those of CIF, so that `gemmi.cif` refuses names beyond ASCII and names
such as ``data_1/a.mrc``, and shifts the values of ragged rows without an error.
"""

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.text import AnyPath

Kind = Literal["block", "loop", "label", "row", "value", "other"]

_BLANKS = " \t\n"
#: The line that begins a block; a row may begin likewise, with a name such as ``data_1/a.mrc``.
_BLOCK = re.compile(r"data_[^\s/]*[ \t]*(#.*)?")
_LOOP = re.compile(r"loop_[ \t]*(#.*)?")
_LINE = re.compile(r".+\n?|\n")
_PLAIN_WORD = re.compile(r"[^ \t\n]+")
#: A quote ends a word only before a blank, and ``#`` begins a comment only after one.
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
        Counted from 1.
    kind : {'block', 'loop', 'label', 'row', 'value', 'other'}
        The beginning of a block or a loop, the label of a column, a row of a loop, a label with
        its value, or none of these: an empty line, a comment, or text outside of any block.
    words : list of str
        The name of a block; the words of a label, a row or a value without quotes and comment.
    text : str
        The line to the letter, with its line feed.
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
        The file, for messages.
    text : str
        What is in it.

    Raises
    ------
    InputFileError
        When a quote has no end.
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


def split_words(line: str) -> list[str]:
    """Split a line at blanks, with regard to quotes and a comment.

    Raises
    ------
    ValueError
        When a quote has no end.

    Examples
    --------
    >>> split_words("O'Brien/run#2.mrc  'b c.mrc' 1.5 # two micrographs")
    ["O'Brien/run#2.mrc", 'b c.mrc', '1.5']
    """
    if '"' not in line and "'" not in line and "#" not in line:
        return _PLAIN_WORD.findall(line)
    words = []
    for match in _WORD.finditer(line):
        if match.lastgroup == "open":
            raise ValueError("has a quote without an end")
        if match.lastgroup == "comment":
            break
        words.append(match[match.lastindex or 0])
    return words


def begins_block(line: str) -> bool:
    """Tell whether a line begins a block, and is not a row whose first word looks alike."""
    return line.startswith("data_") and _BLOCK.fullmatch(line) is not None


def begins_loop(line: str) -> bool:
    """Tell whether a line begins a loop, and is not a row whose first word looks alike."""
    return line.startswith("loop_") and _LOOP.fullmatch(line) is not None


def invalid_star(path: AnyPath, reason: str) -> InputFileError:
    """Return the error for a file that is not, or no longer, a STAR file."""
    remedy = "Write it again, or correct it"
    return InputFileError(path, f"is not a valid STAR file ({reason})", remedy)


def _kind(bare: str, inside: Kind) -> Kind:
    """Tell what a line is by what the line before it was that is not ``'other'``."""
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
