"""Numbers that options take."""

import math

import click

from napari_drpnet.images.micrograph import read_micrograph

_DIGITS = 6

#: Side of a box, pixels.
BOX_SIZE = click.IntRange(2, 1_000_000)


def count_rows(text: str) -> int:
    """Read a number, or take the height of the micrograph of this name."""
    if not text.isdecimal():
        return read_micrograph(text).shape[0]
    if len(text) > _DIGITS or int(text) == 0:
        raise click.BadParameter(f"{text} is no number of rows")
    return int(text)


def finite(text: str) -> float:
    """Read a number; infinity and NaN are none."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise click.BadParameter(f"{text!r} is not a number")
    return value


def positive(text: str) -> float:
    """Read a number above zero, of a size that a length in Å or pixels may have."""
    value = finite(text)
    if not 0 < value < 1e9:
        raise click.BadParameter(f"{text} is not above 0, or is too large")
    return value


def not_negative(text: str) -> float:
    """Read a number that is zero or more."""
    value = finite(text)
    if value < 0:
        raise click.BadParameter(f"{text} is below 0")
    return value
