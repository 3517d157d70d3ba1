import numpy as np
from numpy.testing import assert_array_equal

from napari_drpnet.base.segmentation import BACKGROUND, CARBON, ICE, PARTICLE, UNKNOWN
from napari_drpnet.simulation.class_map import class_map, silhouette


def test_the_order_of_classes_on_top_of_each_other():
    particle, ice, carbon, unseen = np.indices((2, 2, 2, 2)).reshape(4, 4, 4).astype(bool)
    classes = class_map(particle, ice, carbon, ~unseen)
    assert classes.dtype == np.uint8
    expected = np.select(
        [unseen, carbon, ice, particle], [UNKNOWN, CARBON, ICE, PARTICLE], BACKGROUND
    )
    assert_array_equal(classes, expected)


def test_a_silhouette_ends_at_a_tenth_of_the_maximum():
    projected = np.zeros((9, 9))
    projected[4, 3:7] = [9, 100, 11, 40]
    assert_array_equal(np.argwhere(silhouette(projected, 0.0)), [[4, 4], [4, 5], [4, 6]])
    assert_array_equal(np.argwhere(silhouette(projected, 0.0, 39)), [[4, 4], [4, 6]])


def test_smoothing_closes_gaps_between_points():
    projected = np.zeros((40, 40))
    projected[10:30:4, 10:30:4] = 1
    assert silhouette(projected, 2.0)[12:26, 12:26].all()
    assert not silhouette(projected, 0.1)[12:26, 12:26].all()
