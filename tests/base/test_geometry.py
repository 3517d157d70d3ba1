import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.signal import convolve2d

from napari_drpnet.base import geometry
from napari_drpnet.base.geometry import Frame, far_from
from napari_drpnet.images.preprocess import resample

sides = st.integers(33, 300)
scales = st.one_of(
    st.sampled_from([0.25, 0.5, 1.0, 2.0, 3.0, 4.0, 7.0, 8.0]),
    st.floats(0.3, 9.0, allow_nan=False),
)
places = st.floats(0, 1, allow_nan=False)


def blob(shape, center_yx, sigma):
    y, x = np.indices(shape) - np.reshape(center_yx, (2, 1, 1))
    return np.exp(-(y**2 + x**2) / (2 * sigma**2)).astype(np.float32)


def centroid(image):
    return np.array([np.average(axis, weights=image) for axis in np.indices(image.shape)])


def resampled(image, scale):
    frame = Frame.with_scale(image.shape, scale)
    return resample(image, frame.network_shape), frame


@given(sides, sides, scales, places, places)
@example(4092 // 16, 5760 // 32, 2.3, 0.2, 0.9)
@example(299, 34, 7.3, 0.1, 0.5)
@example(33, 38, 0.9375, 0.0, 0.0)
def test_a_blob_is_found_where_it_was_drawn(height, width, scale, down, along):
    sigma = max(1.5, scale)
    margin = 5 * sigma + scale
    assume(2 * margin < min(height, width) - 1)
    truth = margin + np.array([down, along]) * (np.array([height, width]) - 1 - 2 * margin)
    binned, frame = resampled(blob((height, width), truth, sigma), scale)
    error = np.abs(frame.to_full(centroid(binned)) - truth)
    assert (error <= 0.025 * max(scale, 1)).all()


@given(sides, sides, scales, places, places)
@example(4092 // 16, 5760 // 32, 4.0, 0.2, 0.9)
def test_a_single_pixel_is_found_within_half_a_pixel(height, width, scale, down, along):
    margin = int(np.ceil(3 * scale)) + 1
    assume(2 * margin < min(height, width) - 1)
    limits = np.array([height, width]) - 1 - 2 * margin
    truth = margin + np.round(np.array([down, along]) * limits).astype(int)
    image = np.zeros((height, width), np.float32)
    image[tuple(truth)] = 1
    binned, frame = resampled(image, scale)
    assert (np.abs(frame.to_full(centroid(binned)) - truth) <= 0.5).all()


@given(sides, sides, scales)
def test_frames_cover_each_other_edge_to_edge(height, width, scale):
    frame = Frame.with_scale((height, width), scale)
    corners = np.array([[-0.5, -0.5], np.array(frame.network_shape) - 0.5])
    assert_allclose(frame.to_full(corners), [[-0.5, -0.5], [height - 0.5, width - 0.5]])
    assert_allclose(frame.scale_yx * frame.network_shape, [height, width])
    assert (np.abs(frame.network_shape - np.array([height, width]) / scale) <= 0.5 + 1e-9).all()


@given(sides, sides, scales, places, places)
def test_there_and_back(height, width, scale, down, along):
    frame = Frame.with_scale((height, width), scale)
    positions = np.array([[down * height, along * width], [0, 0]])
    assert_allclose(frame.to_full(frame.to_network(positions)), positions, atol=1e-9)


def test_one_pixel_remains_of_the_smallest_frame():
    frame = Frame.with_scale((40, 900), 100.0)
    assert frame.network_shape == (1, 9)
    assert_allclose(frame.to_full([0, 0]), [19.5, 49.5])


def test_positions_may_come_in_any_shape():
    frame = Frame((100, 60), (50, 20))
    assert_allclose(frame.to_full([3, 5]), [6.5, 16.0])
    assert frame.to_full(np.zeros((0, 2))).shape == (0, 2)
    assert frame.to_network(np.zeros((4, 3, 2), int)).shape == (4, 3, 2)


def test_pixels_from_angstrom():
    assert geometry.pixels_from_angstrom(180, 1.5) == 120


def test_swap_xy():
    positions = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert_array_equal(geometry.swap_xy(positions), [[2, 1], [4, 3]])
    assert_array_equal(geometry.swap_xy(geometry.swap_xy(positions)), positions)
    assert_array_equal(geometry.swap_xy([5, 6]), [6, 5])


@pytest.mark.parametrize("rows", [7, 8])
def test_flipped_rows_show_the_same_pixels(rows):
    image = np.arange(rows * 5).reshape(rows, 5)
    positions = np.argwhere(image % 3 == 0)
    flipped = geometry.flip_rows(positions, rows).astype(int)
    assert_array_equal(image[::-1][tuple(flipped.T)], image[tuple(positions.T)])
    assert_array_equal(geometry.flip_rows(flipped, rows), positions)


def test_corners_are_converted_as_relion_does():
    assert_array_equal(geometry.center_from_corner([[10, 20]], 7), [[13.5, 23.5]])
    assert_array_equal(geometry.center_from_corner([[10, 20]], [8, 6]), [[14, 23]])
    assert_array_equal(geometry.corner_from_center([[13.5, 23.5]], 7), [[10, 20]])


def test_matlab_positions_after_the_steps_of_the_published_code():
    """Bin by area, smooth by an even kernel as conv2(..., 'same') does, count from 1."""
    scale, sigma = 3, 2
    truth = np.array([70.0, 121.0])
    binned, _ = resampled(blob((150, 240), truth, 8.0), scale)
    axis = np.arange(6 * sigma) - (6 * sigma - 1) / 2
    kernel = np.exp(-(axis[:, None] ** 2 + axis**2) / (2 * sigma**2))
    full = convolve2d(binned, kernel)
    first = len(kernel) // 2  # of MATLAB's 'same'; scipy's starts one earlier for even kernels
    same = full[first : first + binned.shape[0], first : first + binned.shape[1]]
    found = geometry.full_from_matlab(centroid(same) + 1, scale)
    assert_allclose(found, truth, atol=0.05)


def test_inside_reaches_to_the_outer_edges_of_the_pixels():
    shape = (10, 20)
    positions = [[-0.5, -0.5], [9.5, 19.5], [-0.51, 5], [5, 19.51], [9.6, 0], [19, 9]]
    assert geometry.inside(positions, shape).tolist() == [True, True, False, False, False, False]
    near = [[1.5, 1.5], [7.5, 17.5], [1.4, 9], [5, 17.6]]
    assert geometry.inside(near, shape, border=2).tolist() == [True, True, False, False]


def test_inside_of_nothing():
    assert geometry.inside([], (10, 10)).shape == (0,)
    assert not geometry.inside([[4.5, 4.5]], (10, 10), border=6).any()


def test_fractions_count_from_either_side():
    fractions, shapes = [[0.25, 0.5], [0, 1]], [[100, 200], [50, 60]]
    stored = geometry.full_from_fractions(fractions, shapes, mirrored=False)
    mirrored = geometry.full_from_fractions(fractions, shapes, mirrored=True)
    assert stored.tolist() == [[25, 100], [0, 60]]
    assert mirrored.tolist() == [[75, 100], [50, 60]]


def test_what_lies_just_at_the_reach_is_near():
    places = [[0.0, 0.0], [0.0, 5.0], [3.0, 4.0], [0.0, 5.1]]
    assert far_from(places, [[0.0, 0.0]], 5.0).tolist() == [False, False, False, True]
    assert far_from(places, np.empty((0, 2)), 5.0).tolist() == [True] * 4
    assert far_from([], places, 5.0).shape == (0,)


@given(
    st.tuples(st.integers(1, 14), st.integers(1, 14)),
    st.floats(0.5, 9.0),
    st.integers(0, 2**32 - 1),
)
def test_distance_to_dirt_agrees_with_all_pixels_tried_in_turn(shape, scale, seed):
    rng = np.random.default_rng(seed)
    frame = Frame((round(shape[0] * scale) or 1, round(shape[1] * scale) or 1), shape)
    mask = rng.random(shape) < rng.choice([0.02, 0.3, 0.9])
    centers = rng.uniform(-0.5, np.array(frame.full_shape) - 0.5, (20, 2))
    found = geometry.distance_to_dirt(mask, frame, centers)
    pixels = frame.to_full(np.argwhere(mask))
    away = np.maximum(np.abs(centers[:, None] - pixels) - frame.scale_yx / 2, 0)
    expected = np.hypot(*np.moveaxis(away, -1, 0)).min(axis=1, initial=np.inf)
    slack = np.hypot(*frame.scale_yx) / 2 - frame.scale_yx.min() / 2
    assert (found >= expected - 1e-9).all()
    assert np.isinf(found).tolist() == np.isinf(expected).tolist()
    assert (found <= expected + slack + 1e-9).all()
    assert ((found < 1e-9) == (expected < 1e-9)).all()


def test_distance_to_dirt_is_measured_in_unbinned_pixels():
    mask = np.zeros((10, 20), bool)
    mask[2, 15] = True  # rows 8 to 11 and columns 45 to 47 of the micrograph
    frame = Frame((40, 60), (10, 20))
    centers = [[9, 46], [9, 30], [20, 46], [4.5, 40.5], [11.4, 46]]
    distance = geometry.distance_to_dirt(mask, frame, centers)
    assert_allclose(distance, [0, 14.5, 8.5, np.hypot(3, 4), 0])


def test_distance_to_no_dirt_is_infinite_and_to_dirt_everywhere_0():
    frame = Frame((40, 60), (10, 20))
    centers = [[9, 46], [-3, 80]]
    clean = geometry.distance_to_dirt(np.zeros((10, 20), bool), frame, centers)
    assert clean.tolist() == [np.inf, np.inf]
    assert geometry.distance_to_dirt(np.ones((10, 20), bool), frame, centers).tolist() == [0, 0]
    assert geometry.distance_to_dirt(np.ones((10, 20), bool), frame, []).shape == (0,)
    with pytest.raises(ValueError, match="shape"):
        geometry.distance_to_dirt(np.zeros((20, 10), bool), frame, centers)


@given(st.integers(1, 8), st.integers(8, 20), st.integers(8, 20), places, places)
def test_a_dot_in_a_binned_micrograph_is_where_it_was_drawn(factor, rows, columns, down, along):
    shape = np.array([rows, columns]) * factor
    dot = shape / 4 + np.array([down, along]) * shape / 2
    image = blob(shape, dot, sigma=0.4 * factor)
    binned = image.reshape(rows, factor, columns, factor).mean(axis=(1, 3))
    assert np.abs(geometry.full_from_binned(centroid(binned), factor) - dot).max() <= 0.5


@given(st.tuples(st.floats(-20, 60), st.floats(-20, 60)), st.integers(20, 40), st.integers(2, 30))
def test_a_box_is_held_if_all_pixels_that_relion_cuts_are_there(center, side, box):
    shape = (side, side + 7)
    first = np.rint(center).astype(int) - box // 2  # FIRST_XMIPP_INDEX: -(n / 2) in integers
    pixels = first[:, None] + np.arange(box)
    is_there = (pixels >= 0).all() and (pixels < np.reshape(shape, (2, 1))).all()
    assert geometry.holds_box([center], shape, box).tolist() == [is_there]
