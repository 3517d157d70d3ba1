import numpy as np
import pytest
from scipy import ndimage

from napari_drpnet.simulation.crystals import hexagonal_ice, ice_drops

SHAPE = (400, 440)


def generator(seed):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("draw", [ice_drops, hexagonal_ice])
def test_pieces_are_dark_and_the_rest_is_clear(draw):
    for seed in range(12):
        transmission, mask = draw(SHAPE, 6, 20.0, generator(seed))
        assert transmission.shape == mask.shape == SHAPE
        assert transmission.min() >= 0.03
        assert transmission.max() <= 1.6
        if mask.any():
            assert transmission[mask].mean() < 0.95
            far = ndimage.distance_transform_edt(~mask) > 20
            np.testing.assert_allclose(transmission[far], 1, atol=0.02)


@pytest.mark.parametrize("draw", [ice_drops, hexagonal_ice])
def test_nothing_is_drawn_for_none(draw):
    transmission, mask = draw(SHAPE, 0, 20.0, generator(0))
    assert (transmission == 1).all()
    assert not mask.any()


@pytest.mark.parametrize(("draw", "least", "most"), [(ice_drops, 1, 8), (hexagonal_ice, 0.5, 3)])
def test_sizes(draw, least, most):
    across = []
    for seed in range(60):
        _, mask = draw(SHAPE, 1, 20.0, generator(seed))
        inner = mask.copy()
        inner[1:-1, 1:-1] = False
        if mask.any() and not inner.any():
            across.append(2 * np.sqrt(mask.sum() / np.pi) / 20)
    assert len(across) > 15
    assert 0.6 * least < min(across) < 2 * least
    assert 0.45 * most < max(across) < 1.4 * most


def test_hexagonal_crystals_are_alike():
    for seed in range(10):
        _, mask = hexagonal_ice((1000, 1000), 12, 20.0, generator(seed))
        labels, count = ndimage.label(mask)
        area = np.median(np.bincount(labels.ravel())[1:])
        assert count > 3
        assert 0.2 * 20**2 * 0.5 < area < 1.6 * np.pi * 30**2


def test_drops_come_in_groups():
    """Less of the frame is covered than by drops far from each other."""
    pieces = [
        ndimage.label(ice_drops((1500, 1500), 12, 20.0, generator(s))[1])[1] for s in range(8)
    ]
    assert np.mean(pieces) < 10
