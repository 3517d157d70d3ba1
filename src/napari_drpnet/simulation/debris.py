"""Debris: pieces of protein of about the size of a particle, but of another shape."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.simulation.structures import Structure, make_solid

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: Least and greatest size of a piece in particle diameters.
SIZES = (0.35, 1.4)
_TRIES = 24_000


def debris_piece(
    structures: Sequence[Structure], diameter_angstrom: float, rng: np.random.Generator
) -> Structure:
    """Make a piece of debris: a round aggregate, cluster of globules, flat lump or half particle.

    Parameters
    ----------
    structures : sequence of Structure
        Structures of the particles, from which half particles are taken.
    diameter_angstrom : float
        Particle diameter in Å. A piece has 0.35 to 1.4 times this diameter; the size of a half
        particle follows from its structure.
    rng : numpy.random.Generator
        Random generator.
    """
    kind = str(rng.choice(["aggregate", "cluster", "lump", "half"]))
    if kind == "half":
        return _half(structures[int(rng.integers(len(structures)))], rng)
    size = diameter_angstrom * np.exp(rng.uniform(*np.log(SIZES)))
    return make_solid(kind, _DENSITIES[kind], size, rng, _TRIES, _TRIES)


def _half(structure: Structure, rng: np.random.Generator) -> Structure:
    """Return the part of a particle on one side of a plane, about a third to two thirds of it."""
    normal = rng.normal(size=3)
    height = structure.points @ normal
    kept = height >= np.quantile(height, rng.uniform(0.35, 0.65))
    return Structure(structure.points[kept], structure.weights[kept], "half")


def _aggregate(p: Floats, rng: np.random.Generator) -> Mask:
    """Return which points ``(n, 3)`` lie in a ball with small bumps."""
    direction = rng.normal(size=(6, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    bumps = 0.12 * np.sin(rng.uniform(3, 6) * (p @ direction.T)).sum(axis=1)
    return np.asarray(
        np.linalg.norm(p / rng.uniform(0.8, 1.0, 3), axis=1) < 0.85 + bumps.clip(-0.3)
    )


def _cluster(p: Floats, rng: np.random.Generator) -> Mask:
    """Return which points ``(n, 3)`` lie in one of two to five touching globules."""
    centers = [np.zeros(3)]
    radii = rng.uniform(0.25, 0.4, int(rng.integers(2, 6)))
    for radius in radii[1:]:
        step = rng.normal(size=3)
        step *= (0.9 * (radius + radii[0])) / np.linalg.norm(step)
        centers.append(centers[int(rng.integers(len(centers)))] + step)
    places = np.array(centers) - np.mean(centers, axis=0)
    places *= min(1.0, 0.7 / np.linalg.norm(places, axis=1).max())
    inside = [np.linalg.norm(p - c, axis=1) < r for c, r in zip(places, radii, strict=True)]
    return np.asarray(np.any(inside, axis=0))


def _lump(p: Floats, rng: np.random.Generator) -> Mask:
    """Return which points ``(n, 3)`` lie in a flat, ragged lump, as of denatured protein."""
    angle = np.arctan2(p[:, 1], p[:, 2])
    outline = 0.75 + np.zeros(len(p))
    for order in (2, 3, 5):
        outline += rng.normal(0, 0.12) * np.cos(order * angle + rng.uniform(0, 2 * np.pi))
    thickness = rng.uniform(0.12, 0.3) * (1 + 0.3 * np.sin(4 * p[:, 1]) * np.sin(4 * p[:, 2]))
    flat = np.abs(p[:, 0]) < thickness
    return np.asarray(flat & (np.hypot(p[:, 1], p[:, 2]) < outline.clip(0.3, 1.0)))


_DENSITIES = {"aggregate": _aggregate, "cluster": _cluster, "lump": _lump}


def place_debris(
    sizes_px: Floats,
    shape: tuple[int, int],
    particles_yx: Floats,
    diameter_px: float,
    rng: np.random.Generator,
) -> list[tuple[int, Floats]]:
    """Draw random positions for pieces of debris that do not overlap particles.

    Parameters
    ----------
    sizes_px : (n,) float array
        Diameters of the pieces in pixels.
    shape : (int, int)
        Shape ``(ny, nx)`` of the frame in pixels.
    particles_yx : (m, 2) float array
        Centres ``(y, x)`` of the particles in pixels. The distance of a piece from each is at
        least the sum of both radii, and at least 0.7 particle diameters.
    diameter_px : float
        Particle diameter in pixels.
    rng : numpy.random.Generator
        Random generator.

    Returns
    -------
    list of (int, (2,) float array)
        Index and centre ``(y, x)`` of each piece. Pieces without a free position after 30 tries
        are left out.
    """
    from scipy.spatial import cKDTree

    tries = rng.uniform(0, shape, (len(sizes_px), 30, 2))
    reach = np.maximum(0.7 * diameter_px, (diameter_px + sizes_px) / 2)
    if len(particles_yx):
        clear = cKDTree(particles_yx).query(tries)[0] >= reach[:, None]
    else:
        clear = np.ones(tries.shape[:2], bool)
    first = clear.argmax(axis=1)
    found = np.flatnonzero(clear.any(axis=1))
    return [(int(k), np.asarray(tries[k, first[k]])) for k in found]
