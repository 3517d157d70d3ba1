"""What a micrograph's other candidates say of one: numbers that need no pixels."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Weaker candidates are noise, and say nothing; map units.
_FLOOR = 0.1
#: Heights at which candidates are counted, map units.
_LEVELS = (0.12, 0.2, 0.3, 0.36, 0.5, 0.7)
#: Most candidates of each height to an area of one diameter squared, and most neighbours, that
#: count. No simulated micrograph has more, so nothing is known of more; but a crowded one has, if
#: its diameter is taken too large.
_MOST_PER_AREA, _MOST_NEIGHBOURS = (0.9, 0.9, 0.85, 0.8, 0.6, 0.05), 50
_BINS = (_FLOOR, 0.15, 0.2, 0.25, 0.3, 0.36, 0.45, 0.55, 0.7, 0.85, np.inf)
#: Whose heights stand for the best of a micrograph: so many to an area of one diameter squared.
_DENSITIES = (0.01, 0.02, 0.04, 0.08)
#: What is as near counts as around it, particle diameters.
_REACH = 4.0
_LEAST_HEIGHT, _GREATEST_HEIGHT = 1e-3, 1.2

#: How many numbers describe a candidate.
CONTEXT_SIZE = 2 + len(_LEVELS) + len(_DENSITIES) + len(_BINS) - 1 + 2


def describe_context(
    centers_yx: Floats, height: Floats, shape: tuple[float, ...], diameter_px: float
) -> Floats:
    """Describe each candidate by its height, those around it, and all of the micrograph.

    Where many candidates are high, a faint one is rather a particle than where all are faint; next
    to a crystal even a high one is suspect. The numbers do not depend on the scale of the pixels,
    nor on the size of the micrograph.

    Parameters
    ----------
    centers_yx : (n, 2) float array
        All candidates of a micrograph that lie half a diameter or more from its edge, and half a
        diameter or more from each other; pixels.
    height : (n,) float array
        Map units, on the absolute scale.
    shape : tuple of float
        ``(h, w)`` of the micrograph in the same pixels, or of a frame as large as the part of it
        that is a picture.
    diameter_px : float
        Particle diameter in the same pixels.

    Returns
    -------
    (n, CONTEXT_SIZE) float array
    """
    height = np.clip(height, _LEAST_HEIGHT, _GREATEST_HEIGHT)
    whole = _describe_micrograph(height[height >= _FLOOR], shape, diameter_px)
    around = _describe_neighbours(centers_yx, height, _REACH * diameter_px)
    every = np.broadcast_to(whole, (len(height), len(whole)))
    return np.column_stack([height, np.log(height), every, *around])


def _describe_micrograph(height: Floats, shape: tuple[float, ...], diameter_px: float) -> Floats:
    """Count candidates per area, take the heights of the best, and the shares of all heights."""
    area = float(np.prod([max(1.0, side / diameter_px - 1) for side in shape]))
    counts = [
        np.log1p(30 * min((height >= level).sum() / area, most))
        for level, most in zip(_LEVELS, _MOST_PER_AREA, strict=True)
    ]
    best = np.sort(height)[::-1]
    ranks = [int(density * area) for density in _DENSITIES]
    tops = [best[rank] if rank < len(best) else 0.0 for rank in ranks]
    shares = np.histogram(height, _BINS)[0] / max(1, len(height))
    return np.concatenate([counts, tops, shares])


def _describe_neighbours(centers_yx: Floats, height: Floats, reach_px: float) -> list[Floats]:
    """Return the mean height of the candidates around each, and a tenth of their number."""
    from scipy.spatial import cKDTree

    strong = np.flatnonzero(height >= _FLOOR)
    if not len(strong):
        return [np.zeros(len(height)), np.zeros(len(height))]
    pairs = cKDTree(centers_yx[strong]).query_pairs(reach_px, output_type="ndarray")
    one, other = strong[np.concatenate([pairs, pairs[:, ::-1]])].T
    count = np.bincount(one, minlength=len(height))
    total = np.bincount(one, height[other], minlength=len(height))
    return [total / np.maximum(1, count), np.minimum(count, _MOST_NEIGHBOURS) / 10]
