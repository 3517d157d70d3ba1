"""Files that are no mask and no class map: each becomes an error that names it, with a remedy."""

import struct
import zlib

import mrcfile
import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.formats import read_class_map, read_mask, read_segmentation
from napari_drpnet.formats.masks import pixels

SHAPE = (60, 90)
READERS = (read_class_map, read_segmentation, lambda path: read_mask(path, SHAPE))
MASK = np.random.default_rng(0).random(SHAPE) < 0.3
FLOATS = MASK.astype(np.float32)


def chunk(kind, content):
    return (
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
    )


def png_bomb():
    """Return a PNG of a few bytes that claims 90,000 × 90,000 pixels."""
    head = struct.pack(">IIBBBBB", 90_000, 90_000, 8, 0, 0, 0, 0)
    data = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + data + chunk(b"IEND", b"")


def with_value(value, dtype=np.float32):
    pixels = MASK.astype(dtype)
    pixels[3, 4] = value
    return pixels


class Files:
    """Contents of files, through the writers of other libraries."""

    def __init__(self, folder):
        self.folder = folder

    def mrc(self, pixels, **header):
        with mrcfile.new(self.folder / "scratch.mrc", overwrite=True) as file:
            file.set_data(pixels)
            for field, value in header.items():
                setattr(file.header, field, value)
        return (self.folder / "scratch.mrc").read_bytes()

    def tiff(self, pixels, **settings):
        tifffile.imwrite(self.folder / "scratch.tif", pixels, **settings)
        return (self.folder / "scratch.tif").read_bytes()

    def picture(self, suffix, pixels):
        Image.fromarray(pixels).save(self.folder / f"scratch{suffix}")
        return (self.folder / f"scratch{suffix}").read_bytes()

    def npz(self, **arrays):
        np.savez(self.folder / "scratch.npz", **arrays)
        return (self.folder / "scratch.npz").read_bytes()

    def both(self):
        """Yield names and contents of files that are neither masks nor class maps."""
        good, grey = self.mrc(FLOATS), MASK.astype(np.uint8)
        colour = np.stack([grey * 200, grey, grey], axis=-1)
        yield "empty.mrc", b"", "empty"
        yield "empty.png", b"", "empty"
        yield "text.png", b"This is not an image.\n" * 99, "not an MRC, TIFF, PNG"
        yield "mask.txt", b"0 1 0 1\n" * 200, "not an MRC, TIFF, PNG"
        yield "short.mrc", good[:700], "too short"
        yield "header.mrc", good[:1024], "without pixels"
        yield "half.mrc", good[: len(good) // 2], "truncated"
        yield "cut.png", self.picture(".png", grey)[:-60], "damaged"
        yield "cut.tif", self.tiff(FLOATS)[:-900], "damaged"
        yield "cut.npz", self.npz(mask=MASK)[:-50], "damaged"
        yield "nan.mrc", good[:1024] + np.float32(np.nan).tobytes() + good[1028:], "NaN"
        yield "inf.tif", self.tiff(with_value(np.inf)), "NaN or infinite"
        yield "nan.npz", self.npz(mask=with_value(np.nan)), "NaN"
        yield "negative.mrc", self.mrc(with_value(-1, np.int8)), "value"
        yield "below.mrc", self.mrc(with_value(-0.1)), "value"
        yield "above.tif", self.tiff(with_value(7.5)), "value"
        yield "deep.png", self.picture(".png", MASK.astype(np.uint16) * 65535), "65535"
        yield "deep.tif", self.tiff(MASK.astype(np.uint16) * 4095), "4095"
        yield "colour.png", self.picture(".png", colour), "colour (200, 1, 1)"
        yield "colour.tif", self.tiff(colour, photometric="rgb"), "colour picture"
        yield "labels.jpg", self.picture(".jpg", grey * 255), "JPEG"
        yield "disguised.png", self.picture(".jpg", grey * 255), "JPEG"
        yield "stack.mrc", self.mrc(np.stack([FLOATS, FLOATS])), "stack"
        yield "complex.mrc", self.mrc(FLOATS.astype(np.complex64)), "complex"
        yield "one.png", self.picture(".png", grey[:1, :1]), "too few"
        yield "row.mrc", self.mrc(FLOATS[:1]), "too few"
        yield "bomb.png", png_bomb(), "too large"
        yield "vast.mrc", self.mrc(FLOATS, nx=90_000, ny=90_000), "too large"
        yield "pickle.npz", self.npz(mask=np.array([{}, []], object)), "Object arrays"
        yield "none.npz", self.npz(), "neither"
        yield "two.npz", self.npz(a=MASK, b=MASK), "neither"
        yield "words.npz", self.npz(mask=np.array([["a", "b"], ["c", "d"]])), "neither"

    def masks(self):
        yield from self.both()
        yield "turned.mrc", self.mrc(FLOATS.T[::2, ::2].copy()), "aspect"
        yield "larger.mrc", self.mrc(np.kron(FLOATS, np.ones((2, 2), np.float32))), "larger"
        yield "grey.png", self.picture(".png", with_value(128, np.uint8)), "128"
        yield "classes.tif", self.tiff(with_value(3, np.uint8)), "_classes"
        yield "micrograph.mrc", self.mrc(with_value(1000.5)), "0 to 1"

    def class_maps(self):
        yield from self.both()
        yield "fraction.mrc", self.mrc(with_value(0.5)), "0.5"
        yield "five.png", self.picture(".png", with_value(5, np.uint8)), "5"
        yield "white.png", self.picture(".png", MASK.astype(np.uint8) * 255), "255"


def misread(folder, files, read):
    """Return what is wrong with the errors of files that cannot be used."""
    wrong = {}
    for name, content, reason in files:
        path = folder / name
        path.write_bytes(content)
        try:
            read(path)
        except InputFileError as error:
            message = str(error)
            if error.path != str(path) or reason not in message or not error.remedy:
                wrong[name] = message
        else:
            wrong[name] = "was read"
    return wrong


def test_malformed_masks_are_named(tmp_path):
    files = list(Files(tmp_path).masks())
    assert len(files) >= 25
    assert misread(tmp_path, files, lambda path: read_mask(path, SHAPE)) == {}


def test_malformed_class_maps_are_named(tmp_path):
    files = list(Files(tmp_path).class_maps())
    assert len(files) >= 25
    assert misread(tmp_path, files, read_class_map) == {}


@pytest.mark.parametrize("read", READERS)
def test_what_is_no_file_is_named(tmp_path, read):
    with pytest.raises(InputFileError, match="no such file"):
        read(tmp_path / "absent.png")
    with pytest.raises(InputFileError, match="is a folder"):
        read(tmp_path)


def test_an_archive_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(pixels, "MOST_PIXELS", 1000)
    np.savez_compressed(tmp_path / "bomb.npz", mask=np.zeros(SHAPE))
    for read in READERS:
        with pytest.raises(InputFileError, match="43328 bytes are too many"):
            read(tmp_path / "bomb.npz")
