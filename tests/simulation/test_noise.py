"""Noise of a given spectrum, and how faint it makes particles."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from napari_drpnet.simulation.noise import (
    add_noise,
    coloured_noise,
    measure_detectability,
    random_spectrum,
    white,
)

DIAMETER = 20.0


def discs(depth=10.0, noise=1.0, side=400, seed=0):
    rng = np.random.default_rng(seed)
    grid = np.arange(30, side - 30, 45)
    centers = np.array([(y, x) for y in grid for x in grid], float)
    y, x = np.indices((side, side))
    image = 100 + noise * rng.normal(size=(side, side))
    for center in centers:
        image -= depth * (np.hypot(y - center[0], x - center[1]) < DIAMETER / 2)
    return image, centers


@pytest.mark.parametrize("spectrum", [white, lambda f: np.exp(-((f / 0.1) ** 2)) + 0.01])
def test_noise_has_the_spectrum(spectrum):
    noise = coloured_noise((300, 320), spectrum, np.random.default_rng(0))
    assert noise.std() == pytest.approx(1)
    assert abs(noise.mean()) < 1e-9
    frequency = np.hypot(np.fft.fftfreq(300)[:, None], np.fft.rfftfreq(320)[None, :])
    power = np.abs(np.fft.rfft2(noise)) ** 2
    shares = [power[(frequency > low) & (frequency < low + 0.05)].mean() for low in (0.02, 0.3)]
    expected = [spectrum(np.array([low + 0.025]))[0] for low in (0.02, 0.3)]
    assert shares[0] / shares[1] == pytest.approx(expected[0] / expected[1], rel=0.35)


@pytest.mark.parametrize("wanted", [2.0, 4.0, 8.0])
@pytest.mark.parametrize("seed", [1, 2])
def test_particles_become_as_faint_as_asked_for(wanted, seed):
    image, centers = discs()
    rng = np.random.default_rng(seed)
    spectrum = white if seed == 1 else random_spectrum(DIAMETER, rng)
    fainter = add_noise(image, centers, DIAMETER, wanted, spectrum, rng)
    assert measure_detectability(fainter, centers, DIAMETER) == pytest.approx(wanted, rel=0.2)


def test_what_is_fainter_already_is_left_alone():
    image, centers = discs(depth=0.3, noise=3.0)
    rng = np.random.default_rng(0)
    assert_array_equal(add_noise(image, centers, DIAMETER, 50.0, white, rng), image)


def test_grey_values_do_not_matter_but_contrast_to_noise_does():
    image, centers = discs(noise=24.0)
    value = measure_detectability(image, centers, DIAMETER)
    assert_allclose(measure_detectability(5 - 3 * image, centers, DIAMETER), value, rtol=1e-6)
    louder, _ = discs(noise=48.0)
    assert measure_detectability(louder, centers, DIAMETER) == pytest.approx(value / 2, rel=0.2)


def test_without_particles_there_is_nothing_to_detect():
    image, _ = discs()
    assert measure_detectability(image, np.empty((0, 2)), DIAMETER) == 0


def test_spectra_are_drawn_anew_and_positive():
    rng = np.random.default_rng(3)
    frequency = np.linspace(0, 0.7, 50)
    drawn = [random_spectrum(32.0, rng)(frequency) for _ in range(20)]
    assert all((power >= 0).all() and power.max() > 0 for power in drawn)
    assert len({tuple(power) for power in drawn}) == 20
