import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as stn
from numpy.testing import assert_array_equal
from PIL import Image

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.geometry import Frame
from napari_drpnet.base.segmentation import Segmentation
from napari_drpnet.formats import read_class_map, write_class_map, write_segmentation
from napari_drpnet.formats.masks.class_maps import CLASS_COLOURS

CLASSES_MAP = np.random.default_rng(5).integers(0, 5, (23, 40)).astype(np.uint8)
CASSPER = {1: (0, 0, 255), 2: (255, 0, 0), 3: (255, 255, 0), 4: (0, 255, 0), 0: (255, 0, 255)}


def lightness(colour):
    """Compute CIE L* of an sRGB colour."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
    y = np.dot(linear, (0.2126, 0.7152, 0.0722))
    return 116 * np.cbrt(y) - 16 if y > 0.008856 else 903.3 * y


def painted(colours, opacity=None):
    table = np.array([colours[number] for number in range(5)], np.uint8)
    picture = table[CLASSES_MAP]
    return picture if opacity is None else np.dstack([picture, opacity])


@given(
    stn.arrays(
        np.uint8, st.tuples(st.integers(2, 20), st.integers(2, 20)), elements=st.integers(0, 4)
    )
)
def test_class_maps_make_the_round_trip(tmp_path_factory, classes):
    path = tmp_path_factory.mktemp("classes") / "a_classes.png"
    write_class_map(path, classes)
    assert_array_equal(read_class_map(path), classes)
    with Image.open(path) as picture:
        assert picture.mode == "P"
        assert_array_equal(np.asarray(picture), classes)


def test_the_png_names_the_classes_and_has_8_bits(tmp_path):
    write_class_map(tmp_path / "a_classes.png", CLASSES_MAP)
    with Image.open(tmp_path / "a_classes.png") as picture:
        named = picture.text["classes"]
    assert named == "0 unknown, 1 background, 2 particle, 3 ice, 4 carbon"
    assert (tmp_path / "a_classes.png").read_bytes()[24:26] == bytes([8, 3])


def test_the_colours_differ_in_lightness_and_none_is_green_or_orange():
    levels = sorted(lightness(np.array(colour) / 255) for colour in CLASS_COLOURS)
    assert np.diff(levels).min() > 10
    for red, green, blue in CLASS_COLOURS[1:]:
        assert blue > green or red > green
        assert blue >= 75  # orange has hardly any blue
        assert not green > max(red, blue)


def test_numbers_that_are_no_class_are_not_written(tmp_path):
    with pytest.raises(ValueError, match="255 is no class"):
        write_class_map(tmp_path / "a.png", np.array([[255, 1]], np.uint8))
    assert not list(tmp_path.iterdir())


def write_npz(path):
    probability = np.stack([number == CLASSES_MAP for number in range(1, 5)]).astype(np.float32)
    valid = CLASSES_MAP > 0
    probability[:, ~valid] = 0.25
    frame = Frame((230, 400), CLASSES_MAP.shape)
    write_segmentation(path, Segmentation(probability, frame, 11.0, "0" * 64, valid))


def write_mrc(path, dtype):
    import mrcfile

    mrcfile.write(path, CLASSES_MAP.astype(dtype))


WRITERS = {
    "own.png": lambda path: write_class_map(path, CLASSES_MAP),
    "grey.png": lambda path: Image.fromarray(CLASSES_MAP).save(path),
    "deep.png": lambda path: Image.fromarray(CLASSES_MAP.astype(np.uint16)).save(path),
    "colours.png": lambda path: Image.fromarray(painted(CLASS_COLOURS)).save(path),
    "cassper.png": lambda path: Image.fromarray(painted(CASSPER)).save(path),
    "palette.png": lambda path: Image.fromarray(painted(CASSPER)).quantize().save(path),
    "opaque.png": lambda path: Image.fromarray(
        painted(CASSPER, np.where(CLASSES_MAP, 255, 0).astype(np.uint8))
    ).save(path),
    "a.tif": lambda path: tifffile.imwrite(path, CLASSES_MAP, compression="lzw"),
    "float.tif": lambda path: tifffile.imwrite(path, CLASSES_MAP.astype(np.float32)),
    "int8.mrc": lambda path: write_mrc(path, np.int8),
    "uint16.mrc": lambda path: write_mrc(path, np.uint16),
    "float.mrc": lambda path: write_mrc(path, np.float32),
    "a_segmentation.npz": write_npz,
    "array.npz": lambda path: np.savez(path, classes=CLASSES_MAP),
}


@pytest.mark.parametrize("name", WRITERS)
def test_every_type_of_file_is_read_as_stored_and_turned_on_request(tmp_path, name):
    WRITERS[name](tmp_path / name)
    read = read_class_map(tmp_path / name)
    assert read.dtype == np.uint8
    assert_array_equal(read, CLASSES_MAP)
    assert_array_equal(read_class_map(tmp_path / name, flip_rows=True), CLASSES_MAP[::-1])


def test_black_and_transparent_pixels_are_unknown(tmp_path):
    picture = np.zeros((3, 4, 4), np.uint8)
    picture[0] = (0, 0, 0, 255)
    picture[1] = (12, 200, 7, 0)
    picture[2] = (255, 0, 0, 255)
    Image.fromarray(picture).save(tmp_path / "a.png")
    assert read_class_map(tmp_path / "a.png").tolist() == [[0] * 4, [0] * 4, [2] * 4]


@pytest.mark.parametrize(
    ("colour", "named"),
    [
        ((254, 0, 0, 255), r"\(254, 0, 0\) in row 1, column 2"),
        ((0, 255, 1, 255), r"\(0, 255, 1\)"),
        ((255, 0, 0, 128), r"\(255, 0, 0\) at an opacity of 128"),
        ((9, 9, 9, 255), r"\(9, 9, 9\)"),
    ],
)
def test_another_colour_is_an_error_that_names_it(tmp_path, colour, named):
    picture = np.zeros((3, 4, 4), np.uint8)
    picture[...] = (0, 0, 255, 255)
    picture[1, 2] = colour
    Image.fromarray(picture).save(tmp_path / "a.png")
    with pytest.raises(InputFileError, match=named):
        read_class_map(tmp_path / "a.png")


@pytest.mark.parametrize(
    ("name", "ice", "carbon", "share"),
    [("15_17_31", 0, 0, 0.0), ("15_30_21", 22651, 2347423, 14.0)],
)
def test_label_pictures_of_cassper_are_read(shared_data, name, ice, carbon, share):
    path = shared_data / "cassper_labels" / f"Falcon_2012_06_12-{name}_0.png"
    with Image.open(path) as picture:
        colours = {colour[:3]: count for count, colour in picture.getcolors()}
    counts = np.bincount(read_class_map(path).ravel(), minlength=5).tolist()
    assert counts == [colours.get(CASSPER[number], 0) for number in range(5)]
    assert counts[3:] == [ice, carbon]
    assert round(100 * carbon / sum(counts), 1) == share
