from itertools import pairwise

import numpy as np
from numpy.testing import assert_allclose
from scipy import ndimage

from napari_drpnet.simulation.lines import distance_from_path, ice_cracks, protein_rods
from napari_drpnet.simulation.structures import PROTEIN_CONTRAST_VOLT

SHAPE = (300, 400)


def generator(seed):
    return np.random.default_rng(seed)


def test_the_distance_from_a_path():
    path = np.array([[10.0, 10.0], [10.0, 30.0], [25.0, 30.0]])
    window, distance = distance_from_path(path, 8.0, (40, 36))
    y, x = (grid.ravel() for grid in np.mgrid[window])
    dense = np.concatenate([np.linspace(a, b, 2000) for a, b in pairwise(path)])
    away = np.array([np.hypot(*(dense - point).T).min() for point in np.column_stack([y, x])])
    near = away < 8
    assert near.sum() > 300
    assert_allclose(distance.ravel()[near], away[near], atol=0.01)
    assert window[1].stop <= 36


def test_a_path_outside_the_frame_has_an_empty_window():
    _, distance = distance_from_path(np.array([[-50.0, 5.0], [-40.0, 5.0]]), 8.0, (40, 36))
    assert distance.size == 0


def test_cracks_are_bright_thin_and_branch():
    shares = []
    for seed in range(10):
        transmission, mask = ice_cracks(SHAPE, 3, 30.0, generator(seed))
        shares.append(mask.mean())
        assert transmission[mask].mean() > 1.03
        assert ndimage.distance_transform_edt(mask).max() < 8
        far = ndimage.distance_transform_edt(~mask) > 20
        assert_allclose(transmission[far], 1, atol=0.01)
    assert 0.001 < np.mean(shares) < 0.1


def test_rods_are_long_and_have_the_contrast_of_protein():
    lengths = []
    for seed in range(20):
        potential, mask = protein_rods((900, 900), 1, 30.0, 4.0, generator(seed))
        assert (potential[~mask] == 0).all()
        width = 2 * ndimage.distance_transform_edt(mask).max()
        assert 0.15 * 30 < width < 0.8 * 30
        assert potential.max() < 2 * 0.6 * 30 * 4.0 * PROTEIN_CONTRAST_VOLT
        assert potential[mask].mean() > 0.05 * 30 * 4.0 * PROTEIN_CONTRAST_VOLT
        lengths.append(mask.sum() / width / 30)
    assert min(lengths) > 0.5
    assert 4 < max(lengths) < 22
