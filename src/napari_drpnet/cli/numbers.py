"""Types of numeric options."""

import math

import click

from napari_drpnet.images.micrograph import read_micrograph

_DIGITS = 6

#: Side of a box, in pixels.
BOX_SIZE = click.IntRange(2, 1_000_000)


def count_rows(text: str) -> int:
    """Parse a number of rows; if it is the path of a micrograph, return its height."""
    if not text.isdecimal():
        return read_micrograph(text).shape[0]
    if len(text) > _DIGITS or int(text) == 0:
        raise click.BadParameter(f"{text} is not a number of rows")
    return int(text)


def finite(text: str) -> float:
    """Parse a finite number."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise click.BadParameter(f"{text!r} is not a number")
    return value


def positive(text: str) -> float:
    """Parse a length in Å or pixels: a number above 0 and below 1e9."""
    value = finite(text)
    if not 0 < value < 1e9:
        raise click.BadParameter(f"{text} is not above 0, or is too large")
    return value


def not_negative(text: str) -> float:
    """Parse a number that is 0 or greater."""
    value = finite(text)
    if value < 0:
        raise click.BadParameter(f"{text} is below 0")
    return value
