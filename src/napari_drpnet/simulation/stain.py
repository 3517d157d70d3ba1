"""Depth of negative stain, with deep puddles and thin plateaus."""

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.simulation.contamination import window_around
from napari_drpnet.simulation.draws import log_uniform

Floats = NDArray[np.float64]


def stain_relief(
    shape: tuple[int, int],
    puddles: int,
    plateaus: int,
    diameter_px: float,
    rng: np.random.Generator,
) -> Floats:
    """Return the depth ``(ny, nx)`` of stain relative to a film without puddles and plateaus.

    Parameters
    ----------
    shape : (int, int)
        Shape ``(ny, nx)`` of the frame in pixels.
    puddles : int
        Number of areas of 0.5 to 4 particle diameters that are 1.3 to 3 times as deep, with sharp
        or soft edges.
    plateaus : int
        Number of areas of 1 to 6 particle diameters with 10 to 60 % of the depth, with sharp
        edges.
    diameter_px : float
        Particle diameter in pixels.
    rng : numpy.random.Generator
        Random generator.
    """
    depth = np.ones(shape)
    for _ in range(plateaus):
        radius = diameter_px * log_uniform(rng, 0.5, 3.0)
        _scale_area(depth, radius, rng.uniform(0.1, 0.6), rng.uniform(0.0, 0.05), rng)
    for _ in range(puddles):
        radius = diameter_px * log_uniform(rng, 0.25, 2.0)
        softness = rng.choice([rng.uniform(0.02, 0.1), rng.uniform(0.3, 0.9)])
        _scale_area(depth, radius, rng.uniform(1.3, 3.0), softness, rng)
    return depth


def _scale_area(
    depth: Floats, radius: float, factor: float, softness: float, rng: np.random.Generator
) -> None:
    """Multiply the depth in one random area; its edge is `softness` times the radius wide."""
    center = rng.uniform(0, depth.shape)
    window = window_around(center, 2 * radius + 3, (depth.shape[0], depth.shape[1]))
    dy, dx = (grid - c for grid, c in zip(np.ogrid[window], center, strict=True))
    outline = radius * _lobed(np.arctan2(dy, dx), rng)
    edge = max(1.0, softness * radius)
    share = np.clip((outline - np.hypot(dy, dx)) / edge + 0.5, 0, 1)
    depth[window] *= factor**share


def _lobed(angle: Floats, rng: np.random.Generator) -> Floats:
    """Return the relative radius of a rounded, irregular outline at each angle."""
    outline = np.ones_like(angle)
    for order in range(2, 7):
        outline += rng.normal(0, 0.2 / order) * np.cos(order * angle + rng.uniform(0, 2 * np.pi))
    return np.asarray(outline.clip(0.4, 1.6))
