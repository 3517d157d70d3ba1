import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from napari_drpnet.images.display import (
    LONGEST_SIDE,
    DisplayParameters,
    automatic_lowpass,
    display_scale,
    render,
)
from napari_drpnet.images.micrograph import Micrograph

PLAIN = DisplayParameters(lowpass=False)
EVERYTHING = DisplayParameters(lowpass_angstrom=20, clahe=True, invert=True)


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(100, 5, shape).astype(np.float32)


def wave(wavelength_px, side=256):
    """A horizontal cosine that is a multiple of half waves long, so it has no edges."""
    x = np.arange(side) + 0.5
    return np.tile(np.cos(2 * np.pi * x / wavelength_px), (side, 1)).astype(np.float32)


def centroid(image):
    return (np.indices(image.shape) * image).sum(axis=(1, 2)) / image.sum()


def shown(micrograph, parameters=PLAIN, magnification=1.0):
    view = render(micrograph, parameters, magnification)
    assert view.image.dtype == np.float32
    assert view.image.shape == view.frame.network_shape
    assert view.frame.full_shape == micrograph.shape
    low, high = view.contrast_limits
    assert np.isfinite(view.image).all()
    assert np.float32(low) < np.float32(high)
    return view


def test_a_plain_micrograph_is_shown_as_it_is():
    pixels = noise(300, 400)
    assert (shown(Micrograph(pixels)).image == pixels).all()


def test_hot_pixels_are_clipped():
    pixels = noise(300, 400)
    pixels[7, 9] = 1e6
    assert shown(Micrograph(pixels)).image.max() < 200


@given(
    st.tuples(st.integers(300, 700), st.integers(300, 700)),
    st.floats(0.1, 4.0),
    st.floats(0.2, 0.8),
    st.floats(0.2, 0.8),
)
def test_dots_stay_in_place(shape, magnification, down, right):
    center = np.array([down, right]) * shape
    y, x = np.indices(shape)
    square = (y - center[0]) ** 2 + (x - center[1]) ** 2
    pixels = np.where(square < 24**2, np.exp(-square / (2 * 8**2)), 0).astype(np.float32)
    smooth = DisplayParameters(lowpass_angstrom=20)
    for parameters in (PLAIN, smooth):
        view = shown(Micrograph(pixels, 2.0), parameters, magnification)
        found = view.frame.to_full(centroid(view.image))
        assert np.abs(found - center).max() < 0.5


@pytest.mark.parametrize(
    ("wavelength_px", "amplitude"), [(48, 0.98), (24, 0.92), (12, 0.71), (6, 0.25)]
)
def test_the_lowpass_halves_waves_of_its_resolution(wavelength_px, amplitude):
    """A Gaussian: 2 to the minus square of resolution over wavelength."""
    resolution_px = 8
    assert amplitude == pytest.approx(2 ** -((resolution_px / wavelength_px) ** 2), abs=0.05)
    parameters = DisplayParameters(lowpass_angstrom=1.5 * resolution_px)
    view = shown(Micrograph(wave(wavelength_px, 240), 1.5), parameters)
    expected = 2 ** -((resolution_px / wavelength_px) ** 2) * wave(wavelength_px, 240)
    assert np.abs(view.image - expected).max() < 1e-4


def test_the_lowpass_counts_in_the_pixels_of_the_file():
    """Binned by 4 too, detail of 40 Å is halved by a filter at 40 Å."""
    wide = shown(Micrograph(wave(32, 512), 1.25), DisplayParameters(lowpass_angstrom=40), 0.25)
    binned = shown(Micrograph(wave(32, 512), 1.25), PLAIN, 0.25)
    middle = slice(16, -16)
    assert wide.image[:, middle].max() == pytest.approx(binned.image.max() / 2, rel=0.01)


def test_opposite_edges_do_not_leak_into_each_other():
    ramp = np.tile(np.linspace(0, 100, 200, dtype=np.float32), (200, 1))
    image = shown(Micrograph(ramp, 1.0), DisplayParameters(lowpass_angstrom=20)).image
    assert image[:, 0].max() < 5
    assert image[:, -1].min() > 95


def test_without_a_pixel_size_there_is_no_lowpass():
    pixels = noise(50, 50)
    view = shown(Micrograph(pixels), DisplayParameters(lowpass_angstrom=20))
    assert (view.image == pixels).all()
    assert view.lowpass_px == 0


def test_the_lowpass_fits_the_particle_unless_it_is_given():
    assert [automatic_lowpass(diameter) for diameter in (None, 240.0, 10.0)] == [20, 30, 2]
    automatic = DisplayParameters()
    assert automatic.resolved(30.0).lowpass_angstrom == 30
    assert DisplayParameters(lowpass_angstrom=7).resolved(30.0).lowpass_angstrom == 7
    assert shown(Micrograph(noise(300, 400), 2.0), automatic).lowpass_px == 10


def test_zoomed_out_the_noise_of_all_pixels_is_averaged():
    """An image on the screen with one displayed pixel per pixel of the screen, or nearly so."""
    pixels = noise(1024, 1024)
    for magnification in (1 / 8, 1 / 4, 1 / 2):
        view = shown(Micrograph(pixels), PLAIN, magnification)
        assert view.scale == 1 / magnification
        assert view.image.shape == (1024 * magnification,) * 2
        assert view.image.std() < pixels.std() * magnification
        low, high = view.contrast_limits
        assert high - low < 8 * view.image.std()


@pytest.mark.parametrize(
    ("shape", "magnification", "lowpass_px", "scale"),
    [
        ((4096, 4096), None, 0, 4),
        ((512, 512), None, 0, 1),
        ((4096, 4096), 0.11, 0, 8),
        ((4096, 4096), 0.2, 0, 4),
        ((4096, 4096), 1.0, 0, 1),
        ((4096, 4096), 30.0, 0, 1),
        ((4096, 4096), 1.0, 19, 2),  # the low-pass leaves no more
        ((4096, 4096), 1.0, 9, 1),
        ((4096, 4096), 0.11, 19, 8),
        ((11520, 8192), 1.0, 0, 11520 / LONGEST_SIDE),
        ((3, 3), 0.01, 0, 2),
    ],
)
def test_there_are_as_many_pixels_as_the_screen_shows(shape, magnification, lowpass_px, scale):
    assert display_scale(shape, magnification, lowpass_px) == scale


def test_contrast_in_standard_deviations():
    pixels = noise(600, 600)
    pixels[:60] -= 200
    view = shown(Micrograph(pixels))
    assert view.limits(None) == view.contrast_limits
    assert view.limits(2.0) == pytest.approx((90, 110), abs=2.5)  # not ± 130
    n = view.fitting_deviations
    assert n == pytest.approx(3.5, abs=0.5)
    low, high = view.limits(n)
    assert low <= view.contrast_limits[0]
    assert high >= view.contrast_limits[1]
    low, high = shown(Micrograph(np.full((40, 40), 7, np.float32))).limits(0.5)
    assert low < 7 < high


def test_inverted_is_the_negative():
    pixels = noise(300, 400)
    plain, inverted = (
        shown(Micrograph(pixels), DisplayParameters(invert=invert)) for invert in (False, True)
    )
    assert (inverted.image == -plain.image).all()
    assert inverted.contrast_limits == pytest.approx(plain.contrast_limits[::-1] * np.array(-1))


def test_local_contrast_evens_out_a_shadow():
    pixels = noise(512, 512)
    pixels[:, 256:] = 100 + (pixels[:, 256:] - 100) / 5

    def unevenness(image):
        return image[:, :200].std() / image[:, 312:].std()

    even = shown(Micrograph(pixels), DisplayParameters(clahe=True)).image
    assert unevenness(pixels) > 4
    assert unevenness(even) < 3
    assert even.min() >= 0
    assert even.max() <= 1


@pytest.mark.parametrize("contamination", [0.0, 0.02, 0.2])
def test_contrast_limits_fit_the_noise_whatever_else_is_there(contamination):
    pixels = noise(600, 600)
    pixels[: round(600 * contamination)] -= 60
    low, high = shown(Micrograph(pixels)).contrast_limits
    assert 70 < low < 90
    assert 110 < high < 120


def test_contrast_limits_of_electron_counts():
    counts = np.random.default_rng(0).poisson(0.2, (300, 300)).astype(np.int16)
    counts[0, :3] = 30000
    low, high = shown(Micrograph(counts)).contrast_limits
    assert low == 0
    assert 1 <= high <= 3


@pytest.mark.parametrize("parameters", [PLAIN, EVERYTHING])
@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (1, 300), (33, 40)])
@pytest.mark.parametrize("dtype", [np.int8, np.uint16, np.float32])
def test_small_and_blank_images_are_shown(parameters, shape, dtype):
    random = np.random.default_rng(0).integers(0, 100, shape)
    for pixels in (np.zeros(shape), np.full(shape, 100), random):
        shown(Micrograph(pixels.astype(dtype), 1.0), parameters)


def test_large_and_constant_values_have_limits():
    shown(Micrograph(np.full((40, 40), 1e9, np.float32)))
    shown(Micrograph(np.full((40, 40), -1e9, np.float32)))


@pytest.mark.parametrize("pixels", [noise(64, 64), np.zeros((64, 64), np.float32)])
def test_the_micrograph_is_left_alone(pixels):
    before = pixels.copy()
    pixels.flags.writeable = False
    for parameters in (PLAIN, EVERYTHING):
        shown(Micrograph(pixels, 1.0), parameters)
    assert (pixels == before).all()


@pytest.mark.parametrize("lowpass", [1.0, 501.0, float("nan")])
def test_a_lowpass_beyond_its_bounds_is_refused(lowpass):
    with pytest.raises(ValidationError, match="lowpass_angstrom"):
        DisplayParameters(lowpass_angstrom=lowpass)


def test_deviations_are_those_of_the_image_as_shown():
    pixels = np.random.default_rng(0).normal(100, 5, (400, 600)).astype(np.float32)
    pixels[:200, :300] -= 50
    for invert, sign in ((False, -1), (True, 1)):
        view = shown(Micrograph(pixels), PLAIN.model_copy(update={"invert": invert}))
        deviations = view.deviations((100, 150))
        assert deviations.shape == (100, 150)
        expected = sign * 50 / view.deviation
        assert np.median(deviations[:45, :70]) == pytest.approx(expected, rel=0.15)
        assert abs(np.median(deviations[55:, 80:])) < 1
