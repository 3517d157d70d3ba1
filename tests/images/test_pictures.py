import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.images.image_files import decode_image
from napari_drpnet.images.pictures import decode_png

GREY = np.arange(12, dtype=np.uint8).reshape(3, 4) * 20


@pytest.fixture
def saved(tmp_path):
    def save(picture, name="a.png", **settings):
        picture.save(tmp_path / name, **settings)
        return tmp_path / name

    return save


def test_grey_values_keep_their_depth(saved):
    assert_array_equal(decode_png(saved(Image.fromarray(GREY))), GREY)
    deep = GREY.astype(np.uint16) * 200
    assert_array_equal(decode_png(saved(Image.fromarray(deep))), deep)
    bits = decode_png(saved(Image.fromarray(GREY > 100)))
    assert_array_equal(bits, np.where(GREY > 100, 255, 0))


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "LA"])
def test_all_else_becomes_red_green_blue_and_opacity(saved, mode):
    pixels = decode_png(saved(Image.fromarray(GREY).convert(mode)))
    assert pixels.dtype == np.uint8
    assert_array_equal(pixels, np.dstack([GREY, GREY, GREY, np.full_like(GREY, 255)]))


def test_a_transparent_grey_is_kept_apart(saved):
    pixels = decode_png(saved(Image.fromarray(GREY), transparency=40))
    assert_array_equal(pixels[..., 3], np.where(GREY == 40, 0, 255))


def test_other_files_and_movies_are_refused(saved):
    picture = Image.fromarray(GREY)
    with pytest.raises(InputFileError, match=r"a\.jpg: it is not a PNG"):
        decode_png(saved(picture, "a.jpg"))
    movie = saved(picture, "b.png", save_all=True, append_images=[Image.fromarray(GREY + 1)])
    with pytest.raises(InputFileError, match="movie"):
        decode_png(movie)


def test_the_least_number_of_pixels_depends_on_the_use(saved):
    path = saved(Image.fromarray(GREY))
    with pytest.raises(InputFileError, match="4 × 3 pixels are too small"):
        decode_image(path)
    assert_array_equal(decode_image(path, smallest_side=3).pixels, GREY)
