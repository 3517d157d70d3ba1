"""Axes of sliders and histograms, linear, logarithmic and logit, as numbers."""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

#: Probabilities nearer to 0 or 1 than this are at the ends of a logit axis.
_END = 1e-3
#: Number of steps of a slider from 0.5 to each end: each step is seen in the rounded value.
_STEPS = 350
#: Greatest number of decimals of a typed probability, and number of digits of a rounded one.
_MOST_DECIMALS, _DIGITS = 6, 3


@dataclass(frozen=True)
class Axis(ABC):
    """Axis on which a slider and a histogram place values.

    A value has a coordinate, which increases with the value. Equal distances on the screen are
    equal differences of the coordinate.

    Parameters
    ----------
    low, high : float
        Least and greatest value.

    Raises
    ------
    ValueError
        If `high` is not above `low`.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError(f"an axis must be ascending, not from {self.low} to {self.high}")

    # ---- what kinds of axes differ in

    @property
    @abstractmethod
    def step(self) -> float:
        """Least difference of the coordinate between two positions of a slider."""

    @property
    @abstractmethod
    def most_decimals(self) -> int:
        """Greatest number of decimals of a typed value."""

    @property
    @abstractmethod
    def ticks(self) -> tuple[float, ...]:
        """Values to write at the axis, the first and the last at its ends."""

    @abstractmethod
    def coordinates(self, values: ArrayLike) -> Floats:
        """Return the coordinates of values, with the shape of `values`."""

    @abstractmethod
    def values(self, coordinates: ArrayLike) -> Floats:
        """Return the values at coordinates, with the shape of `coordinates`."""

    @abstractmethod
    def rounded(self, value: float) -> float:
        """Return a value with the digits that can be distinguished on the axis."""

    @abstractmethod
    def shown(self, value: float) -> float:
        """Return the number that a field shows for a value."""

    @abstractmethod
    def decimals(self, value: float) -> int:
        """Return the number of decimals with which a field shows a number."""

    @abstractmethod
    def including(self, value: float) -> Self:
        """Return the axis that reaches to a value as well."""

    # ---- what they share

    def text(self, value: float) -> str:
        """Return the number that a field shows for a value, as a text."""
        number = self.shown(value)
        return f"{number:.{self.decimals(number)}f}"

    def tick(self, value: float) -> int:
        """Return the position of a value on a slider, in steps."""
        return round(float(self.coordinates(value)) / self.step)

    def at_tick(self, tick: int) -> float:
        """Return the rounded value at a position of a slider."""
        return self.rounded(float(self.values(tick * self.step)))

    def shares(self, values: ArrayLike) -> Floats:
        """Return the positions of values on the axis, from 0 at `low` to 1 at `high`."""
        first, last = self._ends
        return np.clip((self.coordinates(values) - first) / (last - first), 0.0, 1.0)

    def at_share(self, share: float) -> float:
        """Return the rounded value at a position from 0 to 1; at the nearer end beyond them."""
        return self.rounded(float(self._at(share)))

    def moved(self, value: float, share: float) -> float:
        """Return the rounded value that lies `share` of the axis, at least one step, further."""
        first, last = self._ends
        moved = max(abs(share), self.step / (last - first))
        return self.at_share(float(self.shares(value)) + math.copysign(moved, share))

    def edges(self, count: int) -> Floats:
        """Return the ``(count + 1,)`` edges of bins that have equal widths on the axis."""
        return self._at(np.linspace(0.0, 1.0, count + 1))

    @property
    def _ends(self) -> tuple[float, float]:
        first, last = self.coordinates([self.low, self.high])
        return float(first), float(last)

    def _at(self, shares: ArrayLike) -> Floats:
        first, last = self._ends
        return self.values(first + np.clip(shares, 0.0, 1.0) * (last - first))


@dataclass(frozen=True)
class LinearAxis(Axis):
    """Axis on which the coordinate is the value.

    Examples
    --------
    >>> LinearAxis(0, 5).text(1.5)
    '1.50'
    """

    @property
    def step(self) -> float:
        """One unit of the last decimal that is shown."""
        return 10.0**-self.most_decimals

    @property
    def most_decimals(self) -> int:
        """Number of decimals with which all values are shown."""
        return _decimals_for(self.high - self.low)

    @property
    def ticks(self) -> tuple[float, ...]:
        """The rounded ends."""
        return self.rounded(self.low), self.rounded(self.high)

    def coordinates(self, values: ArrayLike) -> Floats:
        """Return the values."""
        return np.asarray(values, float)

    def values(self, coordinates: ArrayLike) -> Floats:
        """Return the coordinates."""
        return np.asarray(coordinates, float)

    def rounded(self, value: float) -> float:
        """Return a value rounded to the decimals that are shown."""
        return round(value, self.most_decimals)

    def shown(self, value: float) -> float:
        """Return the rounded value."""
        return self.rounded(value)

    def decimals(self, value: float) -> int:
        """Return the number of decimals, which is that of all values."""
        return self.most_decimals

    def including(self, value: float) -> Self:
        """Return the axis, extended to a value."""
        return replace(self, low=min(self.low, value), high=max(self.high, value))


@dataclass(frozen=True)
class LogAxis(Axis):
    """Axis of positive values on which the coordinate is the decimal logarithm.

    Values below `low`, such as 0, are at the lower end.

    Examples
    --------
    >>> axis = LogAxis(0.1, 1000)
    >>> [axis.text(axis.at_share(share)) for share in (0, 0.25, 0.6, 1)]
    ['0.1', '1', '25.1', '1000']
    """

    @property
    def step(self) -> float:
        """Hundredth of a decade."""
        return 0.01

    @property
    def most_decimals(self) -> int:
        """Greatest number of decimals of a typed value."""
        return _MOST_DECIMALS

    @property
    def ticks(self) -> tuple[float, ...]:
        """The rounded ends."""
        return self.rounded(self.low), self.rounded(self.high)

    def coordinates(self, values: ArrayLike) -> Floats:
        """Return the logarithms of values."""
        return np.asarray(np.log10(np.maximum(np.asarray(values, float), self.low)))

    def values(self, coordinates: ArrayLike) -> Floats:
        """Return the values of logarithms."""
        return np.asarray(10.0 ** np.asarray(coordinates, float))

    def rounded(self, value: float) -> float:
        """Return a value rounded to three digits."""
        return round(value, _DIGITS - 1 - math.floor(math.log10(value))) if value > 0 else value

    def shown(self, value: float) -> float:
        """Return a value with few decimals as it is, as if typed; any other one rounded."""
        return value if round(value, _MOST_DECIMALS) == value else self.rounded(value)

    def decimals(self, value: float) -> int:
        """Return the number of decimals of a value without zeros at its end."""
        return len(f"{value:.{_MOST_DECIMALS}f}".rstrip("0").partition(".")[2])

    def including(self, value: float) -> Self:
        """Return the axis, extended to a larger value."""
        return replace(self, high=max(self.high, value))


@dataclass(frozen=True)
class LogitAxis(Axis):
    """Axis of probabilities from 0 to 1 on which the coordinate is the log-odds.

    Values near 0 and 1 are as far from each other as those in between. 0 and 1 themselves, and
    all values nearer to them than 0.001, are at the ends.

    Examples
    --------
    >>> axis = LogitAxis()
    >>> [axis.text(axis.at_share(share)) for share in (0, 0.1, 0.5, 0.9, 1)]
    ['0.00', '0.00397', '0.50', '0.99603', '1.00']
    """

    low: float = 0.0
    high: float = 1.0

    @property
    def step(self) -> float:
        """Step of the log-odds, of which a whole number leads from 0.5 to each end."""
        return self._ends[1] / _STEPS

    @property
    def most_decimals(self) -> int:
        """Greatest number of decimals of a typed value, which is shown with all its digits."""
        return _MOST_DECIMALS

    @property
    def ticks(self) -> tuple[float, ...]:
        """The ends, and powers of ten of the distance from them."""
        return 0.0, 0.01, 0.1, 0.5, 0.9, 0.99, 1.0

    def coordinates(self, values: ArrayLike) -> Floats:
        """Return the log-odds of probabilities."""
        inner = np.clip(np.asarray(values, float), _END, 1 - _END)
        return np.asarray(np.log(inner / (1 - inner)))

    def values(self, coordinates: ArrayLike) -> Floats:
        """Return the probabilities of log-odds; 0 and 1 at the ends."""
        odds = np.asarray(coordinates, float)
        first, last = np.array(self._ends) * (1 - 1e-9)  # reached in spite of rounding
        inner = 1 / (1 + np.exp(-odds))
        return np.asarray(np.select([odds <= first, odds >= last], [0.0, 1.0], inner))

    def rounded(self, value: float) -> float:
        """Return a value with three digits of its distance from 0 or 1."""
        distance = min(value, 1 - value)
        if distance <= 0:
            return value
        return round(value, min(_DIGITS - 1 - math.floor(math.log10(distance)), _MOST_DECIMALS))

    def shown(self, value: float) -> float:
        """Return a value with few decimals as it is, as if typed; any other one rounded."""
        return value if round(value, _MOST_DECIMALS) == value else self.rounded(value)

    def decimals(self, value: float) -> int:
        """Return the number of decimals of a value without zeros at its end, at least 2."""
        digits = f"{value:.{_MOST_DECIMALS}f}".rstrip("0").partition(".")[2]
        return max(len(digits), 2)

    def including(self, value: float) -> Self:
        """Return the axis itself, which has a place for all probabilities."""
        return self


def _decimals_for(span: float) -> int:
    """Return the number of decimals to show for numbers in a range of width `span`."""
    return max(0, 3 - math.ceil(math.log10(span)))
