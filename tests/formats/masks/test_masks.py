"""Masks through every type of file: places, values, files of other programs."""

import mrcfile
import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image

from napari_drpnet.base.class_maps import resample_area, resample_mask
from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.geometry import Frame
from napari_drpnet.base.segmentation import Segmentation
from napari_drpnet.formats import (
    read_mask,
    write_class_map,
    write_full_mask_mrc,
    write_mask_mrc,
    write_segmentation,
    write_warp_mask,
)

SHAPE = (211, 337)
#: Near one corner, in unbinned pixels.
CENTER = (38.2, 57.6)
RADIUS = 25


def dot(shape=SHAPE, center=CENTER, radius=RADIUS):
    y, x = np.indices(shape) - np.reshape(center, (2, 1, 1))
    return np.hypot(y, x) <= radius


def place(mask, shape=SHAPE):
    """Compute the centre of a mask in unbinned pixels."""
    network = [np.average(axis, weights=mask) for axis in np.indices(mask.shape)]
    return Frame(shape, mask.shape).to_full(network)


def as_probability(mask, frame):
    """Return a segmentation in which the mask is ice and the rest is background."""
    ice = mask.astype(np.float32) * 0.8 + 0.1
    probability = np.stack([1 - ice, 0 * ice, ice / 2, ice / 2])
    return Segmentation(probability, frame, 11.0, "0" * 64)


def write_float_tiff(path, mask, frame):
    tifffile.imwrite(path, mask.astype(np.float32), compression="zlib")


WRITERS = {
    "a_mask.mrc": lambda path, mask, frame: write_mask_mrc(path, mask, 3.1),
    "a.mrc": lambda path, mask, frame: write_full_mask_mrc(path, mask, frame.full_shape),
    "a.tif": write_float_tiff,
    "a.png": lambda path, mask, frame: Image.fromarray(mask.astype(np.uint8) * 255).save(path),
    "a_bits.png": lambda path, mask, frame: Image.fromarray(mask).save(path),
    "a_classes.png": lambda path, mask, frame: write_class_map(
        path, np.where(mask, 4, 1).astype(np.uint8)
    ),
    "a_segmentation.npz": lambda path, mask, frame: write_segmentation(
        path, as_probability(mask, frame)
    ),
    "a.npz": lambda path, mask, frame: np.savez(path, mask),
}


@pytest.mark.parametrize("scale", [1, 2, 2.7, 3, 5, 7.3])
@pytest.mark.parametrize("name", WRITERS)
def test_a_dot_near_one_corner_stays_there(tmp_path, name, scale):
    frame = Frame.with_scale(SHAPE, scale)
    mask = resample_mask(dot(), frame.network_shape)
    WRITERS[name](tmp_path / name, mask, frame)
    read = read_mask(tmp_path / name, SHAPE)
    # The mask at the network scale is what was written, and is not moved at all.
    assert_allclose(place(read >= 0.5), place(mask), atol=1e-6 if name != "a.mrc" else 0.5)
    assert_allclose(place(read >= 0.5), CENTER, atol=0.5 * scale)
    assert_array_equal(resample_mask(read, mask.shape), mask)


@pytest.mark.parametrize("pixel_size", [0.83, 1.06, 1.77, 3.4])
@pytest.mark.parametrize("scale", [1, 2.7, 3])
def test_a_dot_in_a_mask_for_warp_is_turned_upside_down_once(tmp_path, pixel_size, scale):
    shape, center = (1531, 2048), (310.0, 420.0)
    frame = Frame.with_scale(shape, scale)
    mask = resample_mask(dot(shape, center, 200), frame.network_shape)
    write_warp_mask(tmp_path / "a.tif", mask, frame, pixel_size)
    coarse = 8 / pixel_size
    read = read_mask(tmp_path / "a.tif", shape, flip_rows=True)
    assert_allclose(place(read, shape), center, atol=0.5 * max(scale, coarse))
    stored = tifffile.imread(tmp_path / "a.tif")
    assert stored.dtype == np.float32
    assert [side % 2 for side in stored.shape] == [0, 0]
    assert_allclose(stored.shape, np.array(shape) / coarse, atol=2)
    assert_array_equal(stored[::-1] != 0, read)
    y, x = place(stored, shape)
    assert_allclose((shape[0] - 1 - y, x), center, atol=0.5 * max(scale, coarse))


def test_rows_of_warps_masks_are_never_turned_without_being_asked(tmp_path):
    mask = resample_mask(dot(), (100, 160))
    write_warp_mask(tmp_path / "a.tif", mask, Frame(SHAPE, (100, 160)), 5.0)
    with pytest.raises(InputFileError, match=r"a.tif: .*may count from the last.*--flip"):
        read_mask(tmp_path / "a.tif", SHAPE)
    turned, stored = (read_mask(tmp_path / "a.tif", SHAPE, flip_rows=flip) for flip in (1, 0))
    assert_array_equal(turned[::-1], stored)


@pytest.mark.parametrize("name", WRITERS)
def test_rows_are_turned_on_request(tmp_path, name):
    frame = Frame.with_scale(SHAPE, 3)
    WRITERS[name](tmp_path / name, resample_mask(dot(), frame.network_shape), frame)
    stored, turned = (read_mask(tmp_path / name, SHAPE, flip_rows=flip) for flip in (False, True))
    assert_array_equal(turned, stored[::-1])


def test_the_header_has_the_pixel_size_and_the_smallest_mode(tmp_path):
    write_mask_mrc(tmp_path / "a_mask.mrc", dot(), 8.5)
    with mrcfile.open(tmp_path / "a_mask.mrc") as file:
        assert file.header.mode == 0
        assert file.voxel_size.x == file.voxel_size.y == pytest.approx(8.5)
        assert np.unique(file.data).tolist() == [0, 1]
    write_full_mask_mrc(tmp_path / "a.mrc", dot((21, 34)), SHAPE, 1.1)
    with mrcfile.open(tmp_path / "a.mrc") as file:
        assert file.header.mode == 2
        assert file.data.shape == SHAPE
        assert file.voxel_size.x == pytest.approx(1.1)


@given(
    st.tuples(st.integers(2, 30), st.integers(2, 30)), st.floats(1, 6), st.integers(0, 2**32 - 1)
)
def test_masks_of_any_shape_make_the_round_trip(tmp_path_factory, shape, factor, seed):
    folder = tmp_path_factory.mktemp("masks")
    mask = np.random.default_rng(seed).random(shape) < 0.4
    full = (round(shape[0] * factor), round(shape[1] * factor))
    write_mask_mrc(folder / "a_mask.mrc", mask)
    assert_array_equal(read_mask(folder / "a_mask.mrc", full), mask)
    probability = np.random.default_rng(seed).random(shape, np.float32)
    write_full_mask_mrc(folder / "a.mrc", probability, full)
    read = read_mask(folder / "a.mrc", full)
    assert_allclose(read, resample_area(probability, full), atol=1e-6)


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int16, np.uint16, np.float32])
def test_0_and_1_are_read_whatever_their_type(tmp_path, dtype):
    for name, write in {"a.mrc": mrcfile.write, "b.tif": tifffile.imwrite}.items():
        write(tmp_path / name, dot().astype(dtype))
        assert_array_equal(read_mask(tmp_path / name, SHAPE) == 1, dot())


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "1"])
def test_black_and_white_pictures_are_masks(tmp_path, mode):
    Image.fromarray(dot().astype(np.uint8) * 255).convert(mode).save(tmp_path / "a.png")
    assert_array_equal(read_mask(tmp_path / "a.png", SHAPE), dot())


def test_ice_and_carbon_of_a_class_map_are_dirt(tmp_path):
    classes = np.arange(20, dtype=np.uint8).reshape(4, 5) % 5
    write_class_map(tmp_path / "any.png", classes)
    Image.fromarray(classes).save(tmp_path / "grey_classes.png")
    mrcfile.write(tmp_path / "b_classes.mrc", classes.astype(np.int8))
    for name in ("any.png", "grey_classes.png", "b_classes.mrc"):
        assert_array_equal(read_mask(tmp_path / name, (4, 5)), classes >= 3)


def test_a_class_map_without_dirt_is_not_taken_for_a_mask_full_of_it(tmp_path):
    write_class_map(tmp_path / "a.png", np.ones((4, 5), np.uint8))
    assert not read_mask(tmp_path / "a.png", (4, 5)).any()


def test_the_mask_of_micrograph_cleaner_is_read(shared_data):
    path = shared_data / "masks" / "Ucsf_stack_1142_DW.mrc"
    mask = read_mask(path, (927, 959))
    assert mask.dtype == np.float32
    assert (mask > 0.5).mean() == pytest.approx(0.1446, abs=1e-4)
    with mrcfile.open(path) as file:
        assert_array_equal(mask, file.data)


@pytest.mark.parametrize(
    ("mask_shape", "fits"),
    [
        ((211, 337), True),
        ((21, 34), True),
        ((42, 66), True),
        ((100, 160), True),
        ((337, 211), False),
        ((100, 167), False),
        ((100, 100), False),
        ((422, 674), False),
    ],
)
def test_a_mask_must_have_the_aspect_of_its_micrograph(tmp_path, mask_shape, fits):
    write_mask_mrc(tmp_path / "a_mask.mrc", np.ones(mask_shape, bool))
    if fits:
        assert read_mask(tmp_path / "a_mask.mrc", SHAPE).shape == mask_shape
    else:
        with pytest.raises(InputFileError, match=r"aspect|larger"):
            read_mask(tmp_path / "a_mask.mrc", SHAPE)
