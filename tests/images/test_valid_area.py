"""Which part of a micrograph is a picture."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from napari_drpnet.base.geometry import Frame
from napari_drpnet.images.preprocess import preprocess
from napari_drpnet.images.valid_area import fill_invalid, find_valid_area, is_clear

DIAMETER = 40.0


def counts(shape=(480, 560), mean=30.0, seed=0):
    return np.random.default_rng(seed).poisson(mean, shape).astype(np.float32)


def agreement(area, blank):
    """Share of the blank pixels that are found, and of the others that are taken for blank."""
    invalid = ~area.pixels
    return invalid[blank].mean(), invalid[~blank].mean()


def test_an_ordinary_micrograph_is_complete():
    area = find_valid_area(counts(), DIAMETER)
    assert area.complete
    assert area.share == 1
    pixels = counts()
    assert fill_invalid(pixels, area) is pixels


@pytest.mark.parametrize("diameter", [12.0, 40.0, 100.0])
def test_a_quarter_beyond_the_beam(diameter):
    image = counts()
    blank = np.zeros(image.shape, bool)
    blank[:, :140] = True
    image[blank] = counts(seed=1)[blank] * 0 + np.random.default_rng(2).poisson(0.2, blank.sum())
    found, wrong = agreement(find_valid_area(image, diameter), blank)
    assert found > 0.99
    assert wrong < 0.1


def test_a_border_of_zeros_and_a_patch_of_one_value():
    image = counts()
    blank = np.ones(image.shape, bool)
    blank[20:-20, 20:-20] = False
    blank[200:280, 300:380] = True
    image[blank] = 0
    found, wrong = agreement(find_valid_area(image, DIAMETER), blank)
    assert found == 1
    assert wrong < 0.1


def test_dead_rows_and_bars_of_another_gain():
    image = counts((512, 512))
    image[100] = 7
    image[:, 300:306] *= 1.6
    area = find_valid_area(image, DIAMETER)
    assert_array_equal(np.flatnonzero(~area.lines[0]), [100])
    assert_array_equal(np.flatnonzero(~area.lines[1]), np.arange(300, 306))
    assert area.blocks.all()


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("diameter", [60, 150, 300])
@pytest.mark.parametrize("width", [1, 48, 60, 100])
@pytest.mark.parametrize("first", [0, 200])
def test_dead_lines_of_any_width_at_any_scale(first, width, diameter, axis):
    pixels = np.random.default_rng(0).normal(100, 10, (600, 650))
    dead = np.zeros(pixels.shape, bool)
    np.moveaxis(dead, axis, 0)[first : first + width] = True
    pixels[dead] = 0
    valid = find_valid_area(pixels, diameter).pixels
    assert not valid[dead].any()
    assert valid[~dead].mean() > 0.75


def test_particles_crystals_and_carbon_are_part_of_the_picture():
    image = counts()
    y, x = np.indices(image.shape)
    crystal = np.hypot(y - 200, x - 200) < 60
    image[crystal] = counts(mean=4.0)[crystal]
    image[x > 400] *= 0.7  # carbon
    for center in (60, 120, 420):
        image[np.hypot(y - center, x - 300) < 20] *= 0.9
    image[::37, ::41] = 1e6  # hot pixels
    assert find_valid_area(image.astype(np.float32), DIAMETER).complete


@pytest.mark.parametrize("contrast", [3, 6, 12])
def test_rows_of_particles_are_no_bars(contrast):
    """Particles on a grid, as in drawings and crystals."""
    image = np.random.default_rng(0).normal(100, 1, (280, 280))
    y, x = np.indices(image.shape)
    for row in range(25, 280, 45):
        for column in range(25, 280, 45):
            image[np.hypot(y - row, x - column) < 12] -= contrast
    assert find_valid_area(image.astype(np.float32), 24.0).complete


def test_small_flat_details_are_part_of_the_picture():
    image = counts()
    image[100:112, 100:112] = 30
    assert find_valid_area(image, DIAMETER).complete


@pytest.mark.parametrize("level", [0, 5])
def test_a_drawing_on_a_flat_background_is_no_blank_micrograph(level):
    image = np.full((300, 300), level, np.uint8)
    image[100:140, 100:140] = 200
    assert find_valid_area(image, DIAMETER).complete
    assert find_valid_area(np.full((300, 300), level, np.uint8), DIAMETER).complete


@pytest.mark.parametrize("dtype", ["f4", "f8", "f2", "u1", "u2", "i2", ">f4"])
def test_any_type_of_pixel(dtype):
    image = counts()
    image[:30] = 0
    area = find_valid_area(image.astype(dtype), DIAMETER)
    assert not area.pixels[:30].any()
    assert area.pixels[45:].all()


def test_a_network_pixel_is_valid_where_all_of_it_is():
    image = counts()
    image[:31] = 0
    area = find_valid_area(image, DIAMETER)
    frame = Frame.with_scale(image.shape, DIAMETER / 11)
    valid = area.at(frame)
    assert valid.shape == frame.network_shape
    full = area.pixels
    for y, x in ((3, 5), (8, 20), (9, 20), (60, 60)):
        low = np.round(np.array([y, x]) * frame.scale_yx).astype(int)
        high = np.round(np.array([y + 1, x + 1]) * frame.scale_yx).astype(int)
        assert valid[y, x] == full[low[0] : high[0], low[1] : high[1]].all()


def test_clear_of_blank_parts_counts_in_unbinned_pixels():
    valid = np.ones((50, 50), bool)
    valid[:, :10] = False
    centers = np.array([[25.0, 11.0], [25.0, 14.0], [25.0, 30.0]])
    assert_array_equal(is_clear(valid, centers, 4.0), [False, True, True])
    assert_array_equal(is_clear(valid, centers, 4.0, np.array([0.5, 0.5])), [False, False, True])
    assert is_clear(valid, np.empty((0, 2)), 4.0).shape == (0,)


def test_statistics_of_the_picture_are_those_without_the_blank_part():
    """With a quarter black, the rest of the network image is as without it."""
    image = counts((600, 600))
    y, x = np.indices(image.shape)
    for center in ((100, 400), (300, 450), (480, 380)):
        image[np.hypot(y - center[0], x - center[1]) < 20] -= 8
    black = image.copy()
    black[:, :150] = 0
    whole, part = (preprocess(each, DIAMETER, 11.0, "dark") for each in (image, black))
    assert whole.valid is None
    assert part.valid is not None
    assert part.valid_share == pytest.approx(0.74, abs=0.03)
    assert (part.image[~part.valid] == 0).all()
    inner = np.s_[:, 90:]
    assert np.abs(part.image[inner] - whole.image[inner]).mean() < 0.1
    assert part.extent[0] == pytest.approx(600 * part.valid_share**0.5)
