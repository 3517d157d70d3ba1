"""Charts of a report as SVG; the style sheet of the page sets their colours."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import ArrayLike, NDArray

WIDTH, HEIGHT = 560, 200
_LEFT, _RIGHT, _TOP, _BOTTOM = 50, 16, 8, 38
_BINS, _COLUMNS, _TICKS = 30, 360, 8

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Axis:
    """Linear axis that maps `low` and `high` to the SVG coordinates `first` and `last`."""

    low: float
    high: float
    first: float
    last: float

    def __call__(self, values: ArrayLike) -> Floats:
        share = (np.asarray(values, float) - self.low) / (self.high - self.low)
        return self.first + share * (self.last - self.first)

    def ticks(self) -> list[tuple[float, str]]:
        """Return the positions of round numbers on the axis, and their labels."""
        step = _round_step((self.high - self.low) / _TICKS)
        numbers = np.arange(math.ceil(self.low / step), math.floor(self.high / step) + 1) * step
        digits = max(0, -math.floor(math.log10(step)))
        labels = [f"{number:,.{digits}f}" for number in numbers]
        return list(zip(self(numbers).tolist(), labels, strict=True))


def histogram(values: Sequence[int], unit: str, things: str) -> str:
    """Draw a histogram of counts.

    Parameters
    ----------
    values : sequence of int
        Counts, one for each thing.
    unit, things : str
        Plural nouns for the axes, such as ``picks`` and ``micrographs``.

    Returns
    -------
    str
        SVG of the chart.
    """
    low, high = min(values), max(values)
    width = max(1, math.ceil((high - low + 1) / _BINS))
    edges = np.arange(low, high + width + 1, width)
    counts, _ = np.histogram(values, edges)
    x = _across(float(edges[0]), float(edges[-1]))
    y = _up(0.0, float(counts.max()))
    bars = []
    for left, right, count in zip(edges[:-1], edges[1:], counts, strict=True):
        span = f"{left}" if width == 1 else f"{left}–{right - 1}"
        (start, end), top = x([left, right]), float(y(count))
        bars.append(
            f'<rect class="bar" x="{start + 0.5:.1f}" y="{top:.1f}" width="{end - start - 1:.1f}" '
            f'height="{_bottom() - top:.1f}"><title>{span} {unit}: {count} {things}</title></rect>'
        )
    return _chart("".join(bars), x, y, unit, things)


def sequence(values: Sequence[float], marked: Iterable[int], unit: str, things: str) -> str:
    """Draw a sequence of values as dots, and outliers as crosses.

    Parameters
    ----------
    values : sequence of float
        Values, one for each thing; NaN where unknown. At least one must be known.
    marked : iterable of int
        Indices of the outliers.
    unit, things : str
        Plural nouns for the axes.

    Returns
    -------
    str
        SVG of the chart.
    """
    x, y = _across(0.5, len(values) + 0.5), _up(0.0, float(np.nanmax(values)))
    points = np.stack([x(np.arange(1, len(values) + 1)), y(values)], axis=1)
    known = np.isfinite(points[:, 1])
    far = np.zeros(len(values), bool)
    far[list(marked)] = True
    dots = "".join(f"M{a:.1f} {b:.1f}h0" for a, b in points[known & ~far])
    crosses = "".join(f"M{a - 3:.1f} {b - 3:.1f}l6 6m0-6l-6 6" for a, b in points[known & far])
    body = f'<path class="dot" d="{dots}"/><path class="mark" d="{crosses}"/>'
    return _chart(body, x, y, f"{things} in order of their names", unit)


def bands(quantiles: Sequence[tuple[float, ...]], unit: str, things: str) -> str:
    """Draw a sequence of distributions: range, quartiles and median.

    Parameters
    ----------
    quantiles : sequence of tuple of float
        Minimum, lower quartile, median, upper quartile and maximum of each thing; empty where
        unknown. Long sequences are drawn in groups of neighbours, by the medians of each group.
    unit, things : str
        Nouns for the axes.

    Returns
    -------
    str
        SVG of the chart.
    """
    size = max(1, math.ceil(len(quantiles) / _COLUMNS))
    groups = [
        list(filter(None, quantiles[at : at + size])) for at in range(0, len(quantiles), size)
    ]
    known = [number for number, group in enumerate(groups) if group]
    rows = np.array([np.median(groups[number], axis=0) for number in known])
    centers = np.minimum(np.array(known) * size + (size + 1) / 2, len(quantiles))
    x = _across(0.5, len(quantiles) + 0.5)
    y = _up(float(rows.min()), float(rows.max()))
    columns = x(centers)
    if len(columns) == 1:
        columns, rows = columns + np.array([-8.0, 8.0]), np.repeat(rows, 2, axis=0)
    least, lower, median, upper, greatest = y(rows).T
    body = (
        f'<path class="range" d="{_area(columns, least, greatest)}"/>'
        f'<path class="quartiles" d="{_area(columns, lower, upper)}"/>'
        f'<path class="median" d="M{_points(columns, median)}"/>'
    )
    return _chart(body, x, y, f"{things} in order of their names", unit)


def _across(low: float, high: float) -> _Axis:
    return _Axis(low, high, _LEFT, WIDTH - _RIGHT)


def _up(low: float, high: float) -> _Axis:
    room = high + 0.05 * (high - low)
    return _Axis(low, room if room > low else low + 1, _bottom(), _TOP)


def _bottom() -> int:
    return HEIGHT - _BOTTOM


def _round_step(step: float) -> float:
    """Round up to 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(step))
    return float(next(power * factor for factor in (1, 2, 5, 10) if power * factor >= step))


def _points(x: Floats, y: Floats) -> str:
    return "L".join(f"{a:.1f} {b:.1f}" for a, b in zip(x, y, strict=True))


def _area(x: Floats, low: Floats, high: Floats) -> str:
    return f"M{_points(x, low)}L{_points(x[::-1], high[::-1])}Z"


def _chart(body: str, x: _Axis, y: _Axis, x_title: str, y_title: str) -> str:
    bottom, right = _bottom(), WIDTH - _RIGHT
    grid = "".join(f'<path class="grid" d="M{_LEFT} {at:.1f}H{right}"/>' for at, _ in y.ticks())
    labels = [
        f'<text x="{at:.1f}" y="{bottom + 15}" text-anchor="middle">{label}</text>'
        for at, label in x.ticks()
    ]
    labels += [
        f'<text x="{_LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{label}</text>'
        for at, label in y.ticks()
    ]
    middle = (_LEFT + right) / 2
    titles = (
        f'<text class="title" x="{middle:.0f}" y="{HEIGHT - 6}" text-anchor="middle">'
        f"{escape(x_title)}</text>"
        f'<text class="title" transform="translate(11 {(bottom + _TOP) / 2:.0f}) rotate(-90)" '
        f'text-anchor="middle">{escape(y_title)}</text>'
    )
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(y_title)} by '
        f'{escape(x_title)}">{grid}<path class="axis" d="M{_LEFT} {bottom}H{right}"/>'
        f"{body}{''.join(labels)}{titles}</svg>"
    )
