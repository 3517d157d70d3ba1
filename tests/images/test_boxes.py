import numpy as np
import pytest

from napari_drpnet.images.boxes import BoxSource, grey_levels, prepare_boxes

DIAMETER = 40.0


def micrograph(centers, shape=(400, 500), sign=-1, noise=1.0):
    """A micrograph of uneven brightness with discs, dark unless `sign` is 1."""
    y, x = np.indices(shape)
    pixels = 100 + 0.02 * x + np.random.default_rng(1).normal(0, noise, shape)
    for center in centers:
        pixels += sign * 10 * (np.hypot(y - center[0], x - center[1]) < DIAMETER / 2)
    return pixels.astype(np.float32)


def centroid(box):
    weight = np.clip(box - box.max() / 2, 0, None)
    return (np.indices(box.shape) * weight).sum(axis=(1, 2)) / weight.sum()


CENTERS = np.array([[80.0, 90.0], [200.4, 310.7], [303.5, 121.3]])


@pytest.mark.parametrize("side", [24, 48, 100])
def test_boxes_are_centred_to_half_an_unbinned_pixel(side):
    boxes = prepare_boxes(micrograph(CENTERS), DIAMETER, "dark", side).cut(CENTERS)
    assert boxes.shape == (3, side, side)
    assert boxes.dtype == np.float32
    for box in boxes:
        off_px = (centroid(box) - (side - 1) / 2) * 1.5 * DIAMETER / side
        assert np.abs(off_px).max() < 0.5


def test_a_pick_beside_its_particle_is_shown_beside_the_centre():
    source = prepare_boxes(micrograph(CENTERS), DIAMETER, "dark")
    box = source.cut(CENTERS[1] + (6, -4))[0]
    off_px = (centroid(box) - 23.5) * 1.5 * DIAMETER / 48
    np.testing.assert_allclose(off_px, (-6, 4), atol=0.5)


def test_all_boxes_are_at_one_scale():
    box = prepare_boxes(micrograph(CENTERS, noise=0.1), DIAMETER, "dark", 60).cut(CENTERS)[0]
    across = 2 * np.sqrt((box > box.max() / 2).sum() / np.pi)
    assert across == pytest.approx(40, rel=0.05)


@pytest.mark.parametrize(("polarity", "sign"), [("dark", -1), ("bright", 1)])
def test_particles_are_bright(polarity, sign):
    source = prepare_boxes(micrograph(CENTERS, sign=sign), DIAMETER, polarity)
    boxes = source.cut(CENTERS)
    assert (boxes[:, 20:28, 20:28].mean(axis=(1, 2)) > 3).all()
    assert np.abs(boxes[:, :4].mean(axis=(1, 2))).max() < 1


def test_a_box_beyond_the_edge_is_filled_with_the_mean():
    source = prepare_boxes(micrograph([(10, 10)]), DIAMETER, "dark")
    box = source.cut([(10, 10), (-500, 700)])
    assert box[0, 23:26, 23:26].min() > 3
    np.testing.assert_allclose(box[0, :10], source.image.mean(), atol=1e-5)
    np.testing.assert_allclose(box[1], source.image.mean(), atol=1e-5)


def test_no_centres_give_no_boxes():
    source = prepare_boxes(micrograph(CENTERS), DIAMETER, "dark", 32)
    assert source.cut(np.empty((0, 2))).shape == (0, 32, 32)


def test_many_boxes_are_those_that_are_cut_one_by_one():
    source = prepare_boxes(micrograph(CENTERS), DIAMETER, "dark", 16)
    centers = np.random.default_rng(2).uniform(0, 400, (1500, 2))
    boxes = source.cut(centers)
    np.testing.assert_array_equal(boxes[1400], source.cut(centers[1400])[0])


def test_the_low_pass_removes_fine_detail():
    pixels = np.random.default_rng(3).normal(100, 5, (300, 300)).astype(np.float32)
    fine, coarse = (
        prepare_boxes(pixels, DIAMETER, "dark", lowpass_px=width).cut([(150, 150)])[0]
        for width in (4.0, 16.0)
    )
    steps = [np.abs(np.diff(box, axis=0)).mean() / box.std() for box in (fine, coarse)]
    assert steps[1] < 0.5 * steps[0]


def test_a_coarse_micrograph_is_not_enlarged_as_a_whole():
    pixels = micrograph(CENTERS)[::4, ::4]
    source = prepare_boxes(pixels, DIAMETER / 4, "dark", 96)
    assert source.image.shape == pixels.shape
    box = source.cut((CENTERS[:1] + 0.5) / 4 - 0.5)[0]
    assert np.abs(centroid(box) - 47.5).max() < 4


def test_a_micrograph_without_room_for_a_particle_is_refused():
    with pytest.raises(ValueError, match="does not fit"):
        prepare_boxes(np.ones((30, 300), np.float32), DIAMETER, "dark")


def test_grey_levels_are_the_same_for_all_boxes():
    boxes = np.array([[[-9.0, -3.0], [1.0, 5.0]], [[1.0, 1.0], [9.0, 1.0]]], np.float32)
    grey = grey_levels(boxes)
    assert grey.dtype == np.uint8
    assert grey.tolist() == [[[0, 0], [128, 255]], [[128, 128], [255, 128]]]


def test_linear_interpolation_is_exact_on_a_plane():
    from napari_drpnet.base.geometry import Frame

    y, x = np.indices((50, 60))
    source = BoxSource((2 * y + x).astype(np.float32), Frame((50, 60), (50, 60)), 10.0, 5)
    box = source.cut([(20.25, 30.5)])[0]
    offsets = (np.arange(5) - 2) * 2
    expected = 2 * (20.25 + offsets[:, None]) + 30.5 + offsets
    np.testing.assert_allclose(box, expected, atol=1e-4)
