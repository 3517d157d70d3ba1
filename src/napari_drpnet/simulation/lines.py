"""Long dirt: cracks of the ice, and rods such as tobacco mosaic virus or fibrils."""

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.simulation.contamination import window_around
from napari_drpnet.simulation.draws import log_uniform
from napari_drpnet.simulation.optics import smooth_noise
from napari_drpnet.simulation.structures import PROTEIN_CONTRAST_VOLT

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Window = tuple[slice, slice]

#: Length of the straight pieces of a rod in particle diameters.
_ROD_STEP = 0.4


def ice_cracks(
    shape: tuple[int, int], count: int, diameter_px: float, rng: np.random.Generator
) -> tuple[Floats, Mask]:
    """Return the transmission and the mask ``(ny, nx)`` of bright, branching cracks.

    Parameters
    ----------
    shape : (int, int)
        Shape ``(ny, nx)`` of the frame in pixels.
    count : int
        Number of cracks with their branches. A crack is 0.04 to 0.25 particle diameters wide.
    diameter_px : float
        Particle diameter in pixels.
    rng : numpy.random.Generator
        Random generator.
    """
    transmission, mask = np.ones(shape), np.zeros(shape, bool)
    for _ in range(count):
        width = max(1.5, diameter_px * log_uniform(rng, 0.04, 0.25))
        gain, rim = log_uniform(rng, 0.08, 0.6), rng.uniform(0, 0.15)
        length = max(shape) * rng.uniform(0.2, 1.2)
        start, angle = rng.uniform(0, shape), rng.uniform(0, 2 * np.pi)
        for path, share in _branches(start, angle, length, 0.4 * diameter_px, rng):
            half = max(0.7, share * width / 2)
            window, distance = distance_from_path(path, 3 * half + 2, shape)
            inner = (half - distance + 0.5).clip(0, 1)
            edge = np.exp(-(((distance - 1.8 * half) / half) ** 2))
            through = 1 + gain * inner - rim * edge * (1 - inner)
            np.copyto(
                transmission[window],
                through,
                where=np.abs(through - 1) > np.abs(transmission[window] - 1),
            )
            mask[window] |= distance < half
    return transmission, mask


def _branches(
    start: Floats, angle: float, length: float, step_px: float, rng: np.random.Generator
) -> list[tuple[Floats, float]]:
    """Return the jagged path ``(n, 2)`` of a crack and of its branches, with relative widths."""
    waiting, done = [(start, angle, length, 1.0)], []
    while waiting:
        place, direction, left, share = waiting.pop()
        steps = max(2, int(left / step_px))
        turns = rng.normal(0, 0.08, steps).cumsum() + rng.normal(0, 0.2, steps)
        bends = direction + turns
        moves = step_px * rng.uniform(0.4, 1.6, steps)[:, None]
        path = place + np.vstack(
            [np.zeros(2), np.cumsum(moves * np.column_stack([np.sin(bends), np.cos(bends)]), 0)]
        )
        done.append((path, share))
        for k in np.flatnonzero(rng.random(steps) < 0.05 * (share > 0.4)):
            turn = rng.choice([-1, 1]) * rng.uniform(0.4, 1.3)
            waiting.append((path[k], bends[k] + turn, left * rng.uniform(0.1, 0.5), 0.6 * share))
    return done


def protein_rods(
    shape: tuple[int, int],
    count: int,
    diameter_px: float,
    pixel_size_angstrom: float,
    rng: np.random.Generator,
) -> tuple[Floats, Mask]:
    """Return the projected potential in V·Å and the mask ``(ny, nx)`` of long rods.

    Parameters
    ----------
    shape : (int, int)
        Shape ``(ny, nx)`` of the frame in pixels.
    count : int
        Number of rods of equal width, 0.2 to 0.6 particle diameters, and of 3 to 20 diameters in
        length. They are solid, hollow, or twisted.
    diameter_px, pixel_size_angstrom : float
        Particle diameter in pixels, and pixel size in Å.
    rng : numpy.random.Generator
        Random generator.
    """
    potential, mask = np.zeros(shape), np.zeros(shape, bool)
    radius = max(1.0, diameter_px * rng.uniform(0.1, 0.3))
    bore, twist = rng.choice([0.0, rng.uniform(0.2, 0.4)]), rng.choice([0.0, rng.uniform(0.1, 0.4)])
    stiffness, density = rng.choice([0.005, 0.06]), PROTEIN_CONTRAST_VOLT * rng.uniform(0.6, 1.0)
    pitch = diameter_px * rng.uniform(1, 4)
    for _ in range(count):
        steps = int(log_uniform(rng, 3, 20) / _ROD_STEP)
        bends = rng.uniform(0, 2 * np.pi) + rng.normal(0, stiffness, steps).cumsum()
        moves = _ROD_STEP * diameter_px * np.column_stack([np.sin(bends), np.cos(bends)])
        path = np.vstack([np.zeros(2), np.cumsum(moves, axis=0)])
        path += rng.uniform(0, shape) - path[steps // 2]
        window, distance = distance_from_path(path, radius + 2, shape)
        y, x = np.ogrid[window]
        along = (y - path[0, 0]) * np.sin(bends[0]) + (x - path[0, 1]) * np.cos(bends[0])
        local = radius * (1 - twist * np.sin(np.pi * along / pitch) ** 2)
        chord = np.sqrt((local**2 - distance**2).clip(0))
        chord -= np.sqrt(((bore * local) ** 2 - distance**2).clip(0))
        potential[window] += 2 * chord * pixel_size_angstrom * density
        mask[window] |= distance < local
    grain = 1 + 0.35 * smooth_noise(shape, 0.03 * diameter_px, rng)
    return np.asarray(potential * grain.clip(0)), mask


def distance_from_path(path: Floats, reach: float, shape: tuple[int, int]) -> tuple[Window, Floats]:
    """Return a window of the frame around a path, and the distance of its pixels from the path.

    Parameters
    ----------
    path : (n, 2) float array
        Corners ``(y, x)`` of the path in pixels.
    reach : float
        Distance in pixels up to which distances are needed. Greater ones may be infinite.
    shape : (int, int)
        Shape ``(ny, nx)`` of the frame in pixels.

    Returns
    -------
    window : (slice, slice)
        Slices ``(y, x)`` of the frame; empty if the path lies outside.
    distance : float array
        Distance of each pixel of the window in pixels.
    """
    low = np.clip(np.floor(path.min(axis=0) - reach), 0, shape).astype(int)
    high = np.clip(np.ceil(path.max(axis=0) + reach) + 1, low, shape).astype(int)
    distance = np.full(high - low, np.inf)
    size = (int(distance.shape[0]), int(distance.shape[1]))
    for start, end in zip(path[:-1] - low, path[1:] - low, strict=True):
        move = end - start
        part = window_around((start + end) / 2, float(np.hypot(*move)) / 2 + reach, size)
        y, x = np.ogrid[part]
        share = ((y - start[0]) * move[0] + (x - start[1]) * move[1]) / (move @ move)
        share = share.clip(0, 1)
        away = np.hypot(y - start[0] - share * move[0], x - start[1] - share * move[1])
        np.minimum(distance[part], away, out=distance[part])
    return (slice(low[0], high[0]), slice(low[1], high[1])), distance
