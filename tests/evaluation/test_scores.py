"""Rates of one micrograph and of sets, by hand and against rematching at every threshold."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_drpnet.evaluation.precision_recall import Rates, Tally
from napari_drpnet.evaluation.scores import (
    ScoredMicrograph,
    evaluate_picks,
    leave_out_border,
    score_picks,
    trace_curve,
)

FAR = 1000.0


def micrograph(picks, scores, truth, diameter=10.0, name="m"):
    def points(positions):
        return np.array(positions, float).reshape(-1, 2)

    return ScoredMicrograph(name, points(picks), np.array(scores, float), points(truth), diameter)


def row(*right, wrong=0, missed=0):
    """Make a micrograph with picks at the given distances, wrong ones and missed particles."""
    truth = [(0, 50 * k) for k in range(len(right) + missed)]
    picks = [(d, 50 * k) for k, d in enumerate(right)] + [(FAR, 50 * k) for k in range(wrong)]
    return micrograph(picks, np.ones(len(picks)), truth)


def test_counts_and_rates_by_hand():
    score = score_picks([[0, 0], [0, 1], [50, 53], [99, 99]], [[0, 0], [50, 50], [200, 0]], 10)
    assert score.tally == Tally(true_positives=2, false_positives=2, false_negatives=1)
    assert score.tally.rates == pytest.approx((2 / 4, 2 / 3, 4 / 7))
    assert score.median_centring_error_px == 1.5


@pytest.mark.parametrize(
    ("picks", "truth", "rates"),
    [
        ([], [], (1, 1, 1)),
        ([[1, 1]], [], (0, 0, 0)),
        ([], [[1, 1]], (0, 0, 0)),
        ([[1, 1]], [[90, 90]], (0, 0, 0)),
    ],
)
def test_nothing_right_is_zero_unless_there_was_nothing_at_all(picks, truth, rates):
    score = score_picks(picks, truth, 10)
    assert score.tally.rates == rates
    assert score.median_centring_error_px is None


@pytest.mark.parametrize(("radius", "right"), [(0.5, 1), (0.49, 0)])
def test_the_radius_is_a_fraction_of_the_diameter_and_is_allowed(radius, right):
    assert score_picks([[3, 4]], [[0, 0]], 10, radius).tally.true_positives == right


@pytest.mark.parametrize("diameter", [0, -1, np.nan, np.inf])
def test_a_diameter_that_is_no_length_is_refused(diameter):
    with pytest.raises(ValueError, match="diameter_px"):
        score_picks([[0, 0]], [[0, 0]], diameter)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"scores": [1.0, 2.0]}, "scores must be"),
        ({"scores": [np.nan]}, "finite"),
        ({"diameter": 0.0}, "diameter_px"),
    ],
)
def test_a_micrograph_checks_its_parts(changes, message):
    with pytest.raises(ValueError, match=message):
        micrograph(**{"picks": [[0, 0]], "scores": [1.0], "truth": []} | changes)


def test_micro_weighs_particles_and_macro_weighs_micrographs():
    evaluation = evaluate_picks([row(0, 0, 0, 0, 0, 0, 0, 0), row(0, wrong=3, missed=1)])
    assert evaluation.main.pooled == Tally(9, 3, 1)
    assert evaluation.main.micro == pytest.approx((9 / 12, 9 / 10, 18 / 22))
    assert evaluation.main.macro == pytest.approx(
        Rates((1 + 1 / 4) / 2, (1 + 1 / 2) / 2, (1 + 2 / 6) / 2)
    )


def test_a_clean_empty_micrograph_counts_as_perfect_in_macro_and_not_at_all_in_micro():
    evaluation = evaluate_picks([row(0, wrong=1, missed=1), row()])
    assert evaluation.main.micro.f1 == 0.5
    assert evaluation.main.macro.f1 == 0.75


def test_the_strict_radius_is_reported_beside_the_main_one():
    evaluation = evaluate_picks([row(1, 2, 4)])
    assert [at.radius for at in evaluation.at] == [0.5, 0.25]
    assert [at.pooled.true_positives for at in evaluation.at] == [3, 2]
    assert [at.median_centring_error_px for at in evaluation.at] == [2.0, 1.5]


def test_errors_in_diameters_use_the_diameter_of_each_micrograph():
    small = micrograph([[0, 1]], [1], [[0, 0]], diameter=10)
    large = micrograph([[0, 4]], [1], [[0, 0]], diameter=20)
    main = evaluate_picks([small, large]).main
    assert main.median_centring_error_px == 2.5
    assert main.median_centring_error_diameters == pytest.approx(0.15)


def test_curve_average_precision_and_best_threshold_by_hand():
    # right, duplicate, right, and elsewhere a wrong pick as good as the last
    first = micrograph([[0, 0], [0, 1], [50, 50]], [0.9, 0.8, 0.7], [[0, 0], [50, 50]])
    second = micrograph([[FAR, 0]], [0.7], [[0, 0]])
    curve = trace_curve([first, second], 0.5)
    assert curve.thresholds.tolist() == [0.9, 0.8, 0.7]
    assert curve.picks.tolist() == [1, 2, 4]
    assert curve.true_positives.tolist() == [1, 1, 2]
    assert curve.precision.tolist() == [1, 0.5, 0.5]
    assert curve.recall == pytest.approx([1 / 3, 1 / 3, 2 / 3])
    assert curve.average_precision == pytest.approx(1 / 3 * 1 + 0 * 0.5 + 1 / 3 * 0.5)
    assert curve.best is not None
    assert curve.best.threshold == 0.7
    assert curve.best.rates == pytest.approx((1 / 2, 2 / 3, 4 / 7))


def test_of_equally_good_thresholds_the_highest_is_best():
    picks = [[0, 0], [FAR, 0], [FAR, 1], [50, 50]]
    curve = trace_curve([micrograph(picks, [4, 3, 2, 1], [[0, 0], [50, 50]])], 0.5)
    assert curve.f1 == pytest.approx([2 / 3, 2 / 4, 2 / 5, 2 / 3])
    assert curve.best is not None
    assert curve.best.threshold == 4


def test_a_late_pick_frees_a_particle_that_an_early_pick_took():
    # 0.9 can reach both particles, 0.8 only the left one: both are right at 0.8
    curve = trace_curve([micrograph([[0, 4], [0, -4]], [0.9, 0.8], [[0, 0], [0, 8]])], 0.5)
    assert curve.true_positives.tolist() == [1, 2]


def test_curves_without_picks_or_particles():
    no_picks = trace_curve([micrograph([], [], [[0, 0]])], 0.5)
    assert (no_picks.average_precision, no_picks.best) == (0.0, None)
    assert no_picks.thresholds.size == no_picks.precision.size == 0
    no_truth = trace_curve([micrograph([[0, 0]], [1], [])], 0.5)
    assert (no_truth.average_precision, no_truth.best) == (None, None)
    assert no_truth.recall.tolist() == no_truth.f1.tolist() == [0.0]


def test_the_threshold_moves_the_operating_point_and_not_the_curve():
    set_ = [micrograph([[0, 0], [FAR, 0]], [0.9, 0.1], [[0, 0]])]
    everything, cut = evaluate_picks(set_), evaluate_picks(set_, threshold=0.9)
    assert everything.main.pooled == Tally(1, 1, 0)
    assert cut.main.pooled == Tally(1, 0, 0)
    assert cut.main.curve.picks.tolist() == everything.main.curve.picks.tolist() == [1, 2]


@pytest.mark.parametrize("scores", [[1, 0], [1.0, -999.0]])
def test_scores_without_a_scale_are_only_ordered(scores):
    assert trace_curve(
        [micrograph([[0, 0], [FAR, 0]], scores, [[0, 0]])], 0.5
    ).true_positives.tolist() == [1, 1]


def test_a_set_needs_a_micrograph_and_a_radius():
    with pytest.raises(ValueError, match="at least one"):
        evaluate_picks([])
    with pytest.raises(ValueError, match="at least one"):
        evaluate_picks([row(0)], radii=())


places = st.tuples(st.integers(0, 6), st.integers(0, 6))
micrographs = st.builds(
    lambda scored, truth: micrograph(
        [place for place, _ in scored], [score for _, score in scored], truth, diameter=4.0
    ),
    st.lists(st.tuples(places, st.integers(0, 5)), max_size=10),
    st.lists(places, max_size=8),
)


@given(st.lists(micrographs, min_size=1, max_size=3))
def test_every_point_of_the_curve_equals_matching_again(set_):
    curve = trace_curve(set_, 0.5)
    assert curve.thresholds.tolist() == sorted({s for m in set_ for s in m.scores}, reverse=True)
    for k, threshold in enumerate(curve.thresholds):
        main = evaluate_picks(set_, threshold=threshold).main
        assert main.pooled.true_positives == curve.true_positives[k]
        assert main.pooled.picks == curve.picks[k]
        assert main.micro == pytest.approx((curve.precision[k], curve.recall[k], curve.f1[k]))


@given(micrographs, st.randoms(use_true_random=False))
def test_the_order_of_picks_does_not_matter(m, random):
    order = random.sample(range(len(m.scores)), len(m.scores))
    shuffled = ScoredMicrograph("m", m.picks_yx[order], m.scores[order], m.truth_yx, m.diameter_px)
    one, other = trace_curve([m], 0.5), trace_curve([shuffled], 0.5)
    assert one.true_positives.tolist() == other.true_positives.tolist()
    assert one.average_precision == other.average_precision


def test_truth_at_the_border_neither_misses_nor_excuses():
    truth = [(5, 50), (5, 90), (50, 50)]
    picks = [(9, 50), (50, 51), (50, 80), (12, 20)]
    record = leave_out_border(micrograph(picks, [4, 3, 2, 1], truth), (100, 100), border_px=10)
    assert record.truth_yx.tolist() == [[50, 50]]
    assert record.picks_yx.tolist() == [[50, 51], [50, 80], [12, 20]]
    assert record.scores.tolist() == [3, 2, 1]


def test_a_pick_between_inner_and_border_truth_belongs_to_the_inner_one():
    record = leave_out_border(
        micrograph([(10, 50)], [1], [(6, 50), (14, 50)]), (100, 100), border_px=10
    )
    assert len(record.picks_yx) == len(record.truth_yx) == 1
