"""Printing for every terminal: names cannot control it, and it need not know all characters."""

import codecs
import io
import re
import sys

import click

#: Control characters except line feeds and tabs. Terminals obey them.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_PLAIN = {"≤": "<=", "≥": ">=", "−": "-", "×": "x", "Å": "A", "…": "...", "─": "-", "“": '"',
          "”": '"', "→": "->", "–": "-", "°": "deg", "µ": "u"}  # fmt: skip
_ERRORS = "drpnet-plain"


def echo(text: str, *, err: bool = False, nl: bool = True) -> None:
    """Print text to standard output or standard error, with control characters escaped."""
    click.echo(printable(text), err=err, nl=nl)  # noqa: TID251 - the only place that prints


def printable(text: str) -> str:
    r"""Return text with its control characters escaped, except line feeds and tabs.

    Examples
    --------
    >>> printable("a\x1b[2J.mrc")
    'a\\x1b[2J.mrc'
    """
    return _CONTROLS.sub(lambda match: f"\\x{ord(match[0]):02x}", text)


def print_anywhere() -> None:
    """Replace characters that the encoding of the terminal lacks, in place of an error."""
    codecs.register_error(_ERRORS, _replace)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_ERRORS)


def _replace(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lost = error.object[error.start : error.end]
    plain = "".join(
        _PLAIN.get(one) or one.encode("ascii", "backslashreplace").decode() for one in lost
    )
    return plain, error.end
