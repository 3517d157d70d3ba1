"""One-to-one matching of picks to true particles on the sparse graph of near neighbours."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, min_weight_full_bipartite_matching
from scipy.spatial import cKDTree

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

#: Greatest number of pairs within the radius: many more than of any real micrograph, and those of
#: 1,400 picks at one place. They take some 400 MB and a few seconds.
_MOST_PAIRS = 2_000_000
_BATCH = 500  # picks solved together: small enough for the solver's O(picks x truth) set-up


@dataclass(frozen=True, eq=False)
class Matching:
    """One-to-one pairs of a pick and a true particle.

    Parameters
    ----------
    pick_index : (k,) int array
        Index of the pick of each pair, ascending.
    truth_index : (k,) int array
        Index of the true particle of each pair.
    distance_px : (k,) float array
        Distance of each pair in pixels.
    """

    pick_index: Indices
    truth_index: Indices
    distance_px: Floats

    def __len__(self) -> int:
        return len(self.pick_index)


def match_one_to_one(picks_yx: ArrayLike, truth_yx: ArrayLike, radius_px: float) -> Matching:
    """Match picks to true particles: as many pairs as possible, then the least total distance.

    Two picks on one particle cannot both be matched, so a duplicate stays unmatched.

    Parameters
    ----------
    picks_yx : (n, 2) array_like
        Positions ``(y, x)`` of the picks in pixels.
    truth_yx : (m, 2) array_like
        Positions ``(y, x)`` of the true particles in pixels.
    radius_px : float
        Greatest distance of a pair in pixels (inclusive).

    Returns
    -------
    Matching
        An optimal matching; any of them if several are equally good.

    Raises
    ------
    ValueError
        If positions are not finite ``(n, 2)`` arrays, `radius_px` is negative or not finite, or
        more than two million pairs lie within it.

    Notes
    -----
    The pairs within the radius form a sparse bipartite graph. SciPy's LAPJVsp solves its connected
    components, several hundred picks at a time. A pick may stay unmatched at a cost above that of
    any rearrangement, which gives the number of pairs priority over their distance. Memory grows
    with the number of pairs within the radius, not with ``n·m``. Time grows with the square of the
    largest component, which is small if the radius is below the distance of neighbouring particles.

    Examples
    --------
    The closest pair, 1 px apart, is given up so that both particles are found:

    >>> match_one_to_one([[0, 0], [0, 4]], [[0, 3], [0, 7]], 3).distance_px
    array([3., 3.])
    """
    near = _pairs_within(as_positions(picks_yx), as_positions(truth_yx), radius_px)
    best = np.concatenate([near[:0], *map(_solve, _batches(near))])
    best = best[np.argsort(best["i"])]
    return Matching(best["i"], best["j"], best["v"])


def find_gains(picks_yx: ArrayLike, truth_yx: ArrayLike, radius_px: float) -> NDArray[np.bool_]:
    """Return which picks, added one after another, increase the number of matched particles.

    For every k, the number of True among the first k picks is the size of their maximum matching.
    A precision-recall curve therefore needs no matching at each threshold.

    Parameters
    ----------
    picks_yx : (n, 2) array_like
        Positions ``(y, x)`` of the picks in pixels, in order of addition (best score first).
    truth_yx : (m, 2) array_like
        Positions ``(y, x)`` of the true particles in pixels.
    radius_px : float
        Greatest distance of a pair in pixels (inclusive).

    Returns
    -------
    (n,) bool array
        True for picks that increase the size of the maximum matching by one.

    Raises
    ------
    ValueError
        If positions are not finite ``(n, 2)`` arrays, `radius_px` is negative or not finite, or
        more than two million pairs lie within it.

    Notes
    -----
    The maximum matching grows if and only if an augmenting path starts at the new pick (Berge
    1957). The particles reached by a failed search are all matched, to picks that reach no other
    particles. No later path can leave them, so they are closed. All failed searches together take
    time linear in the number of neighbours.
    """
    picks, truth = as_positions(picks_yx), as_positions(truth_yx)
    near = _pairs_within(picks, truth, radius_px)
    near = near[np.argsort(near["i"], kind="stable")]
    bounds = np.searchsorted(near["i"], np.arange(len(picks) + 1)).tolist()
    reachable = near["j"].tolist()
    search = _AugmentingSearch(
        [reachable[start:stop] for start, stop in pairwise(bounds)], len(truth)
    )
    return np.fromiter(map(search.add, range(len(picks))), bool, len(picks))


class _AugmentingSearch:
    """A maximum matching that grows pick by pick."""

    def __init__(self, truth_near_pick: list[list[int]], truth_count: int) -> None:
        self._near = truth_near_pick
        self._truth_of: dict[int, int] = {}
        self._pick_of: dict[int, int] = {}
        self._closed = bytearray(truth_count)

    def add(self, new_pick: int) -> bool:
        """Add a pick, and return whether the matching grew."""
        reached_from: dict[int, int] = {}
        queue = [new_pick]
        for pick in queue:
            for truth in self._near[pick]:
                if self._closed[truth] or truth in reached_from:
                    continue
                reached_from[truth] = pick
                if truth not in self._pick_of:
                    self._augment(truth, reached_from)
                    return True
                queue.append(self._pick_of[truth])
        for truth in reached_from:
            self._closed[truth] = True
        return False

    def _augment(self, free_truth: int, reached_from: dict[int, int]) -> None:
        truth: int | None = free_truth
        while truth is not None:
            pick = reached_from[truth]
            self._pick_of[truth] = pick
            given_up = self._truth_of.get(pick)
            self._truth_of[pick] = truth
            truth = given_up


def as_positions(positions_yx: ArrayLike) -> Floats:
    """Return positions as an ``(n, 2)`` float array.

    Raises
    ------
    ValueError
        If the shape is not ``(n, 2)``, or a position is not finite.
    """
    positions = np.asarray(positions_yx, float)
    if positions.shape[:1] == (0,):
        return np.empty((0, 2))
    if positions.ndim != 2 or positions.shape[1] != 2:
        raise ValueError(f"positions must be (n, 2), not {positions.shape}")
    if not np.isfinite(positions).all():
        raise ValueError("positions must be finite")
    return positions


def _pairs_within(picks: Floats, truth: Floats, radius: float) -> NDArray[np.void]:
    """Find all pairs within `radius`: fields ``i`` (pick), ``j`` (truth) and ``v`` (distance)."""
    if not 0 <= radius < np.inf:
        raise ValueError(f"radius_px must be finite and not negative, not {radius}")
    trees = cKDTree(picks), cKDTree(truth)
    count = trees[0].count_neighbors(trees[1], radius)
    if count > _MOST_PAIRS:
        raise ValueError(
            f"{count} pairs of a pick and a particle lie within {radius:g} px of each other, which "
            "is too much: many lie at the same place, or the diameter is too large"
        )
    pairs: NDArray[np.void] = trees[0].sparse_distance_matrix(
        trees[1], radius, output_type="ndarray"
    )
    return pairs


def _batches(near: NDArray[np.void]) -> Iterator[NDArray[np.void]]:
    """Split pairs into sets of whole connected components with about `_BATCH` picks each."""
    if not len(near):
        return
    picks, pick = np.unique(near["i"], return_inverse=True)
    truth = np.unique(near["j"], return_inverse=True)[1] + len(picks)
    nodes = truth.max() + 1
    graph = csr_array((np.ones(len(near), np.int8), (pick, truth)), shape=(nodes, nodes))
    component = connected_components(graph, directed=False)[1]
    picks_before = np.cumsum(np.bincount(component[: len(picks)]))
    batch = (picks_before // _BATCH)[component[pick]]
    order = np.argsort(batch, kind="stable")
    yield from np.split(near[order], np.flatnonzero(np.diff(batch[order])) + 1)


def _solve(near: NDArray[np.void]) -> NDArray[np.void]:
    """Return the pairs of an optimal matching."""
    picks, pick = np.unique(near["i"], return_inverse=True)
    truths, truth = np.unique(near["j"], return_inverse=True)
    n, m = len(picks), len(truths)
    alone = np.arange(n)
    cost = 1 + near["v"]  # 0 means no edge to the solver
    cost_alone = np.full(n, cost.max() * (min(n, m) + 1))
    rows, columns = np.concatenate([pick, alone]), np.concatenate([truth, m + alone])
    graph = csr_array((np.concatenate([cost, cost_alone]), (rows, columns)), shape=(n, m + n))
    partner = min_weight_full_bipartite_matching(graph)[1]
    chosen: NDArray[np.void] = near[partner[pick] == truth]
    return chosen
