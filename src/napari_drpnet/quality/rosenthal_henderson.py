"""Rosenthal-Henderson plot: resolution against number of particles, and its B factor."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

#: Least number of particles of a point that counts, and least number of points of a fit.
FEWEST_PARTICLES, FEWEST_POINTS = 50, 3

Method = Literal["refinement", "angles of the full set"]


@dataclass(frozen=True)
class Point:
    """Resolution of the reconstruction of some particles.

    Parameters
    ----------
    count : int
        Number of particles, not multiplied by the symmetry.
    angstrom : float
        Resolution in Å.
    at_nyquist : bool
        Whether the resolution is limited by the pixel size.
    method : {'refinement', 'angles of the full set'}
        Whether these particles alone were refined, or have the angles of the full set, which are
        better than their own would be.
    """

    count: int
    angstrom: float
    at_nyquist: bool
    method: Method

    @property
    def counts_for_fit(self) -> bool:
        """Whether the point may lie on the straight line."""
        return self.count >= FEWEST_PARTICLES and not self.at_nyquist


@dataclass(frozen=True)
class Fit:
    """Straight line ``1 / d² = intercept + slope · ln N``, with d in Å.

    Parameters
    ----------
    intercept, slope : float
        Coefficients in 1/Å².
    b_factor : float or None
        B factor in Å², 2 / slope; None if resolution does not rise with the number of particles.
    points : int
        Number of points of the fit.
    """

    intercept: float
    slope: float
    b_factor: float | None
    points: int


def fit_points(points: Sequence[Point]) -> Fit | None:
    """Fit the straight line of a Rosenthal-Henderson plot by least squares.

    Parameters
    ----------
    points : sequence of Point
        Points of one method.

    Returns
    -------
    Fit or None
        None if fewer than three numbers of particles are left without points at the Nyquist
        frequency and points below 50 particles.

    Notes
    -----
    Rosenthal and Henderson 2003, J. Mol. Biol. 333:721. RELION's ``bfactor_plot.py`` fits alike.
    """
    used = [point for point in points if point.counts_for_fit]
    if len({point.count for point in used}) < FEWEST_POINTS:
        return None
    x = np.log([point.count for point in used])
    y = np.array([point.angstrom for point in used]) ** -2.0
    slope, intercept = (float(value) for value in np.polyfit(x, y, 1))
    return Fit(intercept, slope, 2 / slope if slope > 0 else None, len(used))
