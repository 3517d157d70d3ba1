import numpy as np
import pytest
from scipy import ndimage

from napari_drpnet.simulation.stain import stain_relief

SHAPE = (300, 400)


@pytest.mark.parametrize("seed", range(4))
def test_puddles_are_deep_and_plateaus_thin(seed):
    deep = stain_relief(SHAPE, 5, 0, 30.0, np.random.default_rng(seed))
    thin = stain_relief(SHAPE, 0, 5, 30.0, np.random.default_rng(seed))
    assert deep.min() >= 1
    assert deep.max() > 1.25
    assert thin.max() <= 1
    assert thin.min() < 0.6
    assert ndimage.label(deep > 1)[1] <= 5
    assert ndimage.label(thin < 1)[1] <= 5


def test_sizes():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        puddle = stain_relief((900, 900), 1, 0, 40.0, rng) > 1
        plateau = stain_relief((900, 900), 0, 1, 40.0, rng) < 1
        for area, most in ((puddle, 4), (plateau, 6)):
            across = 2 * np.sqrt(area.sum() / np.pi)
            assert across < 1.6 * most * 40


def test_without_any_the_film_is_even():
    assert (stain_relief(SHAPE, 0, 0, 30.0, np.random.default_rng(0)) == 1).all()
