import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from napari_drpnet.training.common.fields import Field
from napari_drpnet.training.common.targets import distance_target
from napari_drpnet.training.from_labels.targets import (
    LabelledImage,
    TrainingImage,
    TuneRecipe,
    draw_batches,
    label_targets,
    replay_targets,
)

RECIPE = TuneRecipe(replay_weight=0.25, positive_weight=3.0)
PARTICLE_PX = 11.0
NOTHING = np.empty((0, 2))


def make_labelled(complete=False):
    image = np.random.default_rng(0).normal(size=(60, 80)).astype(np.float32)
    accepted, rejected = np.array([[15.0, 20.0], [40.0, 60.0]]), np.array([[40.0, 20.0]])
    return LabelledImage(image, accepted, rejected, complete)


def mark(labelled, learned=None):
    old_map = np.full((60, 80), -0.1, np.float32)
    learned = np.ones(len(labelled.verdicts), bool) if learned is None else np.array(learned)
    return label_targets(labelled, learned, old_map, PARTICLE_PX, RECIPE)


def test_labels_in_order_are_the_accepted_ones_first():
    labelled = make_labelled()
    assert_array_equal(labelled.centers_yx, [[15, 20], [40, 60], [40, 20]])
    assert_array_equal(labelled.verdicts, [True, True, False])


def test_a_cone_where_accepted_nothing_where_rejected_and_as_it_was_elsewhere():
    lecture = mark(make_labelled())
    cone = distance_target([[15, 20], [40, 60]], (60, 80), PARTICLE_PX)
    assert_allclose(lecture.target[cone > 0], cone[cone > 0], atol=1e-6)
    assert lecture.target[40, 20] == lecture.target[44, 20] == 0
    assert lecture.target[47, 20] == lecture.target[0, 0] == np.float32(-0.1)
    assert lecture.weight[15, 20] == 3
    assert lecture.weight[40, 20] == 1
    assert lecture.weight[0, 0] == 0.25
    assert_array_equal(lecture.places_yx, make_labelled().centers_yx)


def test_what_is_held_out_counts_nothing():
    lecture = mark(make_labelled(), [True, False, False])
    assert lecture.weight[40, 60] == lecture.weight[40, 20] == 0
    assert lecture.weight[15, 20] == 3
    assert_array_equal(lecture.places_yx, [[15, 20]])


def test_of_two_labels_the_nearer_decides():
    image = np.zeros((40, 40), np.float32)
    labelled = LabelledImage(image, np.array([[20.0, 16.0]]), np.array([[20.0, 22.0]]))
    target = label_targets(
        labelled, np.ones(2, bool), np.ones((40, 40), np.float32), PARTICLE_PX, RECIPE
    ).target
    assert target[20, 18] == pytest.approx(1 - 2 / 5.5)
    assert target[20, 20] == 0


def test_on_a_complete_micrograph_nothing_else_is_a_particle():
    lecture = mark(make_labelled(complete=True))
    cone = distance_target([[15, 20], [40, 60]], (60, 80), PARTICLE_PX)
    assert_allclose(lecture.target, cone)
    assert_array_equal(lecture.weight, np.where(cone > 0, 3, 1))


def test_no_labels_no_change():
    bare = LabelledImage(np.zeros((60, 80), np.float32), NOTHING, NOTHING)
    lecture = mark(bare)
    assert (lecture.target == np.float32(-0.1)).all()
    assert (lecture.weight == 0.25).all()
    field = Field(np.ones((60, 80), np.float16), np.array([[5.0, 5.0]]))
    replayed = replay_targets(field, lecture.target, RECIPE)
    assert replayed.image.dtype == np.float32
    assert_array_equal(replayed.target, lecture.target)
    assert_array_equal(replayed.weight, lecture.weight)


def test_windows_lie_within_and_half_of_them_at_labels():
    place = np.array([[10.0, 70.0]])
    plane = np.zeros((60, 80), np.float32)
    plane[10, 70] = 1
    lecture = TrainingImage(plane, 2 * plane, 3 * plane, place)
    batches = draw_batches([lecture], 16, 6, np.random.default_rng(3))
    for _ in range(20):
        image, target, weight = next(batches)
        assert image.shape == (6, 16, 16)
        assert_array_equal(target, 2 * image)
        assert_array_equal(weight, 3 * image)
        assert (image[::2].sum(axis=(1, 2)) == 1).all()


def test_windows_are_as_small_as_the_smallest_image():
    lectures = [
        TrainingImage(*[np.zeros(shape, np.float32)] * 3, NOTHING) for shape in ((20, 50), (70, 30))
    ]
    batch = next(draw_batches(lectures, 64, 2, np.random.default_rng(0)))
    assert batch.shape == (3, 2, 20, 20)
