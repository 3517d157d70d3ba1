from pathlib import Path

import mrcfile
import numpy as np
import pytest

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.geometry import Frame
from napari_drpnet.base.segmentation import Segmentation
from napari_drpnet.formats import (
    Coordinates,
    MaskSource,
    filter_by_masks,
    write_mask_mrc,
    write_segmentation,
)

SHAPE = (400, 600)


def coordinates(centers_yx, names=None):
    centers = np.array(centers_yx, float).reshape(-1, 2)
    return Coordinates(centers, np.arange(len(centers), dtype=float), names)


@pytest.fixture
def mask_file(tmp_path):
    """Write a mask of rows 200 to 219 and columns 500 to 519, at a tenth of the size."""
    mask = np.zeros((40, 60), bool)
    mask[20:22, 50:52] = True
    path = tmp_path / "m_mask.mrc"
    write_mask_mrc(path, mask)
    return path


CENTERS = [[210, 510], [210, 490], [10, 20], [195, 495], [199.4, 505]]


def test_rows_on_dirt_are_left_out_in_order(mask_file):
    filtered = filter_by_masks(coordinates(CENTERS), MaskSource(mask_file, SHAPE), "m")
    assert filtered.coordinates.score.tolist() == [1, 2, 3, 4]
    assert (filtered.left_out, filtered.not_applied) == (1, ())


@pytest.mark.parametrize(
    ("clearance", "left"), [(0.05, [1, 2, 3, 4]), (0.2, [1, 2, 3]), (6.0, [1, 2, 3]), (9.6, [2])]
)
def test_the_clearance_is_a_distance_in_unbinned_pixels(mask_file, clearance, left):
    source = MaskSource(mask_file, SHAPE)
    filtered = filter_by_masks(coordinates(CENTERS), source, "m", clearance)
    assert filtered.coordinates.score.tolist() == left


def test_each_micrograph_has_its_own_mask(tmp_path, mask_file):
    write_mask_mrc(tmp_path / "n_mask.mrc", np.zeros((40, 60), bool))
    names = ("Movies/m.mrc", "Movies/n.mrc", "Movies/m.mrc", "Movies/n.mrc")
    rows = coordinates([CENTERS[0], CENTERS[0], CENTERS[2], CENTERS[2]], names)
    filtered = filter_by_masks(rows, MaskSource(tmp_path, SHAPE), "unused")
    assert filtered.coordinates.score.tolist() == [1, 2, 3]
    assert filtered.coordinates.micrograph_names == (names[1], names[2], names[3])


def test_a_missing_mask_is_an_error(tmp_path, mask_file):
    rows = coordinates(CENTERS[:1], ("other.mrc",))
    with pytest.raises(InputFileError, match=r"no mask of the micrograph other\.mrc"):
        filter_by_masks(rows, MaskSource(tmp_path, SHAPE), "unused")


def test_a_mask_of_mostly_dirt_is_not_applied(tmp_path):
    mask = np.ones((40, 60), bool)
    mask[:, :11] = False
    write_mask_mrc(tmp_path / "m_mask.mrc", mask)
    source = MaskSource(tmp_path, SHAPE)
    filtered = filter_by_masks(coordinates(CENTERS), source, "m.mrc")
    assert (len(filtered.coordinates), filtered.not_applied) == (5, ("m.mrc",))
    mask[:, :12] = False
    write_mask_mrc(tmp_path / "m_mask.mrc", mask)
    filtered = filter_by_masks(coordinates(CENTERS), source, "m.mrc")
    assert (len(filtered.coordinates), filtered.not_applied) == (1, ())


def test_the_shape_comes_from_the_micrograph_the_mask_or_the_segmentation(tmp_path, mask_file):
    row = coordinates([[25, 55]], ("Movies/m.mrc",))  # dirty only if the mask is of full size
    with pytest.raises(ValueError, match=r"Movies/m\.mrc is not known"):
        filter_by_masks(row, MaskSource(mask_file), "")
    assert filter_by_masks(row, MaskSource(mask_file, full_size=True), "").left_out == 0
    (tmp_path / "Movies").mkdir()
    mrcfile.write(tmp_path / "Movies" / "m.mrc", np.ones(SHAPE, np.float32))
    source = MaskSource(mask_file, places=(Path("nowhere"), tmp_path))
    for center, left_out in (([210, 510], 1), ([21, 51], 0)):
        rows = coordinates([center], ("Movies/m.mrc",))
        assert filter_by_masks(rows, source, "").left_out == left_out
        full = MaskSource(mask_file, full_size=True)
        assert filter_by_masks(rows, full, "").left_out == (center == [21, 51])


def test_a_segmentation_knows_the_shape_of_its_micrograph(tmp_path):
    probability = np.zeros((4, 40, 60), np.float32)
    probability[0] = 1
    probability[:, 20:22, 50:52] = np.reshape([0, 0.4, 0.3, 0.3], (4, 1, 1))
    segmentation = Segmentation(probability, Frame(SHAPE, (40, 60)), 11.0, "0" * 64)
    write_segmentation(tmp_path / "m_segmentation.npz", segmentation)
    filtered = filter_by_masks(coordinates(CENTERS), MaskSource(tmp_path), "m")
    assert filtered.coordinates.score.tolist() == [1, 2, 3, 4]


def test_no_rows_need_no_mask_if_names_are_in_rows(tmp_path):
    filtered = filter_by_masks(coordinates([], ()), MaskSource(tmp_path), "unused")
    assert (len(filtered.coordinates), filtered.left_out) == (0, 0)
