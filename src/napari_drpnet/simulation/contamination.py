"""Contamination on the grid: carbon, ice crystals and aggregates."""

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.simulation.optics import smooth_noise

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


def carbon_film(shape: tuple[int, int], rng: np.random.Generator) -> Mask:
    """Return the mask ``(ny, nx)`` of a carbon film with a round hole or a straight edge."""
    y, x = np.ogrid[: shape[0], : shape[1]]
    side = float(min(shape))
    if rng.random() < 0.6:
        radius = side * rng.uniform(0.6, 1.2)
        angle = rng.uniform(0, 2 * np.pi)
        reach = radius - side * rng.uniform(0.1, 0.3)
        center = np.array(shape) / 2 - reach * np.array([np.sin(angle), np.cos(angle)])
        center += side * 0.3 * np.array([np.sin(angle), np.cos(angle)])
        return np.asarray(np.hypot(y - center[0], x - center[1]) > radius)
    normal = rng.normal(size=2)
    normal /= np.linalg.norm(normal)
    offset = side * rng.uniform(0.1, 0.35)
    distance = (y - shape[0] / 2) * normal[0] + (x - shape[1] / 2) * normal[1]
    return np.asarray(distance > offset)


def ice_crystals(
    shape: tuple[int, int], count: int, diameter_px: float, rng: np.random.Generator
) -> tuple[Floats, Mask]:
    """Return the transmission and the mask ``(ny, nx)`` of large ice crystals.

    Parameters
    ----------
    shape : (int, int)
        Shape ``(ny, nx)`` of the frame in pixels.
    count : int
        Number of crystals, each of 0.3 to 3 particle diameters.
    diameter_px : float
        Particle diameter in pixels.
    rng : numpy.random.Generator
        Random generator.
    """
    transmission = np.ones(shape)
    mask = np.zeros(shape, bool)
    for _ in range(count):
        radius = diameter_px * np.exp(rng.uniform(np.log(0.15), np.log(1.6)))
        center = rng.uniform(0, shape)
        window = window_around(center, 1.5 * radius + 3, shape)
        dy, dx = (grid - c for grid, c in zip(np.ogrid[window], center, strict=True))
        angle, distance = np.arctan2(dy, dx), np.hypot(dy, dx)
        outline = radius * random_outline(angle, rng)
        depth = rng.uniform(0.2, 0.85)
        edge = np.clip((outline - distance) / max(1.0, radius * rng.uniform(0.03, 0.3)), 0, 1)
        rim = np.exp(-(((distance - outline) / max(1.0, 0.1 * radius)) ** 2)) * rng.uniform(0, 0.3)
        facet = 1 + 0.3 * rng.normal() * dy / radius + 0.3 * rng.normal() * dx / radius
        transmission[window] *= np.clip(1 - depth * edge * facet + rim, 0.05, 1.6)
        mask[window] |= distance < outline
    return transmission, mask


def cubic_ice(
    shape: tuple[int, int], contrast: float, diameter_px: float, rng: np.random.Generator
) -> tuple[Floats, Mask]:
    """Return the transmission and the mask ``(ny, nx)`` of many small ice crystals of equal size.

    The crystals are round or faceted, have a diameter of 0.3 to 1.5 particle diameters, about the
    same for all, and cover 5 to 40 % of the frame.

    Parameters
    ----------
    shape : (int, int)
        Shape ``(ny, nx)`` of the frame in pixels.
    contrast : float
        Fraction of the intensity that a typical crystal removes.
    diameter_px : float
        Particle diameter in pixels.
    rng : numpy.random.Generator
        Random generator.
    """
    radius = max(1.0, diameter_px * np.exp(rng.uniform(np.log(0.15), np.log(0.75))))
    covered = rng.uniform(0.05, 0.4)
    outlines = [_crystal(radius, rng) for _ in range(24)]
    area = np.mean([np.count_nonzero(outline > 0.5) for outline in outlines])
    count = int(np.ceil(-np.log(1 - covered) * np.prod(shape) / area))
    reach = outlines[0].shape[0] // 2
    # The margin holds the outer parts of crystals at the edge of the frame.
    shade = np.zeros((shape[0] + 4 * reach, shape[1] + 4 * reach))
    corners = rng.integers(0, np.array(shape) + 2 * reach, (count, 2))
    depths = contrast * rng.uniform(0.5, 1.3, count)
    for (y, x), depth, kind in zip(corners, depths, rng.integers(24, size=count), strict=True):
        place = shade[y : y + 2 * reach + 1, x : x + 2 * reach + 1]
        np.maximum(place, depth * outlines[kind], out=place)
    shade = shade[2 * reach : 2 * reach + shape[0], 2 * reach : 2 * reach + shape[1]]
    return (1 - shade).clip(0.05), shade > 0.3 * contrast


def _crystal(typical_radius: float, rng: np.random.Generator) -> Floats:
    """Return the attenuation by one compact crystal in a square patch, from 0 to 1."""
    reach = int(np.ceil(1.5 * typical_radius)) + 2
    dy, dx = np.ogrid[-reach : reach + 1, -reach : reach + 1]
    angle, distance = np.arctan2(dy, dx), np.hypot(dy, dx)
    radius = typical_radius * rng.uniform(0.85, 1.15)
    sides = int(rng.choice([0, 4, 6]))
    outline = radius * _polygon(angle + rng.uniform(0, 2 * np.pi), sides)
    return np.clip((outline - distance) / max(1.0, 0.12 * radius) + 0.5, 0, 1)


def _polygon(angle: Floats, sides: int) -> Floats:
    """Return the radius of a regular polygon relative to a disc of equal area; 0 sides: a disc."""
    if not sides:
        return np.ones_like(angle)
    half = np.pi / sides
    sector = np.mod(angle, 2 * half) - half
    return np.asarray(np.sqrt(half / np.tan(half)) / np.cos(sector))


def crystalline_film(
    shape: tuple[int, int], diameter_px: float, rng: np.random.Generator
) -> Floats:
    """Return the texture ``(ny, nx)`` of a crystalline film of grains, with unit deviation.

    Parameters
    ----------
    shape : (int, int)
        Shape ``(ny, nx)`` of the frame in pixels.
    diameter_px : float
        Particle diameter in pixels. Grains have 0.4 to 2.5 times this size.
    rng : numpy.random.Generator
        Random generator.
    """
    from scipy.ndimage import gaussian_filter
    from scipy.spatial import cKDTree

    grain = diameter_px * np.exp(rng.uniform(np.log(0.4), np.log(2.5)))
    seeds = rng.uniform(0, shape, (int(np.prod(shape) / grain**2) + 2, 2))
    _, nearest = cKDTree(seeds).query(np.moveaxis(np.indices(shape), 0, -1), workers=1)
    greys = rng.gamma(2.0, size=len(seeds)) * rng.choice([-1, 1])
    texture = gaussian_filter(greys[nearest], grain * rng.uniform(0.05, 0.3))
    return np.asarray((texture - texture.mean()) / texture.std())


def random_outline(angle: Floats, rng: np.random.Generator) -> Floats:
    """Return the relative radius of a round, elongated or hexagonal outline at each angle."""
    turn = rng.uniform(0, 2 * np.pi)
    if rng.random() < 0.4:
        sector = np.mod(angle + turn, np.pi / 3) - np.pi / 6
        return np.asarray(np.cos(np.pi / 6) / np.cos(sector))
    outline = 1 + rng.uniform(0, 0.3) * np.cos(2 * (angle + turn))
    for order in (3, 4, 5):
        outline = outline + rng.normal() * 0.06 * np.cos(order * angle + rng.uniform(0, 6.3))
    return np.asarray(outline)


def aggregate(diameter_angstrom: float, rng: np.random.Generator) -> Floats:
    """Return the points ``(n, 3)`` in Å of an aggregate: a clump, a fragment or a thread."""
    kind = rng.choice(["clump", "fragment", "thread"], p=[0.4, 0.35, 0.25])
    if kind == "thread":
        steps = rng.normal(0, 0.35, (int(rng.integers(15, 60)), 3)) + rng.normal(0, 0.12, 3)
        path = np.cumsum(steps, axis=0) * diameter_angstrom * 0.2
        points = np.repeat(path, 60, axis=0)
        points = points + rng.normal(0, 0.04 * diameter_angstrom, points.shape)
    else:
        extent = rng.uniform(0.8, 2.2) if kind == "clump" else rng.uniform(0.1, 0.3)
        seeds = rng.normal(0, extent * diameter_angstrom / 2.5, (int(rng.integers(3, 25)), 3))
        points = np.repeat(seeds, 200, axis=0)
        points = points + rng.normal(0, extent * diameter_angstrom * 0.15, points.shape)
    return points


def carbon_texture(shape: tuple[int, int], rng: np.random.Generator) -> Floats:
    """Return the texture ``(ny, nx)`` of an amorphous carbon film: fine grain plus smooth noise."""
    return rng.normal(size=shape) + 0.5 * smooth_noise(shape, 3.0, rng)


def window_around(center: Floats, reach: float, shape: tuple[int, int]) -> tuple[slice, slice]:
    """Return the slices ``(y, x)`` of a frame within `reach` of a centre; empty if outside."""
    low = np.maximum(np.floor(center - reach), 0).astype(int)
    high = np.minimum(np.ceil(center + reach) + 1, shape).astype(int)
    return slice(low[0], max(high[0], low[0])), slice(low[1], max(high[1], low[1]))
