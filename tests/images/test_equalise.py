"""The spectrum of the background, and its reference."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.ndimage import gaussian_filter

from napari_drpnet.images.equalise import (
    SPECTRUM_SIZE,
    equalise,
    is_unusual,
    measure_spectrum,
    spectrum_gain,
)


def white(shape=(200, 260), seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def relative(spectrum):
    return spectrum[:16] / np.median(spectrum[:16])


def test_white_noise_is_flat_and_its_scale_is_told():
    spectrum = measure_spectrum(white())
    assert spectrum.shape == (SPECTRUM_SIZE,)
    assert_allclose(relative(spectrum)[1:], 1, atol=0.1)
    assert_allclose(measure_spectrum(3 * white()), 3 * spectrum, rtol=1e-4)


def test_crystals_that_few_tiles_show_do_not_count():
    image = white((320, 320))
    dirty = image.copy()
    dirty[40:80, 40:80] += 40
    assert_allclose(relative(measure_spectrum(dirty)), relative(measure_spectrum(image)), atol=0.12)


def test_blank_tiles_do_not_count():
    image, valid = white((256, 256)), np.ones((256, 256), bool)
    valid[:, :120] = False
    blank = np.where(valid, image, 0).astype(np.float32)
    with_mask, without = measure_spectrum(blank, valid), measure_spectrum(blank)
    assert_allclose(relative(with_mask), relative(measure_spectrum(image)), atol=0.15)
    assert without.mean() < 0.95 * with_mask.mean()


def test_noise_of_another_colour_is_brought_to_the_reference():
    reference = measure_spectrum(white(seed=1))
    coloured = white() + 3 * gaussian_filter(white(seed=2), 1.0)
    evened, gain = equalise(coloured.astype(np.float32), reference)
    assert evened.shape == coloured.shape
    assert relative(measure_spectrum(coloured.astype(np.float32))).max() > 1.5
    assert_allclose(relative(measure_spectrum(evened))[1:15], 1, atol=0.2)
    assert not is_unusual(gain)


def test_what_a_filter_removed_is_not_lifted_without_limit():
    smooth = gaussian_filter(white(), 4.0)
    _, gain = equalise(smooth, measure_spectrum(white(seed=1)))
    assert gain.max() <= 4
    assert gain.min() >= 1 / 8
    assert is_unusual(gain)


def test_grain_finer_than_particles_is_damped_as_far_as_it_must_be():
    """Structured ice: a band of frequencies with ten times the amplitude of the rest."""
    spectrum = np.fft.rfft2(white((256, 256)))
    frequency = np.hypot(np.fft.fftfreq(256)[:, None], np.fft.rfftfreq(256)[None, :])
    grainy = np.fft.irfft2(spectrum * np.where((frequency > 0.25) & (frequency < 0.4), 10, 1))
    evened, gain = equalise(grainy.astype(np.float32), measure_spectrum(white(seed=1)))
    assert gain[2:7] == pytest.approx(1, abs=0.15)
    assert gain[9:12] == pytest.approx(1 / 8, abs=0.04)
    assert_allclose(relative(measure_spectrum(evened))[1:15], 1, atol=0.45)


def test_positions_stay_where_they_are():
    image = 0.1 * white((150, 170))
    image[70, 90] += 30
    evened, _ = equalise(image, np.linspace(2, 1, SPECTRUM_SIZE))
    assert np.unravel_index(evened.argmax(), evened.shape) == (70, 90)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 150), st.integers(1, 150))
def test_any_size_will_do(height, width):
    image = white((height, width))
    evened, gain = equalise(image, np.ones(SPECTRUM_SIZE))
    assert evened.shape == image.shape
    assert np.isfinite(evened).all()
    assert np.isfinite(gain).all()


@pytest.mark.parametrize("level", [0.0, 5.0])
def test_a_constant_image_stays_finite(level):
    evened, _ = equalise(np.full((80, 90), level, np.float32), np.ones(SPECTRUM_SIZE))
    assert np.isfinite(evened).all()


def test_the_gain_does_not_depend_on_scales():
    measured, reference = np.linspace(3, 1, SPECTRUM_SIZE), np.linspace(1, 2, SPECTRUM_SIZE)
    gain = spectrum_gain(measured.astype(np.float32), reference)
    scaled = spectrum_gain((7 * measured).astype(np.float32), 0.1 * reference)
    assert_allclose(gain, scaled, rtol=1e-5)
