import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from napari_drpnet.base.class_maps import MIXED
from napari_drpnet.base.segmentation import CLASSES
from napari_drpnet.evaluation.class_scores import evaluate_classes, pool_classes

TRUTH = np.array([[1, 1, 1, 2], [1, 2, 2, 4], [0, 2, MIXED, 4]], np.uint8)
FOUND = np.array([[1, 1, 2, 2], [1, 1, 2, 4], [1, 2, 3, 0]], np.uint8)


def test_scores_of_a_case_counted_by_hand():
    evaluation = evaluate_classes(FOUND, TRUTH)
    # Nine pixels are known in both: 3 of 4 background and particle are right, 1 of 1 carbon.
    assert evaluation.confusion.tolist() == [[3, 1, 0, 0], [1, 3, 0, 0], [0] * 4, [0, 0, 0, 1]]
    background, carbon = evaluation.scores["background"], evaluation.scores["carbon"]
    assert background.iou == pytest.approx(3 / 5)
    assert background.f1 == pytest.approx(6 / 8)
    assert background.accuracy == pytest.approx(7 / 9)
    assert (background.true_pixels, background.found_pixels) == (4, 4)
    assert (carbon.iou, carbon.f1, carbon.accuracy) == (1, 1, 1)
    assert evaluation.accuracy == pytest.approx(7 / 9)
    assert evaluation.scored_share == pytest.approx(9 / 12)


def test_an_absent_class_is_not_scored_and_a_false_alarm_scores_0():
    nothing = evaluate_classes(FOUND, TRUTH)
    ice = nothing.scores["ice"]
    assert (ice.iou, ice.f1, ice.accuracy) == (None, None, None)
    assert nothing.mean_iou == pytest.approx((3 / 5 + 3 / 5 + 1) / 3)
    alarm = evaluate_classes(np.where(FOUND == 4, 3, FOUND).astype(np.uint8), TRUTH)
    assert (alarm.scores["ice"].iou, alarm.scores["carbon"].iou) == (0, 0)


def test_nothing_known_gives_no_scores():
    evaluation = evaluate_classes(np.zeros((3, 4), np.uint8), TRUTH)
    assert (evaluation.mean_iou, evaluation.accuracy, evaluation.scored_share) == (None, None, 0)
    assert pool_classes([]).mean_iou is None


@given(st.integers(0, 2**32 - 1), st.tuples(st.integers(1, 20), st.integers(1, 20)))
def test_scores_agree_with_sets_of_pixels(seed, shape):
    rng = np.random.default_rng(seed)
    found, truth = (rng.choice([0, 1, 2, 3, 4, MIXED], shape).astype(np.uint8) for _ in range(2))
    evaluation = evaluate_classes(found, truth)
    known = ~np.isin(found, (0, MIXED)) & ~np.isin(truth, (0, MIXED))
    for number, name in enumerate(CLASSES, 1):
        ours, theirs = known & (found == number), known & (truth == number)
        if not (ours | theirs).any():
            assert evaluation.scores[name].iou is None
            continue
        score = evaluation.scores[name]
        assert score.iou == pytest.approx((ours & theirs).sum() / (ours | theirs).sum())
        assert score.f1 == pytest.approx(2 * (ours & theirs).sum() / (ours.sum() + theirs.sum()))
        assert score.accuracy == pytest.approx((ours == theirs)[known].mean())


def test_a_perfect_map_scores_1_at_any_scale_and_mixed_pixels_are_left_out():
    truth = np.ones((60, 80), np.uint8)
    truth[:25, 30:] = 4
    found = truth[5::10, 5::10].copy()
    found[2, 3:] = 2  # where the truth is carbon and background, half each
    evaluation = evaluate_classes(found, truth)
    assert evaluation.mean_iou == 1
    assert evaluation.confusion.sum() == 6 * 8 - 5
    assert evaluation.strict.sum() == 6 * 8
    assert evaluation.strict_mean_iou < 1
    assert_array_equal(evaluate_classes(truth, found).confusion, evaluation.confusion.T)


def test_pooled_pixels_are_those_of_all_micrographs():
    one = evaluate_classes(FOUND, TRUTH)
    both = pool_classes([one, evaluate_classes(TRUTH, TRUTH)])
    assert both.confusion.tolist() == [[7, 1, 0, 0], [1, 7, 0, 0], [0] * 4, [0, 0, 0, 3]]
    assert both.pixels == 24
