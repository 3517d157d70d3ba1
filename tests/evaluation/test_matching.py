"""One-to-one matching, against hand-made cases and SciPy's dense assignment."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from napari_drpnet.evaluation.matching import find_gains, match_one_to_one

half_steps = st.integers(0, 12).map(lambda k: k / 2)
point_sets = st.lists(st.tuples(half_steps, half_steps), max_size=10).map(
    lambda points: np.array(points, float).reshape(-1, 2)
)
radii = st.sampled_from([0.0, 0.5, 1.0, 1.5, 2.5, 20.0])


def dense_optimum(picks, truth, radius):
    """Give the size and the total distance of the best matching, by another solver."""
    distance = cdist(picks, truth)
    near = distance <= radius
    rows, columns = linear_sum_assignment(np.where(near, distance - 1e5, 0.0))
    kept = near[rows, columns]
    return kept.sum(), distance[rows, columns][kept].sum()


def assert_valid(matching, picks, truth, radius):
    assert len(np.unique(matching.pick_index)) == len(matching)
    assert len(np.unique(matching.truth_index)) == len(matching)
    between = np.linalg.norm(picks[matching.pick_index] - truth[matching.truth_index], axis=1)
    np.testing.assert_allclose(matching.distance_px, between)
    assert (matching.distance_px <= radius).all()


def test_pairs_are_given_as_rows_of_both_lists_with_their_distance():
    matching = match_one_to_one([[50, 50], [10, 13], [90, 90]], [[10, 10], [51, 50]], 5)
    assert matching.pick_index.tolist() == [0, 1]
    assert matching.truth_index.tolist() == [1, 0]
    assert matching.distance_px.tolist() == [1.0, 3.0]


def test_more_pairs_win_over_the_nearest_pair():
    # nearest first would pair pick 0 with truth 1 (1 px) and leave pick 1 alone
    matching = match_one_to_one([[0, 3], [0, 5.5]], [[0, 0], [0, 4]], 3)
    assert matching.truth_index.tolist() == [0, 1]
    assert matching.distance_px.tolist() == [3.0, 1.5]


def test_crossed_pairs_are_uncrossed_when_both_ways_have_two_pairs():
    # nearest first takes 1.0 and is left with 5.0; the best total is 2.0 + 2.0
    matching = match_one_to_one([[0, 2], [0, 5]], [[0, 0], [0, 3]], 5)
    assert matching.distance_px.tolist() == [2.0, 2.0]


def test_of_duplicates_only_the_nearest_is_matched():
    matching = match_one_to_one([[0, 2], [0, 1], [0, 2]], [[0, 0]], 3)
    assert matching.pick_index.tolist() == [1]


@pytest.mark.parametrize(("radius", "pairs"), [(5, 1), (4.999, 0)])
def test_the_radius_itself_is_allowed(radius, pairs):
    assert len(match_one_to_one([[3, 4]], [[0, 0]], radius)) == pairs
    assert find_gains([[3, 4]], [[0, 0]], radius).sum() == pairs


def test_equal_positions_match_at_radius_zero():
    assert match_one_to_one([[1, 2], [5, 5]], [[1, 2]], 0).distance_px.tolist() == [0.0]


@pytest.mark.parametrize(("picks", "truth"), [([], []), ([[1, 1]], []), ([], [[1, 1]])])
def test_empty_lists_have_no_pairs(picks, truth):
    assert len(match_one_to_one(picks, truth, 3)) == 0
    assert find_gains(picks, truth, 3).tolist() == [False] * len(picks)


@pytest.mark.parametrize("positions", [[1, 2], [[1, 2, 3]], [[np.nan, 1]], [[np.inf, 1]], 3])
def test_positions_that_are_no_points_are_refused(positions):
    with pytest.raises(ValueError, match="positions must be"):
        match_one_to_one(positions, [[0, 0]], 3)


@pytest.mark.parametrize("radius", [-1, np.nan, np.inf])
def test_a_radius_that_is_no_length_is_refused(radius):
    with pytest.raises(ValueError, match="radius_px"):
        find_gains([[0, 0]], [[0, 0]], radius)


@given(point_sets, point_sets, radii)
def test_matching_is_optimal(picks, truth, radius):
    matching = match_one_to_one(picks, truth, radius)
    assert_valid(matching, picks, truth, radius)
    size, total = dense_optimum(picks, truth, radius)
    assert len(matching) == size
    assert matching.distance_px.sum() == pytest.approx(total, abs=1e-6)


@given(point_sets, point_sets, radii, st.randoms(use_true_random=False))
def test_order_and_roles_do_not_matter(picks, truth, radius, random):
    order = random.sample(range(len(picks)), len(picks))
    matching = match_one_to_one(picks, truth, radius)
    for other in (
        match_one_to_one(picks[order], truth, radius),
        match_one_to_one(truth, picks, radius),
    ):
        assert len(other) == len(matching)
        assert other.distance_px.sum() == pytest.approx(matching.distance_px.sum())


@given(point_sets, point_sets, radii)
def test_gains_add_up_to_the_optimum_of_every_prefix(picks, truth, radius):
    counts = np.cumsum(find_gains(picks, truth, radius))
    again = [dense_optimum(picks[: k + 1], truth, radius)[0] for k in range(len(picks))]
    assert counts.tolist() == again


@pytest.mark.parametrize("neighbours", [1, 3, 8])
def test_many_components_and_one_giant_are_solved_alike(neighbours):
    rng = np.random.default_rng(neighbours)
    picks, truth = rng.random((1300, 2)), rng.random((1100, 2))
    radius = np.sqrt(neighbours / np.pi / 1100)
    matching = match_one_to_one(picks, truth, radius)
    assert_valid(matching, picks, truth, radius)
    size, total = dense_optimum(picks, truth, radius)
    assert len(matching) == size == find_gains(picks, truth, radius).sum()
    assert matching.distance_px.sum() == pytest.approx(total)


def test_gains_survive_long_chains_of_reassignment():
    # picks halfway between particles, then one at the end that shifts all of them along the row
    chain = np.stack([np.zeros(3000), np.arange(3000)], axis=1)
    picks = np.vstack([chain[1:] - [0, 0.5], [[0, -0.25]], [[0, 10]], [[0, 2998.75]]])
    gains = find_gains(picks, chain, 0.5)
    assert gains.sum() == len(match_one_to_one(picks, chain, 0.5)) == 3000
    assert gains[:3000].all()


def test_very_many_at_one_place_are_refused_before_memory_is_taken():
    same = np.ones((20_000, 2))
    for function in (match_one_to_one, find_gains):
        with pytest.raises(ValueError, match=r"400000000 pairs .* many lie at the same place"):
            function(same, same, 50)
    assert len(match_one_to_one(same, np.arange(20_000)[:, None] * [40.0, 0.0], 50)) == 2


def test_fifty_thousand_picks_are_matched_without_a_dense_matrix():
    rng = np.random.default_rng(0)
    truth = rng.random((50_000, 2)) * 5000
    picks = truth + rng.normal(0, 3, truth.shape)
    matching = match_one_to_one(picks, truth, 6)
    assert_valid(matching, picks, truth, 6)
    assert len(matching) == find_gains(picks, truth, 6).sum() > 40_000
