"""Efficiency of an orientation distribution, after Naydenova and Russo."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.quality.views import pool_views

Floats = NDArray[np.float64]

#: Least number of particles for which the efficiency says more about views than about chance.
FEWEST = 100
B_FACTOR, DIAMETER = 160.0, 300.0
_DIRECTIONS, _CHUNK = 600, 50
_MOST_STEPS, _PRECISION = 100, 1e-6
_GOLDEN_ANGLE = np.pi * (3 - 5**0.5)


@dataclass(frozen=True)
class Efficiency:
    """Efficiency of an orientation distribution, and the radii that it is computed from.

    Parameters
    ----------
    value : float
        E_od: 1 for uniform views, below 0 for few views.
    mean, deviation, least, greatest : float
        Mean, standard deviation, minimum and maximum over all directions of the radius at which
        the point spread function has fallen to e⁻², in Å.
    """

    value: float
    mean: float
    deviation: float
    least: float
    greatest: float


def orientation_efficiency(
    directions: Floats,
    operators: Floats,
    diameter_angstrom: float = DIAMETER,
    b_factor: float = B_FACTOR,
) -> Efficiency:
    """Return the efficiency of an orientation distribution, E_od.

    Parameters
    ----------
    directions : (n, 3) float array
        Direction (x, y, z) of the view of each particle, of length 1.
    operators : (g, 3, 3) float array
        Rotations of the point group of the particle.
    diameter_angstrom : float
        Diameter of the particle in Å, which the result hardly depends on.
    b_factor : float
        B factor in Å² by which amplitudes fall with frequency. The result does not depend on it.

    Returns
    -------
    Efficiency

    Raises
    ------
    ValueError
        If there are fewer than `FEWEST` particles.

    Notes
    -----
    Naydenova and Russo 2017, Nat. Commun. 8:629: ``E_od = 1 − 2 σ(R) / mean(R)``, where R is the
    radius of the point spread function along a direction. Each particle fills a slab of Fourier
    space perpendicular to its view v. With a Gaussian profile of the slab, the point spread
    function along a direction n is a mean over views, with c = n · v::

        P(r n) = mean of exp(−(4 π² / B) r² (1 − c²) − π c² r² / D²)

    Views v and −v fill the same slab.
    """
    if len(directions) < FEWEST:
        raise ValueError(f"{len(directions)} particles are too few for E_od, which needs {FEWEST}")
    views = pool_views(directions)
    turned = np.concatenate([views.directions @ operator.T for operator in operators])
    views = pool_views(
        turned * np.where(turned[:, 2:] < 0, -1, 1), np.tile(views.counts, len(operators))
    )
    weights = views.counts / views.counts.sum()
    parts = np.array_split(uniform_directions(_DIRECTIONS), _DIRECTIONS // _CHUNK)
    squares = [(part @ views.directions.T) ** 2 for part in parts]
    radius = np.concatenate(
        [_radii(square, weights, diameter_angstrom, b_factor) for square in squares]
    )
    mean, deviation = float(radius.mean()), float(radius.std())
    value = 1 - 2 * deviation / mean
    return Efficiency(value, mean, deviation, float(radius.min()), float(radius.max()))


def uniform_directions(count: int) -> Floats:
    """Return unit vectors ``(count, 3)`` of a Fibonacci spiral, uniform in solid angle."""
    z = 1 - (2 * np.arange(count) + 1) / count
    angle = _GOLDEN_ANGLE * np.arange(count)
    radius = np.sqrt(1 - z**2)
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle), z])


def _radii(squares: Floats, weights: Floats, diameter: float, b_factor: float) -> Floats:
    """Return R ``(m,)`` in Å, given (n · v)² of ``(m, n)`` directions and views.

    The logarithm of P falls with r² and is convex, so Newton's method, started at a smaller r,
    approaches the root from below.
    """
    fall = 4 * np.pi**2 / b_factor * (1 - squares) + np.pi / diameter**2 * squares
    square = 2 / (fall @ weights)
    for _ in range(_MOST_STEPS):
        parts = np.exp(-square[:, None] * fall) * weights
        spread = parts.sum(axis=1)
        step = (np.log(spread) + 2) * spread / (parts * fall).sum(axis=1)
        square += step
        if np.all(step < _PRECISION * square):
            break
    return np.sqrt(square)
