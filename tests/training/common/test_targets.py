import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.ndimage import distance_transform_edt

from napari_drpnet.training.common.targets import distance_target


def cone(shape, center, diameter):
    distance = np.hypot(*(np.indices(shape) - np.reshape(center, (2, 1, 1))))
    return np.maximum(0, 1 - 2 * distance / diameter)


def test_one_cone():
    target = distance_target([[20.3, 31.8]], (50, 70), 11.0)
    assert target.dtype == np.float32
    assert_allclose(target, cone((50, 70), (20.3, 31.8), 11.0), atol=1e-6)


def test_it_is_one_at_the_centre_and_none_outside():
    target = distance_target([[10, 12]], (30, 40), 8.0)
    assert target[10, 12] == 1
    assert target[10, 16] == target[14, 12] == 0
    assert target[10, 15] == pytest.approx(0.25)


def test_where_discs_overlap_the_nearer_centre_counts():
    centers = [(15, 15), (15, 21), (25, 40), (-2, 30)]
    expected = np.max([cone((40, 60), center, 12.0) for center in centers], axis=0)
    assert_allclose(distance_target(centers, (40, 60), 12.0), expected, atol=1e-6)


def test_it_is_the_distance_transform_of_the_disc():
    shape, radius = (201, 201), 80.0
    disc = np.hypot(*(np.indices(shape) - 100)) <= radius
    target = distance_target([[100, 100]], shape, 2 * radius)
    assert_allclose(target, distance_transform_edt(disc) / radius, atol=1.5 / radius)


@pytest.mark.parametrize("centers", [[], np.zeros((0, 2)), [[-50, -50]]])
def test_no_particles(centers):
    assert_array_equal(distance_target(centers, (9, 7), 5.0), np.zeros((9, 7)))
