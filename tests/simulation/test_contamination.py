import numpy as np
import pytest
from scipy import ndimage

from napari_drpnet.simulation.contamination import (
    aggregate,
    carbon_film,
    carbon_texture,
    crystalline_film,
    cubic_ice,
    ice_crystals,
)


def generator(seed):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("shape", [(300, 300), (250, 350), (160, 400), (400, 160)])
def test_carbon_covers_a_part_of_every_frame(shape):
    covered = [carbon_film(shape, generator(seed)).mean() for seed in range(60)]
    assert min(covered) > 0
    assert max(covered) < 0.95
    assert 0.05 < np.median(covered) < 0.6


def test_carbon_is_one_piece_at_an_edge():
    for seed in range(20):
        film = carbon_film((200, 200), generator(seed))
        edges = np.concatenate([film[0], film[-1], film[:, 0], film[:, -1]])
        assert edges.any()
        assert not edges.all() or not film[100, 100]


@pytest.mark.parametrize("count", [0, 1, 6])
def test_crystals(count):
    shape = (200, 260)
    for seed in range(5):
        transmission, mask = ice_crystals(shape, count, 30.0, generator(seed))
        assert transmission.shape == mask.shape == shape
        assert ndimage.label(mask)[1] <= count
        assert mask.any() == (count > 0)
        assert (transmission > 0).all()
        if count:
            assert transmission[mask].mean() < 0.95
        far = ndimage.distance_transform_edt(~mask) > 40 if count else ~mask
        assert (transmission[far] == 1).all()


def test_crystals_have_the_sizes_they_should():
    for seed in range(20):
        _, mask = ice_crystals((600, 600), 1, 40.0, generator(seed))
        across = 2 * np.sqrt(mask.sum() / np.pi)
        assert across < 1.3 * 3.2 * 40


def test_a_crystalline_film_has_grains_of_about_a_particle():
    for seed in range(5):
        film = crystalline_film((150, 200), 20.0, generator(seed))
        assert film.shape == (150, 200)
        assert film.mean() == pytest.approx(0, abs=1e-9)
        assert film.std() == pytest.approx(1)
        assert np.mean(film[:, :-2] * film[:, 2:]) > 0.5
        assert abs(np.mean(film[:, :-100] * film[:, 100:])) < 0.4


def test_aggregates_are_clouds_of_points():
    extents = []
    for seed in range(30):
        points = aggregate(100.0, generator(seed))
        assert points.ndim == 2
        assert points.shape[1] == 3
        assert np.isfinite(points).all()
        extents.append(np.ptp(points, axis=0).max())
    assert min(extents) < 100 < max(extents)


def test_carbon_is_grainy():
    grain = carbon_texture((200, 200), generator(0))
    assert grain.mean() == pytest.approx(0, abs=0.05)
    assert grain.std() == pytest.approx(1.1, abs=0.1)


@pytest.mark.parametrize("diameter", [8.0, 30.0])
def test_cubic_ice_is_many_equal_crystals(diameter):
    covered = []
    for seed in range(12):
        transmission, mask = cubic_ice((300, 360), 0.4, diameter, generator(seed))
        assert transmission.shape == mask.shape == (300, 360)
        covered.append(mask.mean())
        assert 0.5 < transmission[mask].mean() < 0.75  # small ones are all edge
        far = ndimage.distance_transform_edt(~mask)[10:-10, 10:-10] > 5
        assert (transmission[10:-10, 10:-10][far] == 1).all()
        assert ndimage.label(mask)[1] > 5
    assert min(covered) > 0.03
    assert max(covered) < 0.5


def test_the_contrast_of_cubic_ice_has_bounds():
    transmission, _ = cubic_ice((200, 200), 1.0, 20.0, generator(0))
    assert transmission.min() >= 0.05
    assert transmission.max() == 1


def test_cubic_ice_reaches_the_edges_of_the_frame():
    masks = [cubic_ice((120, 120), 0.5, 30.0, generator(seed))[1] for seed in range(60)]
    inner = np.mean([mask[30:90, 30:90].mean() for mask in masks])
    outer = np.mean([[mask[0], mask[-1], mask[:, 0], mask[:, -1]] for mask in masks])
    assert outer == pytest.approx(inner, rel=0.25)
