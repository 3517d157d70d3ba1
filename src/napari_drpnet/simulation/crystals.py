"""Large dirt of ice: groups of drops and crystals, and hexagonal crystals."""

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.simulation.contamination import window_around
from napari_drpnet.simulation.draws import log_uniform

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: Least and greatest transmission.
_LEAST, _GREATEST = 0.03, 1.6


def ice_drops(
    shape: tuple[int, int], count: int, diameter_px: float, rng: np.random.Generator
) -> tuple[Floats, Mask]:
    """Return the transmission and the mask ``(ny, nx)`` of drops and crystals in groups.

    Parameters
    ----------
    shape : (int, int)
        Shape ``(ny, nx)`` of the frame in pixels.
    count : int
        Number of drops and crystals, each of 1 to 8 particle diameters. Groups of 1 to 6 have
        about equal sizes and overlap.
    diameter_px : float
        Particle diameter in pixels.
    rng : numpy.random.Generator
        Random generator.
    """
    transmission, mask = np.ones(shape), np.zeros(shape, bool)
    left = count
    while left > 0:
        members = min(left, int(rng.integers(1, 7)))
        left -= members
        middle, typical = rng.uniform(0, shape), log_uniform(rng, 0.5, 4)
        darkness, fringe = rng.uniform(0.3, 2.2), rng.choice([0.0, rng.uniform(0.1, 0.5)])
        for _ in range(members):
            radius = diameter_px * np.clip(typical * np.exp(rng.normal(0, 0.35)), 0.5, 4)
            center = middle + rng.normal(size=2) * 0.9 * typical * diameter_px
            window = window_around(center, 1.3 * radius + 0.5 * diameter_px + 3, shape)
            dy, dx = (grid - c for grid, c in zip(np.ogrid[window], center, strict=True))
            if rng.random() < 0.6:
                outside, thickness = _drop(dy, dx, radius, rng)
            else:
                outside, thickness = _facets(dy, dx, radius, _random_sides(rng), rng)
            _shade(transmission[window], outside, thickness * darkness, fringe, diameter_px, rng)
            mask[window] |= outside < 0
    return transmission, mask


def hexagonal_ice(
    shape: tuple[int, int], count: int, diameter_px: float, rng: np.random.Generator
) -> tuple[Floats, Mask]:
    """Return the transmission and the mask ``(ny, nx)`` of sharp hexagonal crystals.

    Parameters
    ----------
    shape : (int, int)
        Shape ``(ny, nx)`` of the frame in pixels.
    count : int
        Number of crystals. Their diameter is 0.5 to 3 particle diameters, about the same for all.
    diameter_px : float
        Particle diameter in pixels.
    rng : numpy.random.Generator
        Random generator.
    """
    transmission, mask = np.ones(shape), np.zeros(shape, bool)
    typical = diameter_px * log_uniform(rng, 0.25, 1.5)
    darkness, fringe = rng.uniform(0.2, 1.3), rng.uniform(0, 0.4)
    for _ in range(count):
        radius = max(1.5, typical * rng.uniform(0.75, 1.25))
        center = rng.uniform(0, shape)
        window = window_around(center, 1.4 * radius + 0.5 * diameter_px + 3, shape)
        dy, dx = (grid - c for grid, c in zip(np.ogrid[window], center, strict=True))
        sides = np.asarray(np.pi / 3 * np.arange(6.0) + rng.uniform(0, 2 * np.pi), float)
        outside, thickness = _facets(dy, dx, radius, sides, rng)
        depth = darkness * rng.uniform(0.7, 1.3)
        _shade(transmission[window], outside, thickness * depth, fringe, diameter_px, rng)
        mask[window] |= outside < 0
    return transmission, mask


def _drop(dy: Floats, dx: Floats, radius: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return the distance from a round drop, negative in it, and its relative thickness."""
    angle, turn = np.arctan2(dy, dx), rng.uniform(0, 2 * np.pi)
    outline = 1 + rng.uniform(0, 0.12) * np.cos(2 * (angle + turn))
    outline += rng.normal(0, 0.03) * np.cos(3 * angle + turn)
    distance = np.hypot(dy, dx)
    thickness = np.sqrt((1 - (distance / (radius * outline)) ** 2).clip(0)) ** rng.uniform(0.5, 1.5)
    return distance - radius * outline, thickness


def _facets(
    dy: Floats, dx: Floats, radius: float, sides: Floats, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Return the distance from a crystal, negative in it, and its relative thickness.

    The crystal is a polygon with a bevelled edge; `sides` are the directions of its sides.
    """
    reaches = radius * rng.uniform(0.82, 1.0, len(sides))
    outside = np.full(np.broadcast_shapes(dy.shape, dx.shape), -np.inf)
    for side, reach in zip(sides, reaches, strict=True):
        np.maximum(outside, np.sin(side) * dy + np.cos(side) * dx - reach, out=outside)
    bevel = max(1.0, radius * rng.choice([0.03, rng.uniform(0.1, 0.6)]))
    slope = 0.2 * rng.normal(size=2) / radius
    thickness = (-outside / bevel).clip(0, 1) * (1 + slope[0] * dy + slope[1] * dx)
    return outside, np.asarray(thickness)


def _random_sides(rng: np.random.Generator) -> Floats:
    """Return the directions of the sides of an irregular polygon of five to eight sides."""
    count = int(rng.integers(5, 9))
    angles = 2 * np.pi * (np.arange(count) + rng.uniform(-0.3, 0.3, count)) / count
    return np.asarray(angles + rng.uniform(0, 2 * np.pi))


def _shade(
    transmission: Floats,
    outside: Floats,
    absorbed: Floats,
    fringe: float,
    diameter_px: float,
    rng: np.random.Generator,
) -> None:
    """Multiply the transmission by that of one piece, with Fresnel fringes at its edge.

    `outside` is the distance from the piece in pixels and `absorbed` the logarithm of its
    attenuation. The first fringe outside is bright and that inside dark.
    """
    width = max(1.0, diameter_px * rng.uniform(0.05, 0.15))
    through = np.exp(-absorbed)
    if fringe:
        waves = np.exp(-np.abs(outside) / width) * np.sin(np.pi * outside / width)
        through += fringe * waves
    transmission *= through
    np.clip(transmission, _LEAST, _GREATEST, out=transmission)
