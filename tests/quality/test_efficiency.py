import numpy as np
import pytest

from napari_drpnet.quality.efficiency import orientation_efficiency, uniform_directions
from napari_drpnet.quality.symmetry import point_group
from relion_jobs import random_directions

ONE = point_group("C1")
SPHERE = uniform_directions(4_000)


def value(directions, group="C1", **options):
    return orientation_efficiency(directions, point_group(group), **options).value


def cap(degrees, axis=(0, 0, 1)):
    return SPHERE[SPHERE @ (np.array(axis) / np.linalg.norm(axis)) > np.cos(np.radians(degrees))]


def belt(degrees):
    return SPHERE[np.abs(SPHERE[:, 2]) < np.sin(np.radians(degrees))]


def test_uniform_views_have_the_radius_of_dawsons_integral():
    efficiency = orientation_efficiency(SPHERE, ONE)
    assert efficiency.value == pytest.approx(1, abs=0.005)
    for radius in (efficiency.mean, efficiency.least, efficiency.greatest):
        assert radius == pytest.approx(4.21, abs=0.02)


@pytest.mark.parametrize(
    ("directions", "expected"),
    [(cap(75), 0.81), (cap(60), 0.60), (cap(45), 0.36), (cap(20), -0.22)],
)
def test_anchors_of_views_around_an_axis(directions, expected):
    assert value(directions) == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize(("degrees", "expected"), [(30, 0.60), (10, 0.36), (1.5, 0.28)])
def test_anchors_of_views_around_the_equator(degrees, expected):
    assert value(belt(degrees)) == pytest.approx(expected, abs=0.02)


def test_one_view_is_worse_than_any_anchor():
    assert value(np.repeat(SPHERE[900:901], 100, axis=0)) < -0.5


def test_symmetry_fills_gaps():
    views = cap(45, (0, 1, 1))
    assert value(views) == pytest.approx(0.35, abs=0.02)
    assert value(views, "D2") == pytest.approx(0.68, abs=0.02)


@pytest.mark.parametrize(("count", "expected"), [(100, 0.86), (500, 0.95), (3000, 0.98)])
def test_few_particles_have_a_lower_value(count, expected):
    values = [value(random_directions(count, seed)) for seed in range(3)]
    assert np.mean(values) == pytest.approx(expected, abs=0.03)


def test_the_b_factor_does_not_matter_and_the_diameter_hardly():
    views = cap(45)
    assert value(views, b_factor=80) == pytest.approx(value(views), abs=0.01)
    assert value(views, diameter_angstrom=100) == pytest.approx(value(views), abs=0.02)


def test_opposite_views_are_the_same():
    views = cap(60)
    signs = np.where(np.arange(len(views)) % 2, 1, -1)[:, None]
    assert value(views * signs) == pytest.approx(value(views), abs=0.01)


def test_too_few_particles_are_refused():
    with pytest.raises(ValueError, match="99 particles are too few"):
        value(random_directions(99))
