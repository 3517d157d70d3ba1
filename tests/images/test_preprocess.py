from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.ndimage import distance_transform_edt, gaussian_filter

from napari_drpnet.images.preprocess import (
    clip_outliers,
    flatten_background,
    preprocess,
    resample,
    stack_channels,
)

DIAMETER, PARTICLE = 24.0, 11.0
SHAPE, NETWORK_SHAPE = (300, 420), (138, 193)
PARTICLE_AT = (69, 92)  # network pixels, the one in the middle


def discs(shape, centers_yx, radius):
    """Antialiased discs of depth 1."""
    grid = np.indices(shape)
    image = np.zeros(shape, np.float32)
    for y, x in centers_yx:
        image += np.clip(radius + 0.5 - np.hypot(grid[0] - y, grid[1] - x), 0, 1)
    return image


@cache
def scene():
    """Grey noise around 1000 with dark discs."""
    rng = np.random.default_rng(1)
    centers = [(40, 60), (70, 300), (150, 200), (220, 90), (250, 350), (110, 120), (200, 260)]
    image = 1000 + 20 * rng.standard_normal(SHAPE) - 40 * discs(SHAPE, centers, DIAMETER / 2)
    return image.astype(np.float32)


def robust(pixels, polarity="dark"):
    return preprocess(pixels, DIAMETER, PARTICLE, polarity).image


def test_zero_median_unit_deviation_and_bright_particles():
    image = robust(scene())
    assert image.dtype == np.float32
    assert image.shape == NETWORK_SHAPE
    assert abs(np.median(image)) < 1e-5
    assert 1.4826 * np.median(np.abs(image)) == pytest.approx(1, abs=1e-4)
    assert image[PARTICLE_AT] > 3
    assert robust(scene(), "bright")[PARTICLE_AT] < -3


@settings(max_examples=25)
@given(st.floats(1e-3, 1e3), st.floats(-100, 100))
def test_grey_values_may_be_scaled_and_shifted(factor, offset):
    changed = (scene() * factor + offset * factor * 100).astype(np.float32)
    assert_allclose(robust(changed), robust(scene()), atol=0.02)


@pytest.mark.parametrize("dtype", ["f8", "f2", "u2", "i2", "i4", ">f4", ">u2"])
def test_dtypes_do_not_matter(dtype):
    whole = np.round(scene())
    assert_allclose(robust(whole.astype(dtype)), robust(whole), atol=0.01)


def test_strides_do_not_matter():
    wide = np.zeros((SHAPE[0], 2 * SHAPE[1]), np.float32)
    wide[:, ::2] = scene()
    assert_array_equal(robust(wide[:, ::2]), robust(scene()))
    assert_array_equal(robust(np.asfortranarray(scene())), robust(scene()))


def test_read_only_pixels_are_left_alone():
    pixels = scene().copy()
    pixels.flags.writeable = False
    for normalization in ("robust", "published"):
        preprocess(pixels, DIAMETER, PARTICLE, "dark", normalization)
    assert_array_equal(pixels, scene())


def test_hot_pixels_change_little():
    hot = scene().copy()
    rng = np.random.default_rng(2)
    y, x = (rng.integers(side, size=50) for side in SHAPE)
    hot[y, x] = 1e6
    hot[y[:5], x[:5]] = -1e6
    difference = np.abs(robust(hot) - robust(scene()))
    assert np.quantile(difference, 0.9) < 0.05
    assert difference.max() < 8


def test_a_crystal_casts_no_halo():
    crystal = discs(SHAPE, [(150, 330)], 35).astype(bool)
    dark = np.random.default_rng(3).normal(300, 10, SHAPE).astype(np.float32)
    pixels = np.where(crystal, dark, scene())
    clearance = resample(distance_transform_edt(~crystal).astype(np.float32), NETWORK_SHAPE)
    around = (clearance > 3) & (clearance < 2.5 * DIAMETER)
    change = robust(pixels)[around] - robust(scene())[around]
    assert abs(change.mean()) < 0.15
    assert np.abs(change).max() < 0.5
    assert robust(pixels)[69, 151] == 8


def test_a_gradient_is_removed():
    slope = (50 * (np.indices(SHAPE)[0] / SHAPE[0] - 0.5)).astype(np.float32)
    change = robust(scene() + slope) - robust(scene())
    # Uncorrected, it is ± 2.6 deviations. At the edges the background is known from one side only.
    assert np.abs(change[25:-25]).max() < 0.7
    assert np.abs(change[55:-55]).max() < 0.4
    assert np.abs(change[25:-25].mean(axis=1)).max() < 0.3


@given(st.floats(-1e3, 1e3), st.floats(3.0, 60.0))
def test_flattening_keeps_the_mean(offset, sigma):
    image = (scene() + np.indices(SHAPE)[0] + offset).astype(np.float32)
    assert flatten_background(image, sigma).mean() == pytest.approx(image.mean(), abs=0.5)


def test_flattening_is_equation_1_of_the_paper():
    image = scene() + np.indices(SHAPE)[1].astype(np.float32)
    background = gaussian_filter(image, 40, mode="nearest")
    expected = image - background + background.mean()
    flat = flatten_background(image, 40)
    assert_allclose(flat[40:-40, 40:-40], expected[40:-40, 40:-40], atol=2)
    assert_allclose(flat, expected, atol=10)  # a quarter of what an edge does to the slope


def test_masked_pixels_are_no_background():
    image = np.full(SHAPE, 100, np.float32)
    image[100:150, 200:260] = -5000
    weights = (image > 0).astype(np.float32)
    flat = flatten_background(image, 30, weights)
    assert np.ptp(flat[weights > 0]) < 1


def test_outliers_are_clipped_at_twelve_deviations():
    pixels = scene().copy()
    pixels[5, 5], pixels[6, 6] = 1e9, -1e9
    clipped = clip_outliers(pixels)
    deviation = np.median(np.abs(pixels - np.median(pixels)))
    assert clipped[5, 5] == pytest.approx(np.median(pixels) + 12 * deviation, rel=1e-3)
    assert clipped[6, 6] == pytest.approx(np.median(pixels) - 12 * deviation, rel=1e-3)
    untouched = np.abs(pixels - 1000) < 100
    assert_array_equal(clipped[untouched], pixels[untouched])


def test_bright_ice_beside_a_large_dark_film_is_not_clipped():
    pixels = np.full(SHAPE, 100.0) + np.random.default_rng(1).normal(0, 2, SHAPE)
    ice = pixels[:, 340:]  # a fifth of the micrograph
    ice += 900 + 15 * np.random.default_rng(2).normal(size=ice.shape)
    clipped = clip_outliers(pixels.astype(np.float32))
    assert (clipped != pixels.astype(np.float32)).mean() <= 0.01
    assert clipped[:, 340:].std() > 12


def test_few_grey_levels():
    coarse = np.round(scene() / 60).astype(np.uint8)
    assert len(np.unique(coarse)) <= 5
    image = robust(coarse)
    assert np.isfinite(image).all()
    assert image[PARTICLE_AT] > 1.5
    rare = np.zeros(SHAPE, np.uint8)
    rare[::37, ::41] = 1
    assert np.isfinite(robust(rare)).all()


@pytest.mark.parametrize("covered", [0.3, 0.7])
def test_a_constant_region_hides_nothing_elsewhere(covered):
    pixels = scene().copy()
    pixels[:, : int(covered * SHAPE[1])] = pixels.max()
    image, whole = robust(pixels), robust(scene())
    assert np.isfinite(image).all()
    rest = np.s_[:, int(covered * NETWORK_SHAPE[1]) + 25 : -5]
    assert np.corrcoef(image[rest].ravel(), whole[rest].ravel())[0, 1] > 0.8


def test_published_contrast():
    view = preprocess(scene() - 1000, DIAMETER, PARTICLE, "dark", "published")
    assert view.image.dtype == np.float32
    assert 0 <= view.image.min() < view.image.max() <= 1
    assert view.image.mean() == pytest.approx(0.55, abs=0.06)
    assert view.image[PARTICLE_AT] < np.median(view.image) - 0.1
    inverted = preprocess(1000 - scene(), DIAMETER, PARTICLE, "bright", "published")
    assert inverted.image[PARTICLE_AT] < np.median(inverted.image) - 0.1


@pytest.mark.parametrize("shape", [(23, 400), (400, 23), (20, 20)])
def test_a_particle_must_fit_into_the_micrograph(shape):
    with pytest.raises(ValueError, match="a particle of 24 px does not fit into a micrograph of"):
        robust(np.random.default_rng(0).normal(size=shape))


def test_a_particle_must_be_large_enough_to_be_seen():
    with pytest.raises(ValueError, match="is too small to be seen"):
        preprocess(scene(), 0.3, PARTICLE, "dark")


@pytest.mark.parametrize("diameter", [4.0, 5.5, 11.0, 100.0, 300.0])
def test_the_particle_has_the_size_that_the_network_was_trained_at(diameter):
    frame = preprocess(scene(), diameter, PARTICLE, "dark").frame
    assert_allclose(diameter / frame.scale_yx, PARTICLE, rtol=0.05)
    assert frame.full_shape == SHAPE


def test_resampling_keeps_means_and_does_not_alias():
    stripes = np.tile(np.array([0, 1], np.float32), (64, 150))
    inner = resample(stripes, (23, 107))[2:-2, 2:-2]
    assert np.ptp(inner) < 0.2
    assert inner.mean() == pytest.approx(0.5, abs=0.01)
    assert resample(stripes, stripes.shape) is stripes


@pytest.mark.parametrize("normalization", ["robust", "published"])
def test_inverting_is_what_the_other_polarity_makes(normalization):
    dark, bright = (
        preprocess(scene(), DIAMETER, PARTICLE, polarity, normalization)
        for polarity in ("dark", "bright")
    )
    turned = dark.inverted()
    assert (dark.polarity, turned.polarity, turned.inverted().polarity) == (
        "dark",
        "bright",
        "dark",
    )
    np.testing.assert_array_equal(turned.image, bright.image)


def test_grey_keeps_the_level_of_a_film_whatever_the_polarity():
    pixels = scene().copy()
    pixels[:, 320:] -= 200  # a dark film
    view = preprocess(pixels, DIAMETER, PARTICLE, "dark", grey=True)
    assert view.grey.dtype == np.float32
    assert np.abs(view.grey).max() <= 1
    assert view.grey[:, 160:].max() < -0.9 < np.median(view.grey[:, :140])
    assert abs(view.image[:, 170:].mean()) < 2  # of 20: its level is gone from the view
    bright = preprocess(pixels, DIAMETER, PARTICLE, "bright", grey=True)
    assert_array_equal(bright.grey, view.grey)
    assert_array_equal(view.inverted().grey, view.grey)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.75])
def test_grey_of_ice_and_film_depends_little_on_the_share_of_the_film(share):
    pixels = scene().copy()
    first = round((1 - share) * SHAPE[1])
    pixels[:, first:] -= 200
    grey = preprocess(pixels, DIAMETER, PARTICLE, "dark", grey=True).grey
    edge = round((1 - share) * NETWORK_SHAPE[1])
    assert abs(np.median(grey[:, : edge - 6])) < 0.35
    assert grey[:, edge + 6 :].max() < -0.9


def test_grey_is_zero_outside_the_valid_area():
    pixels = scene().copy()
    pixels[:100] = 0
    view = preprocess(pixels, DIAMETER, PARTICLE, "dark", grey=True)
    assert (view.grey[~view.valid] == 0).all()
    assert abs(np.median(view.grey[view.valid])) < 0.35


def test_channels_are_stacked_by_name():
    view = preprocess(scene(), DIAMETER, PARTICLE, "dark", grey=True)
    stack = stack_channels(view, ("grey", "view"))
    assert stack.dtype == np.float32
    assert_array_equal(stack, [view.grey, view.image])
    plain = preprocess(scene(), DIAMETER, PARTICLE, "dark")
    assert plain.grey is None
    assert_array_equal(stack_channels(plain, ("view",)), [plain.image])
    with pytest.raises(ValueError, match="without its grey values"):
        stack_channels(plain, ("view", "grey"))
