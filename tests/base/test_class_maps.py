import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from napari_drpnet.base.class_maps import MIXED, resample_area, resample_classes, resample_mask
from napari_drpnet.base.geometry import Frame

sides = st.integers(1, 40)
shapes = st.tuples(sides, sides)


def overlaps(old, new):
    """Compute the shares of old pixels in new ones, one pair at a time."""
    step = old / new
    weights = np.zeros((new, old))
    for row in range(new):
        for column in range(old):
            low, high = max(row * step, column), min((row + 1) * step, column + 1)
            weights[row, column] = max(0, high - low) / step
    return weights


@given(shapes, shapes, st.integers(0, 99))
def test_areas_agree_with_overlaps_computed_one_by_one(old, new, seed):
    image = np.random.default_rng(seed).normal(0, 1, old).astype(np.float32)
    expected = overlaps(old[0], new[0]) @ image @ overlaps(old[1], new[1]).T
    assert_allclose(resample_area(image, new), expected, atol=1e-5)


@given(shapes, shapes, st.integers(0, 99))
def test_the_mean_and_the_centre_of_mass_are_kept(old, new, seed):
    image = np.random.default_rng(seed).random(old).astype(np.float32)
    resampled = resample_area(image, new)
    assert resampled.mean() == pytest.approx(image.mean(), abs=1e-5)
    frame = Frame(old, new)
    before = [np.average(axis, weights=image) for axis in np.indices(old)]
    after = [np.average(axis, weights=resampled) for axis in np.indices(new)]
    # Within a pixel, the mass is spread evenly: only its sum is known.
    assert_allclose(frame.to_full(after), before, atol=0.51 * max(1, *frame.scale_yx))


def test_more_rows_than_a_block_and_many_columns():
    image = np.arange(300 * 500, dtype=np.float32).reshape(300, 500)
    expected = image.reshape(150, 2, 250, 2).mean((1, 3))
    assert_allclose(resample_area(image, (150, 250)), expected, rtol=1e-6)


def test_half_of_the_area_is_enough_for_a_mask():
    mask = np.zeros((4, 6), bool)
    mask[:2, 0] = mask[3, 2] = mask[:, 5] = True
    assert resample_mask(mask, (2, 3)).tolist() == [[True, False, True], [False, False, True]]
    assert resample_mask(mask, (4, 6)).tolist() == mask.tolist()
    assert resample_mask(np.array([[0.4, 0.6], [0.5, 0.5]]), (1, 2)).tolist() == [[False, True]]


@given(shapes, st.integers(1, 5), st.integers(0, 99))
def test_a_class_map_enlarged_and_reduced_again_is_the_same(shape, factor, seed):
    classes = np.random.default_rng(seed).integers(0, 5, shape).astype(np.uint8)
    larger = resample_classes(classes, (shape[0] * factor, shape[1] * factor))
    assert (larger == np.kron(classes, np.ones((factor, factor), np.uint8))).all()
    assert (resample_classes(larger, shape) == classes).all()


def test_pixels_of_several_classes_are_mixed():
    classes = np.array([[1, 1, 2, 2], [1, 4, 2, 3], [3, 3, 4, 1], [1, 1, 0, 2]], np.uint8)
    # Shares of the most frequent class: 3/4, 3/4, 1/2, 1/4.
    assert resample_classes(classes, (2, 2)).tolist() == [[1, 2], [MIXED, MIXED]]
    assert resample_classes(classes, (2, 2), purity=0).tolist() == [[1, 2], [1, 0]]
    assert resample_classes(classes, (2, 2), purity=0.8).tolist() == [[MIXED] * 2] * 2


def test_a_class_map_of_the_same_shape_stays_as_it_is():
    classes = np.array([[1, MIXED], [4, 0]], np.uint8)
    assert resample_classes(classes, (2, 2)).tolist() == classes.tolist()
