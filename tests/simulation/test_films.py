import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import ndimage

from napari_drpnet.simulation.contamination import carbon_film
from napari_drpnet.simulation.films import support_film

SHAPE = (200, 260)


def film(kind, seed):
    return support_film(SHAPE, kind, np.random.default_rng(seed), np.random.default_rng((seed, 2)))


def test_the_usual_film_is_drawn_as_before():
    assert_array_equal(film("random", 3), carbon_film(SHAPE, np.random.default_rng(3)))


def test_a_film_may_fill_the_frame():
    assert film("all", 0).all()


def test_the_edge_of_a_hole_crosses_the_frame():
    covered = [film("hole", seed).mean() for seed in range(40)]
    assert min(covered) < 0.2
    assert max(covered) > 0.7
    assert all(0 < share < 1 for share in covered)


def test_two_holes_leave_a_bar():
    pieces = []
    for seed in range(40):
        mask = film("holes", seed)
        assert 0.03 < mask.mean() < 0.95
        pieces.append(ndimage.label(~mask)[1])
    assert np.mean(np.array(pieces) == 2) > 0.8


@pytest.mark.parametrize("kind", ["hole", "holes"])
def test_holes_do_not_use_the_draws_of_others(kind):
    rng = np.random.default_rng(5)
    support_film(SHAPE, kind, rng, np.random.default_rng(1))
    assert rng.random() == np.random.default_rng(5).random()
