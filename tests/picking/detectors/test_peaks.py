import subprocess
import sys
from time import process_time

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal
from scipy import ndimage
from scipy.spatial.distance import cdist
from skimage.measure import label
from skimage.morphology import h_maxima

from napari_drpnet.picking.detectors import peak_loops
from napari_drpnet.picking.detectors.peaks import (
    Candidates,
    find_candidates,
    smooth,
    suppress_neighbours,
)

sides = st.integers(1, 45)
seeds = st.integers(0, 2**32 - 1)
compiled = settings(deadline=None)


def noise(shape, seed, sigma):
    return smooth(np.random.default_rng(seed).standard_normal(shape), sigma)


def bump(shape, center, sigma_long, sigma_short, angle):
    y, x = np.indices(shape) - np.reshape(center, (2, 1, 1))
    along = np.cos(angle) * y + np.sin(angle) * x
    across = np.cos(angle) * x - np.sin(angle) * y
    return np.exp(-0.5 * ((along / sigma_long) ** 2 + (across / sigma_short) ** 2))


def cone(shape, center, diameter):
    radius = np.hypot(*(np.indices(shape) - np.reshape(center, (2, 1, 1))))
    return np.maximum(0, 1 - 2 * radius / diameter)


def table(centers, score=None):
    centers = np.asarray(centers, float).reshape(-1, 2)
    score = np.zeros(len(centers)) if score is None else score
    return Candidates(centers, score, score)


def peaks_by_level_sets(values):
    """Return height, prominence and first pixel of each peak, from the components of level sets."""
    born, died = {}, {}
    for level in np.unique(values)[::-1]:
        components, count = ndimage.label(values >= level, np.ones((3, 3)))
        alive = set()
        for component in range(1, count + 1):
            inside = np.where(components == component, values, -np.inf)
            alive.add(np.unravel_index(inside.argmax(), values.shape))
        for pixel in alive - set(born):
            born[pixel] = values[pixel]
        for pixel in set(born) - alive - set(died):
            died[pixel] = level
    found = [(h, h - died.get(pixel, values.min()), pixel) for pixel, h in born.items()]
    return sorted((h, p, pixel) for h, p, pixel in found if p > 0)


@compiled
@given(sides, sides, seeds, st.floats(0, 12))
def test_smooth_is_the_gaussian_of_scipy(ny, nx, seed, sigma):
    values = np.random.default_rng(seed).standard_normal((ny, nx)).astype(np.float32)
    smoothed = smooth(values, sigma)
    assert smoothed.dtype == np.float32
    if int(4 * sigma + 0.5) == 0:
        assert_allclose(smoothed, values, atol=1e-7)
    else:
        expected = ndimage.gaussian_filter(values.astype(float), sigma, mode="nearest")
        assert_allclose(smoothed, expected, atol=1e-5)


def test_smooth_leaves_its_input_and_a_constant_alone():
    values = np.full((7, 5), 3.0, np.float32)
    values.setflags(write=False)
    smoothed = smooth(values[:, ::-1], 2.0)
    assert_allclose(smoothed, 3.0, rtol=1e-6)
    smoothed[:] = 0
    assert_array_equal(values, 3.0)


@pytest.mark.parametrize("sigma", [-1, np.nan, np.inf])
def test_smooth_rejects_a_bad_sigma(sigma):
    with pytest.raises(ValueError, match="sigma_px"):
        smooth(np.ones((3, 3)), sigma)


@compiled
@given(sides, sides, seeds, st.floats(0, 3))
def test_candidates_are_the_extended_maxima_at_every_h(ny, nx, seed, sigma):
    values = noise((ny, nx), seed, sigma).astype(float)
    candidates = find_candidates(values)
    steps = np.unique(np.append(candidates.prominence, 0))
    between = (steps[1:] + steps[:-1]) / 2
    for h in between[:: len(between) // 8 + 1]:
        regions, count = label(h_maxima(values, h), return_num=True, connectivity=2)
        strong = candidates.where(candidates.prominence >= h)
        assert len(strong) == count
        apart = np.abs(np.argwhere(regions)[:, None] - strong.centers_yx).max(axis=2)
        assert (apart.min(axis=0) <= 0.5).all()
        assert (apart.min(axis=1) <= 0.5).all()


@compiled
@given(
    arrays(
        np.float32,
        st.tuples(st.integers(1, 7), st.integers(1, 7)),
        elements=st.integers(0, 4).map(float),
    )
)
def test_plateaus_and_ties_agree_with_level_sets(values):
    candidates = find_candidates(values)
    expected = peaks_by_level_sets(values)
    found = sorted(zip(candidates.height, candidates.prominence, strict=True))
    assert found == [(h, p) for h, p, _ in expected]
    for _, _, pixel in expected:
        apart = np.abs(candidates.centers_yx - pixel).max(axis=1)
        assert apart.min() <= 0.5


@compiled
@given(sides, sides, seeds, st.floats(0, 2))
def test_candidates_are_sorted_and_lie_in_the_map(ny, nx, seed, sigma):
    candidates = find_candidates(noise((ny, nx), seed, sigma))
    assert (np.diff(candidates.height) <= 0).all()
    assert (candidates.prominence > 0).all()
    assert (candidates.centers_yx >= 0).all()
    assert (candidates.centers_yx <= np.array([ny, nx]) - 1).all()


def test_equal_heights_keep_the_order_of_the_rows():
    values = np.zeros((9, 9))
    values[[6, 2, 2], [4, 6, 1]] = 1
    candidates = find_candidates(values)
    assert_array_equal(candidates.centers_yx, [[2, 1], [2, 6], [6, 4]])
    assert_array_equal(candidates.prominence, [1, 1, 1])


def test_prominence_of_a_known_line():
    candidates = find_candidates([[0, 5, 3, 4, 1, 9, 2]])
    assert_array_equal(candidates.height, [9, 5, 4])
    assert_array_equal(candidates.prominence, [9, 4, 1])


def test_a_flat_top_is_one_peak_in_its_middle():
    values = np.zeros((6, 7))
    values[2:4, 3:5] = 2
    candidates = find_candidates(values)
    assert_array_equal(candidates.centers_yx, [[2.5, 3.5]])


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (20, 13)])
def test_a_constant_map_has_no_candidates(shape):
    candidates = find_candidates(np.full(shape, -2.5))
    assert len(candidates) == 0
    assert candidates.centers_yx.shape == (0, 2)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("function", [find_candidates, lambda values: smooth(values, 1)])
def test_maps_that_are_not_finite_are_rejected(function, bad):
    values = np.zeros((5, 5))
    values[3, 2] = bad
    with pytest.raises(ValueError, match="NaN or infinite"):
        function(values)


@pytest.mark.parametrize("shape", [(0, 4), (4,), (2, 3, 4), ()])
def test_only_maps_with_two_dimensions_are_taken(shape):
    with pytest.raises(ValueError, match="two-dimensional"):
        find_candidates(np.zeros(shape))


@pytest.mark.parametrize("corner", [(0, 0), (0, 11), (8, 0), (8, 11)])
def test_maxima_in_corners_stay_there(corner):
    candidates = find_candidates(bump((9, 12), corner, 2, 2, 0))
    assert_array_equal(candidates.centers_yx, [corner])


def test_a_maximum_on_an_edge_moves_along_the_edge_only():
    center = find_candidates(bump((20, 20), (0, 9.3), 2, 2, 0)).centers_yx[0]
    assert center[0] == 0
    assert center[1] == pytest.approx(9.3, abs=0.05)


fractions = st.tuples(st.floats(-0.5, 0.5), st.floats(-0.5, 0.5))


@compiled
@given(fractions, st.floats(1, 6))
def test_round_bumps_are_located_within_a_tenth_of_a_pixel(fraction, sigma):
    center = np.add((30, 31), fraction)
    found = find_candidates(bump((61, 63), center, sigma, sigma, 0))
    assert np.hypot(*(found.centers_yx[0] - center)) <= 0.1


@compiled
@given(fractions, st.floats(2, 5), st.floats(1, 1.3), st.floats(0, np.pi))
def test_oblique_bumps_are_located_within_a_tenth_of_a_pixel(fraction, sigma, aspect, angle):
    center = np.add((30, 31), fraction)
    found = find_candidates(bump((61, 63), center, sigma * aspect, sigma, angle))
    assert np.hypot(*(found.centers_yx[0] - center)) <= 0.1


@compiled
@given(fractions, st.floats(9, 32), st.floats(1, 4))
def test_smoothed_cones_are_located_within_a_tenth_of_a_pixel(fraction, diameter, sigma):
    center = np.add((30, 31), fraction)
    found = find_candidates(smooth(cone((61, 63), center, diameter), sigma))
    assert np.hypot(*(found.centers_yx[0] - center)) <= 0.1


def test_a_plateau_with_dents_does_not_take_quadratic_time():
    values = np.zeros((1200, 1200), np.float32)
    values[::4, ::4] = -1
    values[0, 0] = 1
    find_candidates(values)
    start = process_time()
    assert len(find_candidates(values)) == 1
    assert process_time() - start < 2


points = arrays(float, st.tuples(st.integers(0, 60), st.just(2)), elements=st.floats(-20, 40))
distances = st.floats(0, 30) | st.floats(0, 1e-3) | st.just(1e6)


def greedy(centers, score, min_distance):
    kept = []
    for row in np.argsort(-score, kind="stable"):
        if all(((centers[row] - centers[k]) ** 2).sum() >= min_distance**2 for k in kept):
            kept.append(row)
    return kept


@compiled
@given(points, distances, seeds)
def test_suppression_is_greedy(centers, min_distance, seed):
    score = np.random.default_rng(seed).integers(0, 10, len(centers)).astype(float)
    kept = suppress_neighbours(table(centers), score, min_distance)
    assert list(kept) == greedy(centers, score, min_distance)


@compiled
@given(seeds, st.floats(0, 1), st.floats(0, 20))
def test_threshold_and_suppression_commute(seed, threshold, min_distance):
    generator = np.random.default_rng(seed)
    centers, score = generator.uniform(0, 60, (80, 2)), generator.uniform(0, 1, 80).round(1)
    kept = suppress_neighbours(table(centers), score, min_distance)
    cut_last = kept[score[kept] >= threshold]
    rows = np.flatnonzero(score >= threshold)
    cut_first = rows[suppress_neighbours(table(centers[rows]), score[rows], min_distance)]
    assert_array_equal(cut_last, cut_first)
    assert_array_equal(cut_last, kept[: len(cut_last)])


def test_suppression_keeps_points_exactly_at_the_distance():
    centers = table([[0, 0], [0, 3], [0, 5.5], [0, 6]])
    score = np.array([4.0, 3, 2, 1])
    assert_array_equal(suppress_neighbours(centers, score, 3), [0, 1, 3])


def test_suppression_of_a_noise_map_leaves_nothing_close():
    candidates = find_candidates(noise((200, 311), 5, 1))
    kept = candidates.where(suppress_neighbours(candidates, candidates.height, 9))
    apart = cdist(candidates.centers_yx, kept.centers_yx)
    assert (apart.min(axis=1) < 9).all()
    between = cdist(kept.centers_yx, kept.centers_yx)
    assert between[~np.eye(len(kept), dtype=bool)].min() >= 9


@pytest.mark.parametrize("distance", [-1, np.nan])
def test_suppression_rejects_a_bad_distance(distance):
    with pytest.raises(ValueError, match="min_distance_px"):
        suppress_neighbours(table([[0, 0]]), np.zeros(1), distance)


def test_suppression_rejects_scores_of_another_table():
    with pytest.raises(ValueError, match="score"):
        suppress_neighbours(table([[0, 0]]), np.zeros(2), 1)


def test_the_table_checks_its_shapes():
    with pytest.raises(ValueError, match="centers_yx"):
        Candidates(np.zeros((2, 3)), np.zeros(2), np.zeros(2))
    with pytest.raises(ValueError, match="prominence"):
        Candidates(np.zeros((2, 2)), np.zeros(2), np.zeros(3))


def test_importing_peaks_loads_neither_numba_nor_scipy():
    code = (
        "import sys, napari_drpnet.picking.detectors.peaks;"
        "print({'numba', 'scipy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_loops_compile_where_no_cache_can_be_written(monkeypatch):
    def njit(cache=False, **options):
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return lambda loop: loop

    monkeypatch.setattr(numba, "njit", njit)
    assert peak_loops.compiled(greedy).dispatcher is greedy
