"""Support films with holes of real size."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.simulation.contamination import carbon_film
from napari_drpnet.simulation.optics import smooth_noise

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
FilmShape = Literal["random", "hole", "holes", "all"]


def support_film(
    shape: tuple[int, int],
    kind: FilmShape,
    rng: np.random.Generator,
    hole_rng: np.random.Generator,
) -> Mask:
    """Return the mask ``(ny, nx)`` of a support film.

    Parameters
    ----------
    shape : (int, int)
        Shape ``(ny, nx)`` of the frame in pixels.
    kind : str
        ``random``: a hole of 0.6 to 1.2 frame sides in radius, or a straight edge. ``hole``: the
        edge of a hole of 0.6 to 4 frame sides in radius. ``holes``: the bar between two such holes.
        ``all``: a film that fills the frame.
    rng, hole_rng : numpy.random.Generator
        Random generators of ``random`` and of the other kinds.
    """
    if kind == "random":
        return carbon_film(shape, rng)
    if kind == "all":
        return np.ones(shape, bool)
    side, angle = float(min(shape)), hole_rng.uniform(0, 2 * np.pi)
    radius = side * np.exp(hole_rng.uniform(np.log(0.6), np.log(4)))
    roughness = side * hole_rng.uniform(0, 0.002) * smooth_noise(shape, 0.015 * side, hole_rng)
    if kind == "hole":
        depth = side * hole_rng.uniform(-0.4, 0.45)
        return _outside(shape, radius, depth, angle) + roughness > 0
    half_bar, offset = side * hole_rng.uniform(0.05, 0.3), side * hole_rng.uniform(-0.25, 0.25)
    first = _outside(shape, radius, -half_bar + offset, angle)
    opposite = angle + np.pi + hole_rng.normal(0, 0.1)
    second = _outside(shape, radius, -half_bar - offset, opposite)
    return np.asarray(np.minimum(first, second) + roughness > 0)


def _outside(shape: tuple[int, int], radius: float, depth: float, angle: float) -> Floats:
    """Return the distance ``(ny, nx)`` in pixels of each pixel from a hole; negative in it.

    The middle of the frame lies `depth` pixels inside the edge of the hole.
    """
    away = (radius - depth) * np.array([np.sin(angle), np.cos(angle)])
    y, x = np.ogrid[: shape[0], : shape[1]]
    center = np.array(shape) / 2 + away
    return np.asarray(np.hypot(y - center[0], x - center[1]) - radius)
