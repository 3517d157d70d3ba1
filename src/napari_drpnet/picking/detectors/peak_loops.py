"""Compiled loops over the pixels of a map and over its maxima; `peaks` calls them.

This module imports numba, which takes time, so import it only where a loop runs. The first call
of a loop on a machine compiles it; later calls read it from the cache of numba. All loops release
the interpreter lock, so that a window remains responsive while a worker runs them.

Maps have a border one pixel wide, and ``(y, x)`` is stored as one flat index. Pixels are totally
ordered by value; of equal values the one with the lower index is greater.

Notes
-----
The merge tree of a map needs only its critical pixels. The *upper link* of a pixel is the set of
its 8 neighbours that are greater. Consider the set of all pixels above a level that decreases: a
pixel with an empty upper link adds a component, that is, a peak; one whose link is connected
changes nothing; and one whose link has several pieces is a saddle, where components meet. A step
to a greater neighbour stays in the component, so any ascending path from a piece of the link ends
at a maximum of its component.
"""

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.compiled import compiled

Floats = NDArray[np.float64]
Map = NDArray[np.float32]
Masks = NDArray[np.uint8]
Indices = NDArray[np.intp]
Labels = NDArray[np.int32]
Flags = NDArray[np.bool_]

# Offsets of the neighbours, clockwise from the upper left; bit b of a mask stands for RING_YX[b].
RING_YX = ((-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1))
OUTSIDE = 255


def _pieces(mask: int) -> list[list[int]]:
    """Split the neighbours in `mask` into connected pieces, each in ring order."""
    pieces: list[list[int]] = []
    for bit in (bit for bit in range(8) if mask >> bit & 1):
        touching = [piece for piece in pieces if any(_touch(bit, other) for other in piece)]
        pieces = [piece for piece in pieces if piece not in touching]
        pieces.append([*(old for piece in touching for old in piece), bit])
    return pieces


def _touch(bit: int, other: int) -> bool:
    (y, x), (other_y, other_x) = RING_YX[bit], RING_YX[other]
    return max(abs(y - other_y), abs(x - other_x)) == 1


_PIECES = [_pieces(mask) for mask in range(256)]
PIECE_COUNT = np.array([len(pieces) for pieces in _PIECES], np.uint8)
# Mask with one neighbour of each piece, where the ascent from a saddle begins.
PIECE_BITS = np.array([sum(1 << p[0] for p in pieces) for pieces in _PIECES], np.uint8)
# Middle neighbour of the first piece, near the steepest ascent; -1 at a maximum.
_STEP_BIT = [pieces[0][len(pieces[0]) // 2] if pieces else -1 for pieces in _PIECES]


def ring_offsets(width: int) -> Indices:
    """Return the flat offsets of the eight neighbours in a map `width` pixels wide with border."""
    return np.array([y * width + x for y, x in RING_YX], np.intp)


def step_offsets(width: int) -> Indices:
    """Return the flat offset of one ascending step for each of the 256 links; 0 at a maximum."""
    return np.append(ring_offsets(width), 0)[_STEP_BIT]


@compiled
def smooth_rows(values: Map, weights: Map) -> Map:
    """Correlate the columns, then the rows of a map with symmetric weights.

    Parameters
    ----------
    values : (ny, nx) float32 array
        Map without border, whose edge pixels are repeated outwards.
    weights : (r + 1,) float32 array
        Weights of the pixels ``k`` before and ``k`` after; the middle pixel is counted twice.

    Returns
    -------
    (ny, nx) float32 array
        Filtered map.
    """
    rows, columns = values.shape
    radius = weights.size - 1
    smoothed = np.zeros_like(values)
    line = np.empty(columns + 2 * radius, np.float32)
    for y in range(rows):
        line[:] = 0
        middle, out = line[radius : radius + columns], smoothed[y]
        for k in range(radius + 1):
            weight = weights[k]
            above, below = values[max(y - k, 0)], values[min(y + k, rows - 1)]
            for x in range(columns):
                middle[x] += weight * (above[x] + below[x])
        line[:radius] = middle[0]
        line[radius + columns :] = middle[columns - 1]
        for k in range(radius + 1):
            weight = weights[k]
            left, right = line[radius - k :], line[radius + k :]
            for x in range(columns):
                out[x] += weight * (left[x] + right[x])
    return smoothed


@compiled
def find_upper_links(bordered: Map) -> Masks:
    """Find the greater neighbours of each pixel.

    Parameters
    ----------
    bordered : (ny + 2, nx + 2) float32 array
        Map with a border of −inf.

    Returns
    -------
    (ny + 2, nx + 2) uint8 array
        Masks, with bit ``b`` set if neighbour ``RING_YX[b]`` is greater; `OUTSIDE` in the border.
    """
    links = np.full(bordered.shape, OUTSIDE, np.uint8)
    for y in range(1, bordered.shape[0] - 1):
        above, row, below = bordered[y - 1], bordered[y], bordered[y + 1]
        out = links[y]
        for x in range(1, row.size - 1):
            value = row[x]
            out[x] = (
                np.uint8(above[x - 1] >= value)
                | np.uint8(above[x] >= value) << 1
                | np.uint8(above[x + 1] >= value) << 2
                | np.uint8(row[x + 1] > value) << 3
                | np.uint8(below[x + 1] > value) << 4
                | np.uint8(below[x] > value) << 5
                | np.uint8(below[x - 1] > value) << 6
                | np.uint8(row[x - 1] >= value) << 7
            )
    return links


@compiled
def _climb(start: int, links: Masks, basins: Labels, steps: Indices) -> int:
    """Find the basin of a pixel by ascent, and store it for all pixels on the path."""
    top = start
    while basins[top] < 0:
        top += steps[links[top]]
    while start != top:
        basins[start] = basins[top]
        start += steps[links[start]]
    return int(basins[top])


@compiled
def _find_root(parents: Labels, peak: int) -> int:
    """Find the highest peak that a peak is joined with."""
    while parents[peak] != peak:
        parents[peak] = parents[parents[peak]]
        peak = parents[peak]
    return peak


@compiled
def join_peaks(
    links: Masks,
    basins: Labels,
    maxima: Indices,
    saddles: Indices,
    piece_bits: Masks,
    ring: Indices,
    steps: Indices,
) -> Labels:
    """Join peaks at saddles, highest saddle first.

    Parameters
    ----------
    links : (m,) uint8 array
        Upper links of all pixels.
    basins : (m,) int32 array
        −1 everywhere. It is filled with the rank of the maximum that the ascent from a pixel
        reaches, for all pixels on the paths.
    maxima : (n,) int array
        Flat indices of the maxima, in descending order.
    saddles : (s,) int array
        Flat indices of the saddles, in descending order.
    piece_bits, ring, steps : int arrays
        `PIECE_BITS`, `ring_offsets` and `step_offsets`.

    Returns
    -------
    (n,) int32 array
        Index in `saddles` where each maximum meets a higher one; −1 for the highest.
    """
    for rank in range(maxima.size):
        basins[maxima[rank]] = rank
    parents = np.arange(maxima.size, dtype=np.int32)
    meets = np.full(maxima.size, -1, np.int32)
    for place in range(saddles.size):
        saddle = saddles[place]
        highest = -1
        for bit in range(8):
            if not piece_bits[links[saddle]] >> bit & 1:
                continue
            peak = _find_root(parents, _climb(saddle + ring[bit], links, basins, steps))
            if highest < 0:
                highest = peak
            elif peak != highest:
                lower = max(peak, highest)
                highest = min(peak, highest)
                parents[lower] = highest
                meets[lower] = place
    return meets


@compiled
def suppress_points(centers_yx: Floats, cells: Labels, heads: Labels, min_distance: float) -> Flags:
    """Keep each point unless a kept point before it is closer than `min_distance`.

    Parameters
    ----------
    centers_yx : (n, 2) float64 array
        Positions ``(y, x)``, best first.
    cells : (n, 2) int32 array
        Row and column in `heads` of the square cell of each point. Cells are at least
        `min_distance` wide, and the first and last rows and columns are empty.
    heads : (my, mx) int32 array
        −1 everywhere. It is filled with the point that was last kept in each cell.
    min_distance : float
        Least distance, in the units of `centers_yx`.

    Returns
    -------
    (n,) bool array
        Mask of the kept points.
    """
    nexts = np.empty(len(cells), np.int32)
    keep = np.empty(len(cells), np.bool_)
    for point in range(len(cells)):
        y, x = cells[point]
        free = True
        for cell in range(9):
            other = heads[y + cell // 3 - 1, x + cell % 3 - 1]
            while other >= 0 and free:
                dy = centers_yx[point, 0] - centers_yx[other, 0]
                dx = centers_yx[point, 1] - centers_yx[other, 1]
                free = dy * dy + dx * dx >= min_distance * min_distance
                other = nexts[other]
        keep[point] = free
        if free:
            nexts[point] = heads[y, x]
            heads[y, x] = point
    return keep
