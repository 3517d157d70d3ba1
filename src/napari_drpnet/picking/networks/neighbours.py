"""Contexts of candidates: numbers that describe the other candidates of a micrograph."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Height below which candidates are taken for noise and left out, map units.
_FLOOR = 0.1
#: Heights at which candidates are counted, map units.
_LEVELS = (0.12, 0.2, 0.3, 0.36, 0.5, 0.7)
#: Greatest number of candidates per squared diameter at each of these heights, and of neighbours;
#: greater numbers are clipped. They do not occur in simulated micrographs, so networks were not
#: trained on them, but in crowded ones whose diameter is given too large.
_MOST_PER_AREA, _MOST_NEIGHBOURS = (0.9, 0.9, 0.85, 0.8, 0.6, 0.05), 50
_BINS = (_FLOOR, 0.15, 0.2, 0.25, 0.3, 0.36, 0.45, 0.55, 0.7, 0.85, np.inf)
#: Ranks whose heights describe the best candidates, in candidates per squared diameter.
_DENSITIES = (0.01, 0.02, 0.04, 0.08)
#: Distance within which candidates are neighbours, particle diameters.
_REACH = 4.0
_LEAST_HEIGHT, _GREATEST_HEIGHT = 1e-3, 1.2

#: Number of features of a context.
CONTEXT_SIZE = 2 + len(_LEVELS) + len(_DENSITIES) + len(_BINS) - 1 + 2


def describe_context(
    centers_yx: Floats, height: Floats, shape: tuple[float, ...], diameter_px: float
) -> Floats:
    """Describe each candidate by its height, its neighbours, and all candidates.

    A faint candidate is more likely a particle if many others are high, and a high one is less
    likely a particle next to a crystal. The numbers depend neither on the scale of the pixels nor
    on the size of the micrograph.

    Parameters
    ----------
    centers_yx : (n, 2) float array
        Centres ``(y, x)`` of all candidates of a micrograph, pixels. They are half a diameter or
        more from its edge and from each other.
    height : (n,) float array
        Heights of the candidates, absolute map units.
    shape : tuple of float
        Height and width of the micrograph in the same pixels, or of a frame with the area of its
        valid part.
    diameter_px : float
        Particle diameter in the same pixels.

    Returns
    -------
    (n, CONTEXT_SIZE) float array
        Context of each candidate.
    """
    height = np.clip(height, _LEAST_HEIGHT, _GREATEST_HEIGHT)
    whole = _describe_micrograph(height[height >= _FLOOR], shape, diameter_px)
    around = _describe_neighbours(centers_yx, height, _REACH * diameter_px)
    every = np.broadcast_to(whole, (len(height), len(whole)))
    return np.column_stack([height, np.log(height), every, *around])


def _describe_micrograph(height: Floats, shape: tuple[float, ...], diameter_px: float) -> Floats:
    """Return candidates per area, heights of the best ones, and the histogram of all heights."""
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
    """Return the mean height of the neighbours of each candidate, and a tenth of their number."""
    from scipy.spatial import cKDTree

    strong = np.flatnonzero(height >= _FLOOR)
    if not len(strong):
        return [np.zeros(len(height)), np.zeros(len(height))]
    pairs = cKDTree(centers_yx[strong]).query_pairs(reach_px, output_type="ndarray")
    one, other = strong[np.concatenate([pairs, pairs[:, ::-1]])].T
    count = np.bincount(one, minlength=len(height))
    total = np.bincount(one, height[other], minlength=len(height))
    return [total / np.maximum(1, count), np.minimum(count, _MOST_NEIGHBOURS) / 10]
