import numpy as np
import pytest

from napari_drpnet.images.micrograph import Micrograph
from napari_drpnet.images.power_spectrum import (
    electron_wavelength,
    measure_power,
    transfer_phase,
    transfer_zeros,
)

PIXEL = 1.5
DEFOCUS = 15_000.0
OPTICS = {
    "voltage_kv": 300.0,
    "spherical_aberration_mm": 2.7,
    "amplitude_contrast": 0.1,
}


def defocused(shape, pixel=PIXEL, defocus=DEFOCUS):
    """White noise seen through a microscope out of focus."""
    noise = np.random.default_rng(0).normal(size=shape)
    y, x = np.fft.fftfreq(shape[0], pixel), np.fft.rfftfreq(shape[1], pixel)
    squared = y[:, None] ** 2 + x**2
    sine = np.sin(transfer_phase(squared, defocus_angstrom=defocus, **OPTICS))
    seen = np.fft.irfft2(np.fft.rfft2(noise) * sine, s=shape)
    return Micrograph((50 + seen).astype(np.float32), pixel)


def test_the_zeros_without_aberration_follow_the_formula():
    flat = {"spherical_aberration_mm": 0.0, "amplitude_contrast": 0.0}
    zeros = transfer_zeros(0.2, defocus_angstrom=DEFOCUS, **flat)
    expected = np.sqrt(np.arange(1, len(zeros) + 1) / (electron_wavelength(300) * DEFOCUS))
    np.testing.assert_allclose(zeros, expected, rtol=1e-5)
    assert len(zeros) == int(0.2**2 * electron_wavelength(300) * DEFOCUS)


def test_at_the_zeros_the_phase_is_a_multiple_of_pi():
    zeros = transfer_zeros(0.3, defocus_angstrom=DEFOCUS, **OPTICS)
    turns = transfer_phase(zeros**2, defocus_angstrom=DEFOCUS, **OPTICS) / np.pi
    np.testing.assert_allclose(turns, np.rint(turns), atol=1e-3)
    assert (np.diff(np.rint(turns)) == 1).all()
    assert (np.diff(zeros) > 0).all()


def test_more_defocus_has_more_rings_and_overfocus_has_some():
    counts = [len(transfer_zeros(0.25, defocus_angstrom=d)) for d in (5e3, 2e4, -2e4)]
    assert counts[0] < counts[1]
    assert counts[2] > counts[0]


@pytest.mark.parametrize("defocus", [8_000.0, 15_000.0])
def test_the_spectrum_is_darkest_at_the_zeros_of_the_defocus(defocus):
    spectrum = measure_power(defocused((1024, 1100), defocus=defocus))
    frequencies = spectrum.frequencies(PIXEL)
    zeros = transfer_zeros(frequencies[-1], defocus_angstrom=defocus, **OPTICS)
    step = frequencies[1]
    apart = zeros[:-1][np.diff(zeros) > 8 * step][1:]
    assert len(apart) >= 3
    for zero in apart:
        near = np.abs(frequencies - zero) < 4 * step
        darkest = frequencies[near][np.argmin(spectrum.profile[near])]
        assert darkest == pytest.approx(zero, abs=1.01 * step)


def test_the_image_is_centred_symmetric_and_like_its_profile():
    spectrum = measure_power(defocused((600, 700)))
    side = len(spectrum.image)
    assert spectrum.image.shape == (512, 512)
    assert spectrum.image.dtype == np.float32
    inner = spectrum.image[1:, 1:]
    np.testing.assert_allclose(inner, inner[::-1, ::-1], atol=1e-5)
    place = np.arange(side) - side // 2
    ring = np.rint(np.hypot(place[:, None], place)) == 100
    assert spectrum.image[ring].mean() == pytest.approx(spectrum.profile[100], abs=0.02)


def test_a_direction_stays_where_it_is():
    y = np.arange(512)[:, None] + np.zeros(512)
    wave = np.cos(2 * np.pi * y * 64 / 512)
    noise = np.random.default_rng(0).normal(size=(512, 512)) / 10
    image = measure_power(Micrograph((wave + noise).astype(np.float32), None)).image
    y, x = np.unravel_index(image.argmax(), image.shape)
    assert abs(y - 256) == 64
    assert x == 256


def test_a_small_micrograph_has_smaller_tiles():
    assert measure_power(defocused((101, 150))).image.shape == (100, 100)
