import numpy as np
import pytest
from numpy.testing import assert_allclose

from napari_drpnet.images.power_spectrum import electron_wavelength
from napari_drpnet.simulation.optics import (
    beam_with_edge,
    contrast_transfer,
    filtered,
    frequency_grid,
    interaction_constant,
    smooth_noise,
)

MICROSCOPE = {"defocus_angstrom": 15_000.0, "voltage_kv": 300.0}


@pytest.mark.parametrize(
    ("voltage_kv", "wavelength", "interaction"),
    [(300, 0.01969, 6.526e-4), (200, 0.02508, 7.288e-4), (100, 0.03701, 9.244e-4)],
)
def test_constants_of_the_literature(voltage_kv, wavelength, interaction):
    """Kirkland, Advanced Computing in Electron Microscopy, and Reimer."""
    assert electron_wavelength(voltage_kv) == pytest.approx(wavelength, rel=5e-4)
    assert interaction_constant(voltage_kv) == pytest.approx(interaction, rel=5e-4)


def test_mass_is_dark_at_low_frequency():
    transfer = contrast_transfer(np.array([0.0]), amplitude_contrast=0.1, **MICROSCOPE)
    assert_allclose(transfer, [-0.2])


def test_underfocus_is_dark_up_to_the_first_zero():
    amplitude = 0.07
    wavelength = electron_wavelength(300)
    first_zero = (1 - np.arcsin(amplitude) / np.pi) / (wavelength * 15_000)
    squared = np.linspace(0, 0.99 * first_zero, 50)
    options = MICROSCOPE | {"amplitude_contrast": amplitude, "b_factor": 0.0}
    assert (contrast_transfer(squared, spherical_aberration_mm=0.0, **options) < 0).all()
    beyond = contrast_transfer(
        np.array([1.01 * first_zero]), spherical_aberration_mm=0.0, **options
    )
    assert beyond[0] > 0


def test_spherical_aberration_counteracts_underfocus():
    wavelength, aberration = electron_wavelength(300), 2.7e7
    balanced = np.array([2 * 15_000 / (aberration * wavelength**2)])
    transfer = contrast_transfer(balanced, amplitude_contrast=0.1, b_factor=0.0, **MICROSCOPE)
    assert_allclose(transfer, [-0.2], atol=1e-9)


def test_the_envelope():
    squared = np.array([0.0, 0.01])
    sharp = contrast_transfer(squared, b_factor=0.0, **MICROSCOPE)
    blurred = contrast_transfer(squared, b_factor=100.0, **MICROSCOPE)
    assert_allclose(blurred / sharp, [1, np.exp(-0.25)])


def test_frequencies():
    grid = frequency_grid((6, 8), 2.0)
    assert grid.shape == (6, 5)
    assert grid[0, 0] == 0
    assert grid[0, 4] == pytest.approx(0.25**2)
    assert grid[3, 4] == pytest.approx(2 * 0.25**2)


@pytest.mark.parametrize("shape", [(64, 65), (101, 64)])
def test_an_image_through_nothing_is_unchanged(shape):
    image = np.random.default_rng(0).normal(size=shape)
    assert_allclose(filtered(image, np.ones_like, 1.5), image, atol=1e-12)
    assert_allclose(filtered(image, lambda squared: -2 * np.ones_like(squared), 1.5), -2 * image)


def test_a_wave_is_multiplied_by_its_transfer():
    pixel, period = 1.5, 12
    wave = np.cos(2 * np.pi * (np.arange(240) + 0.5) / period) * np.ones((80, 1))
    imaged = filtered(wave, lambda squared: np.exp(-50 * squared), pixel)
    factor = np.exp(-50 / (period * pixel) ** 2)
    assert_allclose(imaged[:, 60:-60], factor * wave[:, 60:-60], atol=0.01)


@pytest.mark.parametrize("correlation", [3.0, 40.0])
def test_smooth_noise(correlation):
    shape = (400, 500)
    noise = smooth_noise(shape, correlation, np.random.default_rng(0))
    assert noise.shape == shape
    assert noise.std() == pytest.approx(1, abs=0.35)
    lag = round(correlation)
    near, far = (np.mean(noise[:, :-step] * noise[:, step:]) for step in (lag, 4 * lag))
    assert near > 0.5 * noise.var()
    assert abs(far) < 0.3 * noise.var()
    again = smooth_noise(shape, correlation, np.random.default_rng(0))
    assert_allclose(again, noise)


@pytest.mark.parametrize("share", [0.05, 0.3, 0.7])
@pytest.mark.parametrize("shape", [(200, 300), (900, 400)])
def test_a_share_of_the_frame_lies_beyond_the_beam(shape, share):
    for seed in range(8):
        beam = beam_with_edge(shape, share, np.random.default_rng(seed))
        intensity = beam.intensity(shape)
        assert (intensity < 0.5).mean() == pytest.approx(share, abs=0.02)
        assert intensity.min() == pytest.approx(0.005)
        assert intensity.max() == 1
        depth = beam.depth_at(np.moveaxis(np.indices(shape), 0, -1))
        assert (intensity[depth > 3.01] == 1).all()
        assert (intensity[depth < -3.01] < 0.0051).all()


def test_some_edges_are_straight():
    radii = [beam_with_edge((100, 100), 0.2, np.random.default_rng(k)).radius_px for k in range(40)]
    assert min(radii) < 200
    assert max(radii) > 20_000
