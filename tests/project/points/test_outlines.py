import numpy as np
import pytest

from napari_drpnet.project.points.outlines import inside_outline, spread_along

SQUARE = [(0, 0), (0, 10), (10, 10), (10, 0)]


def test_what_is_inside_a_square():
    centers = [(5, 5), (-1, 5), (11, 5), (5, -1), (5, 11), (0.1, 9.9)]
    assert inside_outline(centers, SQUARE).tolist() == [True, False, False, False, False, True]


@pytest.mark.parametrize("turn", [1, -1])
def test_the_bay_of_an_outline_is_outside(turn):
    letter_c = [(0, 0), (0, 10), (3, 10), (3, 3), (7, 3), (7, 10), (10, 10), (10, 0)][::turn]
    assert inside_outline([(5, 1), (5, 8), (1, 9), (9, 9)], letter_c).tolist() == [
        True,
        False,
        True,
        True,
    ]


def test_it_agrees_with_the_angles_around_each_place():
    rng = np.random.default_rng(3)
    angles = np.sort(rng.uniform(0, 2 * np.pi, 40))
    outline = rng.uniform(5, 10, 40)[:, None] * np.column_stack([np.sin(angles), np.cos(angles)])
    centers = rng.uniform(-12, 12, (500, 2))
    y, x = (outline[None] - centers[:, None]).transpose(2, 0, 1)
    directions = np.unwrap(np.arctan2(y, x)[:, [*range(40), 0]], axis=1)
    expected = np.abs(directions[:, -1] - directions[:, 0]) > np.pi
    assert 50 < expected.sum() < 450
    np.testing.assert_array_equal(inside_outline(centers, outline), expected)


def test_a_place_that_is_enclosed_twice_is_outside():
    assert not inside_outline([(5, 5)], [*SQUARE, *SQUARE])[0]


@pytest.mark.parametrize("outline", [[], [(1, 1)], [(1, 1), (9, 9)]])
def test_nothing_is_inside_a_line(outline):
    assert not inside_outline([(5, 4), (1, 1)], outline).any()


def test_places_are_spread_evenly():
    places = spread_along(SQUARE, 8)
    expected = [(0, 0), (0, 5), (0, 10), (5, 10), (10, 10), (10, 5), (10, 0), (5, 0)]
    np.testing.assert_allclose(places, expected)
    np.testing.assert_allclose(spread_along([(3, 4)], 2), [(3, 4), (3, 4)])
