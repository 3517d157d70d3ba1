"""Numbers in sentences for people: with their nouns and thousands separators, no exponents."""

import math
from collections.abc import Collection
from itertools import islice


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, such as ``1 micrograph`` or ``3,000 micrographs``.

    Parameters
    ----------
    number : int
        Number to write.
    noun : str
        Noun in the singular, whose plural ends in "s".
    """
    return f"{number:,} {noun}{'s' * (number != 1)}"


def listed(names: Collection[str], most: int = 3) -> str:
    """Return the first names of a list, and how many more there are.

    Examples
    --------
    >>> listed(["a.mrc", "b.mrc", "c.mrc", "d.mrc"])
    'a.mrc, b.mrc, c.mrc and 1 more'
    """
    rest = len(names) - most
    return ", ".join(islice(names, most)) + (f" and {rest:,} more" if rest > 0 else "")


def short_number(value: float, digits: int = 3) -> str:
    """Return a number with few significant digits, but with all digits before the point.

    Parameters
    ----------
    value : float
        Number to write.
    digits : int
        Number of significant digits, of which zeros at the end are left out.

    Examples
    --------
    >>> [short_number(value) for value in (0.0801, 1.0649, 36, 66674.2, 0)]
    ['0.0801', '1.06', '36', '66674', '0']
    """
    text = f"{value:.{digits}g}"
    is_large = "e+" in text or (math.isfinite(value) and abs(value) >= 10**digits)
    return f"{value:.0f}" if is_large else text
