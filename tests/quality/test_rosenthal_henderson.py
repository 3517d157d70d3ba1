import numpy as np
import pytest

from napari_drpnet.quality.rosenthal_henderson import Point, fit_points


def points(counts, b_factor=150.0, at_nyquist=False):
    """Return points on a line with a B factor."""
    squares = 0.01 + 2 / b_factor * np.log(counts)
    return [
        Point(count, float(square**-0.5), at_nyquist, "refinement")
        for count, square in zip(counts, squares, strict=True)
    ]


def test_the_b_factor_of_a_straight_line():
    fit = fit_points(points([100, 200, 400, 800]))
    assert fit.b_factor == pytest.approx(150)
    assert fit.intercept == pytest.approx(0.01)
    assert fit.points == 4


def test_points_at_nyquist_and_of_few_particles_do_not_count():
    line = points([100, 200, 400])
    bent = [*points([20], b_factor=1e4), *points([1600], b_factor=1e4, at_nyquist=True)]
    fit = fit_points([*line, *bent])
    assert fit.b_factor == pytest.approx(150)
    assert fit.points == 3


@pytest.mark.parametrize("counts", [[], [100, 200], [100, 100, 100, 200]])
def test_two_numbers_of_particles_are_too_few(counts):
    assert fit_points(points(counts)) is None


def test_resolution_that_does_not_rise_has_no_b_factor():
    fit = fit_points(points([100, 200, 400], b_factor=-2000))
    assert fit.b_factor is None
    assert fit.slope < 0
