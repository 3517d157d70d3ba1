"""Masks and label pictures as strokes."""

import numpy as np
import pytest
from PIL import Image

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.formats import write_class_map, write_mask_mrc
from napari_drpnet.project.files.stroke_files import read_strokes
from napari_drpnet.project.state.strokes import strokes_frame

FULL = (2000, 3000)  # a grid of 667 × 1000


def halves(left, right, shape=(400, 600)):
    values = np.full(shape, left, np.uint8)
    values[:, shape[1] // 2 :] = right
    return values


def save(path, values):
    Image.fromarray(values).save(path)
    return path


def test_classes_come_at_the_scale_of_the_grid(tmp_path):
    write_class_map(tmp_path / "a.png", halves(1, 4))
    classes = read_strokes(tmp_path / "a.png", FULL, 2)
    assert classes.shape == strokes_frame(FULL).network_shape
    np.testing.assert_array_equal(classes, halves(1, 4, classes.shape))


def test_pixels_of_several_classes_have_none(tmp_path):
    picture = halves(1, 4, FULL)
    picture[::2, :1500] = 3
    classes = read_strokes(save(tmp_path / "a.png", picture), FULL, 2)
    assert not classes[10:-10, :490].any()
    assert (classes[:, 510:] == 4).all()


@pytest.mark.parametrize("mark", [1, 255])
def test_a_mask_marks_one_class(tmp_path, mark):
    path = save(tmp_path / "a.png", halves(0, mark))
    np.testing.assert_array_equal(read_strokes(path, FULL, 3), halves(0, 3, (667, 1000)))


def test_a_mask_of_probabilities_marks_one_class(tmp_path):
    import mrcfile

    with mrcfile.new(tmp_path / "a.mrc") as file:
        file.set_data(halves(1, 9).astype(np.float32) / 10)
    np.testing.assert_array_equal(
        read_strokes(tmp_path / "a.mrc", FULL, 4), halves(0, 4, (667, 1000))
    )


def test_our_own_mask_marks_one_class(tmp_path):
    write_mask_mrc(tmp_path / "a_mask.mrc", halves(0, 1).astype(bool), 5.0)
    assert (read_strokes(tmp_path / "a_mask.mrc", FULL, 4)[:, 500:] == 4).all()


def test_ones_are_background_where_the_file_has_classes(tmp_path):
    ones = np.ones((400, 600), np.uint8)
    named = save(tmp_path / "a_classes.png", ones)
    write_class_map(tmp_path / "coloured.png", ones)
    blue = np.zeros((400, 600, 3), np.uint8)
    blue[..., 2] = 255  # CASSPER's background
    for path in (named, tmp_path / "coloured.png", save(tmp_path / "blue.png", blue)):
        assert (read_strokes(path, FULL, 3) == 1).all()


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        (halves(0, 9), "the value 9"),
        (np.full((400, 600, 3), (255, 128, 0), np.uint8), "belongs to no class"),
        (halves(1, 4, (600, 400)), "another aspect ratio"),
        (halves(1, 4, (4000, 6000)), "larger than its micrograph"),
    ],
)
def test_a_file_that_does_not_fit_is_named(tmp_path, values, complaint):
    with pytest.raises(InputFileError, match=complaint):
        read_strokes(save(tmp_path / "a.png", values), FULL, 2)


def test_labels_of_casspers_authors_are_strokes(shared_data):
    path = next((shared_data / "cassper_labels").glob("*.png"))
    classes = read_strokes(path, (4096, 4096), 2)
    assert classes.shape == (1024, 1024)
    with_class = np.bincount(classes.ravel(), minlength=5) / classes.size
    assert with_class[1] > 0.5
    assert with_class[2] > 0.02
