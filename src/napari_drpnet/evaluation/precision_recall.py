"""Precision, recall and F1 from counts, and their curve over score thresholds.

A ratio of 0 to 0 counts as 1 if there are neither picks nor particles, because nothing was missed
and nothing was picked wrongly. Otherwise it counts as 0.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


class Rates(NamedTuple):
    """Precision, recall and their harmonic mean F1, each from 0 to 1."""

    precision: float
    recall: float
    f1: float


class CurvePoint(NamedTuple):
    """A score threshold, and the rates of the picks with at least this score."""

    threshold: float
    rates: Rates


@dataclass(frozen=True)
class Tally:
    """Counts of correct picks, false picks and missed particles; add tallies to pool them.

    Parameters
    ----------
    true_positives : int
        Number of picks that are paired with a particle.
    false_positives : int
        Number of picks that are not paired, including duplicates.
    false_negatives : int
        Number of particles that are not paired with a pick.
    """

    true_positives: int
    false_positives: int
    false_negatives: int

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.true_positives + other.true_positives,
            self.false_positives + other.false_positives,
            self.false_negatives + other.false_negatives,
        )

    @property
    def picks(self) -> int:
        """Number of picks."""
        return self.true_positives + self.false_positives

    @property
    def particles(self) -> int:
        """Number of true particles."""
        return self.true_positives + self.false_negatives

    @property
    def rates(self) -> Rates:
        """Precision, recall and F1."""
        if self.picks == self.particles == 0:
            return Rates(1.0, 1.0, 1.0)
        return Rates(
            self.true_positives / max(self.picks, 1),
            self.true_positives / max(self.particles, 1),
            2 * self.true_positives / (self.picks + self.particles),
        )


@dataclass(frozen=True, eq=False)
class PrecisionRecallCurve:
    """Counts at every distinct score of a pick, the highest score first.

    Parameters
    ----------
    thresholds : (k,) float array
        Distinct scores, descending.
    picks : (k,) int array
        Number of picks with at least this score.
    true_positives : (k,) int array
        Number of pairs in an optimal matching of these picks.
    particles : int
        Number of true particles.
    """

    thresholds: Floats
    picks: Counts
    true_positives: Counts
    particles: int

    @property
    def precision(self) -> Floats:
        """Fraction ``(k,)`` of the picks that are correct."""
        return self.true_positives / self.picks

    @property
    def recall(self) -> Floats:
        """Fraction ``(k,)`` of the particles that are found."""
        return self.true_positives / max(self.particles, 1)

    @property
    def f1(self) -> Floats:
        """Harmonic mean ``(k,)`` of precision and recall."""
        return 2 * self.true_positives / (self.picks + self.particles)

    @property
    def average_precision(self) -> float | None:
        """Sum of precision times increase in recall, not interpolated; None without particles."""
        if self.particles == 0:
            return None
        return float(np.sum(self.precision * np.diff(self.recall, prepend=0.0)))

    @property
    def best(self) -> CurvePoint | None:
        """Point with the greatest F1, at the highest such score; None if no pick is correct."""
        if not self.true_positives.any():
            return None
        k = int(np.argmax(self.f1))
        rates = Rates(float(self.precision[k]), float(self.recall[k]), float(self.f1[k]))
        return CurvePoint(float(self.thresholds[k]), rates)
