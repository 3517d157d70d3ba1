"""Expected scores and the automatic cut, checked against brute force over all cuts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_drpnet.picking.expected import (
    GREATEST_CUT,
    LEAST_CUT,
    automatic_cut,
    expected_scores,
    fixed_cut,
)

NONE = np.array([])
SHARE = st.floats(0, 1, width=32)
PROBABILITIES = arrays(float, st.integers(0, 40), elements=SHARE)
SOME = arrays(float, st.integers(1, 40), elements=SHARE)


def f1_of(probability, accepted):
    return expected_scores(probability, accepted).f1


def best_by_force(probability):
    """Try all cuts, one at the probability of each candidate."""
    return max((f1_of(probability, probability >= cut) for cut in probability), default=0.0)


@given(PROBABILITIES, st.floats(0, 1))
def test_scores_are_ratios_of_expectations(probability, cut):
    accepted = probability >= cut
    scores = expected_scores(probability, accepted)
    right, count, particles = probability[accepted].sum(), accepted.sum(), probability.sum()
    assert scores.particles == pytest.approx(particles)
    assert scores.precision * count == pytest.approx(right)
    assert scores.recall * particles == pytest.approx(right)
    assert 0 <= scores.f1 <= 1
    if right > 0:
        harmonic = 2 / (1 / scores.precision + 1 / scores.recall)
        assert scores.f1 == pytest.approx(harmonic)


def test_certain_probabilities_give_the_scores_of_the_truth():
    truth = np.array([1.0, 1, 1, 0, 0])
    scores = expected_scores(truth, np.array([True, True, False, True, False]))
    assert (scores.particles, scores.precision) == (3, pytest.approx(2 / 3))
    assert (scores.recall, scores.f1) == (pytest.approx(2 / 3), pytest.approx(2 / 3))


@given(SOME, st.integers(0, 2**32 - 1))
def test_expected_particles_are_those_of_many_draws(probability, seed):
    rng = np.random.default_rng(seed)
    drawn = (rng.uniform(size=(4000, len(probability))) < probability).sum(axis=1)
    expected = expected_scores(probability, probability >= 0.5).particles
    spread = np.sqrt((probability * (1 - probability)).sum() / 4000)
    assert drawn.mean() == pytest.approx(expected, abs=6 * spread + 1e-6)


@given(PROBABILITIES)
def test_the_best_f1_is_that_of_the_best_of_all_cuts(probability):
    best = best_by_force(probability)
    assert automatic_cut(probability, 0).best_f1 == pytest.approx(best)
    assert fixed_cut(probability, 0.3).best_f1 == pytest.approx(best)


@given(SOME)
def test_the_automatic_cut_is_within_bounds_and_there_the_best(probability):
    cut = automatic_cut(probability, 0)
    assert LEAST_CUT <= cut.accept <= GREATEST_CUT
    assert cut.automatic
    if LEAST_CUT < cut.accept < GREATEST_CUT:
        assert f1_of(probability, probability >= cut.accept - 1e-9) == pytest.approx(cut.best_f1)


@given(SOME, SHARE)
def test_no_cut_is_better_than_the_best(probability, cut):
    assert f1_of(probability, probability >= cut) <= automatic_cut(probability, 0).best_f1 + 1e-12


@given(PROBABILITIES, SHARE)
def test_nothing_is_picked_below_what_is_asked_for(probability, least_f1):
    cut = automatic_cut(probability, least_f1)
    assert cut.picks_something == (cut.best_f1 >= least_f1)
    assert fixed_cut(probability, 0.9).picks_something


@given(PROBABILITIES, st.integers(0, 40), st.integers(0, 2**32 - 1))
def test_unknown_ones_count_as_none_and_order_does_not_matter(probability, unknown, seed):
    mixed = np.concatenate([probability, np.full(unknown, np.nan)])
    np.random.default_rng(seed).shuffle(mixed)
    known, with_unknown = automatic_cut(probability, 0.5), automatic_cut(mixed, 0.5)
    assert with_unknown.best_f1 == pytest.approx(known.best_f1)
    all_of_them = np.ones(len(mixed), bool)
    assert expected_scores(mixed, all_of_them).particles == pytest.approx(probability.sum())


@given(SOME, st.data())
def test_a_surer_pick_never_lowers_the_best_f1(probability, data):
    surer = probability.copy()
    row = int(np.argmax(probability))
    surer[row] = data.draw(st.floats(probability[row], 1))
    before, after = automatic_cut(probability, 0), automatic_cut(surer, 0)
    assert after.best_f1 >= before.best_f1 - 1e-12
    assert after.accept >= before.accept - 1e-12


@given(SOME)
def test_a_stricter_cut_never_raises_recall_nor_lowers_precision(probability):
    cuts = np.sort(np.unique(probability))
    scores = [expected_scores(probability, probability >= cut) for cut in cuts]
    recall, precision = np.array([[each.recall, each.precision] for each in scores]).T
    assert np.all(np.diff(recall) <= 1e-12)
    assert np.all(np.diff(precision) >= -1e-12)


@pytest.mark.parametrize("probability", [NONE, np.zeros(3), np.full(3, np.nan)])
def test_without_particles_all_is_zero(probability):
    scores = expected_scores(probability, np.ones(len(probability), bool))
    assert (scores.particles, scores.precision, scores.recall, scores.f1) == (0, 0, 0, 0)
    cut = automatic_cut(probability, 0.1)
    assert (cut.accept, cut.best_f1, cut.picks_something) == (LEAST_CUT, 0, False)


def test_without_accepted_ones_scores_are_zero():
    scores = expected_scores(np.array([0.2, 0.1]), np.zeros(2, bool))
    assert (scores.precision, scores.recall, scores.f1) == (0, 0, 0)
    assert scores.particles == pytest.approx(0.3)


def test_the_cut_is_half_of_the_best_f1():
    good, doubtful = np.full(100, 0.99), np.full(100, 0.55)
    assert automatic_cut(good, 0).accept == pytest.approx(0.99 / 1.99, abs=1e-12)
    assert automatic_cut(doubtful, 0).accept == pytest.approx(0.55 / 1.55, abs=1e-12)
    assert automatic_cut(np.full(100, 0.05), 0).accept == LEAST_CUT
    assert automatic_cut(np.ones(100), 0).accept == GREATEST_CUT
