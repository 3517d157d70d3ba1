"""Maxima of the distance map, each with its height and prominence.

The network's map is smoothed, all its maxima are found in one pass, and whatever threshold comes
later only compares numbers. Positions and lengths are in pixels of the map.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_drpnet.base.points import PointTable

Floats = NDArray[np.float64]
Map = NDArray[np.float32]
Indices = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Candidates(PointTable):
    """All maxima of one smoothed distance map, highest first.

    Parameters
    ----------
    centers_yx : (n, 2) float array
        Sub-pixel centres ``(y, x)`` in pixels of the map, pixel centres at integers.
    height : (n,) float array
        Value of the map at the maximum's pixel, in the units of the map.
    prominence : (n,) float array
        Rise above the highest saddle that leads to a higher maximum, in the same units; the
        highest maximum rises above the lowest value of the map.
    """

    height: Floats
    prominence: Floats


def smooth(distance_map: ArrayLike, sigma_px: float) -> Map:
    """Smooth a map with a true Gaussian, its edge pixels repeated outwards.

    Parameters
    ----------
    distance_map : (ny, nx) array
        The map, in any units.
    sigma_px : float
        Standard deviation in pixels of the map; 0 leaves the map as it is.

    Returns
    -------
    (ny, nx) float32 array
        A new array, equal to `scipy.ndimage.gaussian_filter` with ``mode="nearest"`` to about
        1e-6 of the map's largest absolute value.
    """
    if not 0 <= sigma_px < np.inf:
        raise ValueError(f"sigma_px must be finite and at least 0, not {sigma_px}")
    from napari_drpnet.picking.detectors import peak_loops

    values = np.require(_checked_map(distance_map), requirements=["C", "W"])
    return peak_loops.smooth_rows(values, _gaussian_weights(sigma_px))


def find_candidates(smoothed_map: ArrayLike) -> Candidates:
    """Find every maximum of a map, and how far each rises above its saddle.

    Parameters
    ----------
    smoothed_map : (ny, nx) array
        The smoothed distance map, in any units; read as float32.

    Returns
    -------
    Candidates
        Highest first, equal heights in row-major order. A plateau counts as one maximum or none;
        a constant map has none.

    Raises
    ------
    ValueError
        If the map is not two-dimensional, is empty, or holds NaN or infinite values.

    Notes
    -----
    The candidates with ``prominence >= h`` are the extended maxima of the h-maxima transform
    (DRPnet paper, peaks stage), here for all h at once. The water sinks: at each saddle, from
    the highest down, two peaks meet; the lower one ends there, and its height above the saddle
    is its prominence. Of equal pixels the first counts as greatest, so a flat top has one peak, and
    whatever ends at its own height is no maximum. Pixels touch along edges and at corners.
    """
    from napari_drpnet.picking.detectors import peak_loops

    values = _checked_map(smoothed_map)
    bordered = np.pad(values, 1, constant_values=-np.inf)
    flat = bordered.ravel()
    links = peak_loops.find_upper_links(bordered).ravel()
    maxima = np.flatnonzero(links == 0)
    maxima = maxima[np.argsort(-flat[maxima], kind="stable")]
    saddles = np.flatnonzero(peak_loops.PIECE_COUNT[links] > 1)
    # Not stable, which is slower: what equal saddles join does not depend on their order.
    saddles = saddles[np.argsort(-flat[saddles])]
    meets = peak_loops.join_peaks(
        links,
        np.full(flat.size, -1, np.int32),
        maxima,
        saddles,
        peak_loops.PIECE_BITS,
        peak_loops.ring_offsets(bordered.shape[1]),
        peak_loops.step_offsets(bordered.shape[1]),
    )
    height = flat[maxima].astype(float)
    saddle_height = np.append(flat[saddles], values.min())[meets]
    prominence = height - saddle_height
    rises = prominence > 0
    return Candidates(_refine_centers(bordered, maxima[rises]), height[rises], prominence[rises])


def suppress_neighbours(
    candidates: Candidates, score: ArrayLike, min_distance_px: float
) -> Indices:
    """Keep the best candidates that are not closer to each other than a distance.

    Parameters
    ----------
    candidates : Candidates
        The maxima, n of them.
    score : (n,) array
        What makes one candidate better than another, such as ``candidates.height``.
    min_distance_px : float
        Least distance between two kept centres, in pixels of the map.

    Returns
    -------
    (m,) int array
        Rows of the kept candidates, best score first, equal scores in the order of the table.

    Notes
    -----
    Greedy: the best remaining candidate is kept, and all that lie strictly closer to it than the
    distance are dropped. Whether a candidate stays depends only on those above it. So a
    threshold on the same score may come before or after: what it keeps is always the head of
    this list, and moving the threshold never asks for another suppression.
    """
    from napari_drpnet.picking.detectors import peak_loops

    scores = np.asarray(score, float)
    if scores.shape != (len(candidates),):
        raise ValueError(f"score must be ({len(candidates)},) to match the candidates")
    if not min_distance_px >= 0:
        raise ValueError(f"min_distance_px must be at least 0, not {min_distance_px}")
    order = np.argsort(-scores, kind="stable")
    if min_distance_px == 0 or len(order) < 2:
        return order
    centers = candidates.centers_yx[order]
    offsets = centers - centers.min(axis=0)
    # No more cells than about one per point, however small the distance.
    side = max(min_distance_px, offsets.max() / len(order) ** 0.5)
    cells = (offsets / side).astype(np.int32) + 1
    heads = np.full(cells.max(axis=0) + 2, -1, np.int32)
    return order[peak_loops.suppress_points(centers, cells, heads, float(min_distance_px))]


def separate_candidates(
    candidates: Candidates, clear: NDArray[np.bool_], score: ArrayLike, min_distance_px: float
) -> Candidates:
    """Keep the candidates where a particle may be, and of close ones the best.

    Parameters
    ----------
    candidates : Candidates
        The maxima, n of them.
    clear : (n,) bool array
        Which are far enough from edges, blank parts and dirt. The others suppress no neighbour.
    score, min_distance_px
        As for `suppress_neighbours`.

    Returns
    -------
    Candidates
        Best score first.
    """
    clear_ones, clear_scores = candidates.where(clear), np.asarray(score, float)[clear]
    return clear_ones.where(suppress_neighbours(clear_ones, clear_scores, min_distance_px))


def _checked_map(values: ArrayLike) -> Map:
    array = np.asarray(values, np.float32)
    if array.ndim != 2 or array.size == 0:
        raise ValueError(f"the map must be two-dimensional and not empty, not {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError("the map holds NaN or infinite values")
    return array


def _gaussian_weights(sigma_px: float) -> Map:
    """One side of a Gaussian whose sum is 1, out to 4 sigma, with half of its middle."""
    places = np.arange(int(4 * sigma_px + 0.5) + 1)
    weights = np.exp(-0.5 * (places / max(sigma_px, 0.1)) ** 2)
    weights[0] /= 2
    return np.asarray(weights / weights.sum() / 2, np.float32)


def _refine_centers(bordered: Map, pixels: Indices) -> Floats:
    """Move maxima to the top of a quadratic through their 3×3 neighbours.

    Parameters
    ----------
    bordered : (ny + 2, nx + 2) float32 array
        The map with a border of −inf.
    pixels : (n,) int array
        Flat indices of the maxima in `bordered`.

    Returns
    -------
    (n, 2) float64 array
        Centres ``(y, x)`` in the map without border, at most half a pixel from the maximum along
        each axis; not moved across an edge of the map, nor along a flat top.
    """
    y, x = np.unravel_index(pixels, bordered.shape)
    around = np.arange(-1, 2)
    near = bordered[(y[:, None] + around)[:, :, None], (x[:, None] + around)[:, None, :]]
    near = np.where(np.isinf(near), np.nan, near.astype(float))
    slope_y, curve_y = _fit_axis(near[:, :, 1])
    slope_x, curve_x = _fit_axis(near[:, 1, :])
    twist = (near[:, 0, 0] + near[:, 2, 2] - near[:, 0, 2] - near[:, 2, 0]) / 4
    twist[~(twist**2 < curve_y * curve_x)] = 0.0
    determinant = curve_y * curve_x - twist**2
    shift_y = (twist * slope_x - curve_x * slope_y) / determinant
    shift_x = (twist * slope_y - curve_y * slope_x) / determinant
    shifts = np.clip(np.stack([shift_y, shift_x], axis=1), -0.5, 0.5)
    return np.asarray(np.stack([y - 1, x - 1], axis=1) + shifts, float)


def _fit_axis(line: Floats) -> tuple[Floats, Floats]:
    """Slope and (negative) curvature in the middle of ``(n, 3)`` values; (0, −1) where neither."""
    before, middle, after = line.T
    curve = before - 2 * middle + after
    bent = curve < 0
    slope = np.where(bent, (after - before) / 2, 0.0)
    return slope, np.where(bent, curve, -1.0)
