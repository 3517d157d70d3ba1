"""Micrographs from good, odd, hostile and real files."""

import bz2
import gzip
import os
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import mrcfile
import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from mrcfile.dtypes import HEADER_DTYPE
from PIL import Image

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.images import mrc_files
from napari_drpnet.images.micrograph import Micrograph, find_micrographs, read_micrograph

SHARED = Path(os.environ.get("DRPNET_SHARED", Path(__file__).parents[3] / "shared"))
REAL_FILES = sorted(
    path
    for path in (SHARED / "data" / "micrographs").glob("*/*")
    if path.suffix in (".mrc", ".png", ".jpg")
)
MODE_DTYPES = {0: "i1", 1: "i2", 2: "f4", 6: "u2", 12: "f2"}


def scene(dtype: Any = "f4") -> np.ndarray:
    """40 rows × 56 columns, a unique largest value in the top right corner."""
    pixels = np.random.default_rng(0).integers(0, 100, (40, 56))
    pixels[0, -1] = 127
    return pixels.astype(dtype)


def mrc(pixels: np.ndarray | None = None, mode: int = 2, order: str = "<", **fields: Any) -> bytes:
    """Write an MRC file by hand, so that any header field may lie."""
    pixels = scene() if pixels is None else pixels
    ny, nx = pixels.shape[-2:]
    header = np.zeros((), HEADER_DTYPE.newbyteorder(order))
    stamp = [0x44, 0x44, 0, 0] if order == "<" else [0x11, 0x11, 0, 0]
    usual = {"nx": nx, "ny": ny, "nz": 1, "mx": nx, "my": ny, "mz": 1, "map": b"MAP "}
    cell = (1.5 * nx, 1.5 * ny, 1.5)
    for field, value in (usual | {"machst": stamp, "cella": cell, "mode": mode} | fields).items():
        header[field] = value
    return header.tobytes() + pixels.astype(pixels.dtype.newbyteorder(order)).tobytes()


def tiff(pixels: np.ndarray | None = None, **options: Any) -> bytes:
    stream = BytesIO()
    tifffile.imwrite(stream, scene("u2") if pixels is None else pixels, **options)
    return stream.getvalue()


def picture(kind: str, pixels: np.ndarray | None = None, mode: str = "", **options: Any) -> bytes:
    stream = BytesIO()
    image = Image.fromarray(scene("u1") if pixels is None else pixels)
    (image.convert(mode) if mode else image).save(stream, kind, **options)
    return stream.getvalue()


def changed(data: bytes, at: int, to: bytes) -> bytes:
    return data[:at] + to + data[at + len(to) :]


def with_pixel(value: float, dtype: str = "f4") -> np.ndarray:
    pixels = scene(dtype)
    pixels[7, 9] = value
    return pixels


def colour(channels: int = 3) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 255, (40, 56, channels), np.uint8)


def retagged(data: bytes, tag: int, value: Any) -> bytes:
    stream = BytesIO(data)
    with tifffile.TiffFile(stream, mode="r+b") as file:
        file.pages.first.tags[tag].overwrite(value)
        return stream.getvalue()


def looped(data: bytes) -> bytes:
    """Let the last page of a TIFF be followed by the first."""
    with tifffile.TiffFile(BytesIO(data)) as file:
        first, link = file.pages.first.offset, file.pages.next_page_offset
        format_ = file.tiff.offsetformat
    return changed(data, link, struct.pack(format_, first))


def claiming(data: bytes, side: int) -> bytes:
    """Let the tags of a TIFF claim a square image in one strip."""
    for tag in (256, 257, 278):
        data = retagged(data, tag, side)
    return data


def png_of_zeros(side: int) -> bytes:
    """Write a square PNG of one bit per pixel that is a thousand times smaller than its pixels."""
    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes(side // 8 + 1)) for _ in range(side)) + packer.flush()
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)), (b"IDAT", rows)]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in (*chunks, (b"IEND", b""))
    )


# What must be refused, and a word that must be in the reason

BAD_MRC = {
    "empty.mrc": (b"", "empty"),
    "text.mrc": (b"particle picking\n" * 100, "header is invalid"),
    "note.mrc": (b"particle picking", "too short"),
    "half_header.mrc": (mrc()[:700], "too short"),
    "header_only.mrc": (mrc()[:1024], "header without pixels"),
    "half.mrc": (mrc()[:5000], "truncated"),
    "one_byte_short.mrc": (mrc()[:-1], "truncated"),
    "zeros.mrc": (bytes(4096), "header is invalid"),
    "ones.mrc": (b"\xff" * 4096, "header is invalid"),
    "mode_77.mrc": (mrc(mode=77), "mode 77"),
    "mode_negative.mrc": (mrc(mode=-1), "mode -1"),
    "mode_77_big.mrc": (mrc(mode=77, order=">"), "mode 77"),
    "mode_3.mrc": (mrc(mode=3), "complex"),
    "mode_4.mrc": (mrc(mode=4, order=">"), "complex"),
    "mode_101.mrc": (mrc(mode=101), "4-bit"),
    "nx_negative.mrc": (mrc(nx=-56), "header is invalid"),
    "ny_zero.mrc": (mrc(ny=0), "header is invalid"),
    "nz_zero.mrc": (mrc(nz=0), "header is invalid"),
    "nz_negative.mrc": (mrc(nz=-3), "header is invalid"),
    "nx_absurd.mrc": (mrc(nx=2**30), "header is invalid"),
    "too_large.mrc": (mrc(nx=30_000, ny=30_000), "too large"),
    "extended_negative.mrc": (mrc(nsymbt=-1), "header is invalid"),
    "extended_beyond.mrc": (mrc(nsymbt=10**6), "extended header of 1000000 bytes"),
    "extended_missing.mrc": (mrc(nsymbt=80), "extended header of 80 bytes, which is not"),
    "extended_half.mrc": (mrc(nsymbt=80)[:-100], "truncated"),
    "extended_missing.mrc.gz": (gzip.compress(mrc(nsymbt=80)), "extended header of 80 bytes"),
    "movie.mrc": (mrc(np.stack([scene()] * 5), nz=5), "5 images"),
    "particles.mrcs": (mrc(np.stack([scene()] * 3), nz=3), "3 images"),
    "volume.mrc": (mrc(np.stack([scene()] * 4), nz=4, ispg=1), "4 images"),
    "volumes.mrc": (mrc(np.stack([scene()] * 4), nz=4, mz=2, ispg=401), "4 images"),
    "nan.mrc": (mrc(with_pixel(np.nan)), "1 of 2240 pixels are NaN"),
    "nan_big.mrc": (mrc(with_pixel(np.nan), order=">"), "1 of 2240 pixels are NaN"),
    "inf.mrc": (mrc(with_pixel(-np.inf)), "infinite"),
    "inf_half.mrc": (mrc(with_pixel(np.inf, "f2"), mode=12), "infinite"),
    "all_nan.mrc": (mrc(np.full((40, 56), np.nan, "f4")), "2240 of 2240"),
    "blank.mrc": (mrc(np.zeros((40, 56), "f4")), "blank"),
    "blank_bytes.mrc": (mrc(np.full((40, 56), 7, "i1"), mode=0), "blank"),
    "one_pixel.mrc": (mrc(scene()[:1, :1]), "too small"),
    "narrow.mrc": (mrc(scene()[:, :31]), "too small"),
    "one_row.mrcs": (mrc(scene()[:1]), "too small"),
    "nothing.mrc.gz": (gzip.compress(b""), "too short"),
    "text.mrc.gz": (gzip.compress(b"particle picking\n" * 100), "header is invalid"),
    "header_only.mrc.gz": (gzip.compress(mrc()[:1024]), "header without pixels"),
    "half_inside.mrc.gz": (gzip.compress(mrc()[:5000]), "truncated"),
    "half.mrc.gz": (gzip.compress(mrc())[:1500], "damaged"),
    "no_checksum.mrc.gz": (gzip.compress(mrc())[:-8], "damaged"),
    "wrong_checksum.mrc.gz": (changed(gzip.compress(mrc()), -8, b"\0"), "damaged"),
    "signature.gz": (b"\x1f\x8b\x08\0", "damaged"),
    "movie.mrcs.gz": (gzip.compress(mrc(np.stack([scene()] * 5), nz=5)), "5 images"),
    "picture.png.gz": (gzip.compress(picture("PNG")), "only MRC"),
    "bomb.mrc.gz": (gzip.compress(mrc(nx=20_000, ny=20_000)), "claim an image of 1600 MB"),
    "tail.mrc.gz": (gzip.compress(mrc()) + gzip.compress(bytes(1 << 20)) * 70, "goes on"),
    "extended.mrc.gz": (gzip.compress(mrc(nsymbt=2**31 - 1)), "bytes of header"),
    "half.mrc.bz2": (bz2.compress(mrc())[:900], "damaged"),
    "flipped.mrc.bz2": (changed(bz2.compress(mrc()), 300, b"\0\0\0"), "header is invalid"),
    "header_only.mrc.bz2": (bz2.compress(mrc()[:1024]), "header without pixels"),
}  # fmt: skip
BAD_TIFF = {
    "signature.tif": (b"II*\0", "damaged"),
    "no_pages.tif": (b"II*\0\0\0\0\0", "damaged"),
    "pages_beyond.tif": (b"MM\0*\0\1\0\0", "damaged"),
    "half.tif": (tiff()[:2000], "damaged"),
    "half_lzw.tif": (tiff(compression="lzw", rowsperstrip=8)[:1500], "damaged"),
    "lost_strips.tif": (
        retagged(tiff(compression="zlib", rowsperstrip=8), 279, [0, 0, 0, 0, 0]),
        "0 of 5 strips",
    ),
    "pages.tif": (tiff(np.stack([scene("u2")] * 6), photometric="minisblack"), "2 images"),
    "cycle.tif": (looped(tiff()), "cycle"),
    "cycle_of_copies.tif": (looped(tiff(subfiletype=1)), "cycle"),
    "cycle_big.tif": (looped(tiff(bigtiff=True)), "cycle"),
    "cycle_lsm.tif": (looped(tiff(extratags=[(34412, 7, 4, b"\0" * 4, True)])), "cycle"),
    "samples.tif": (
        tiff(np.zeros((40, 56, 300), "u1"), photometric=1, planarconfig=1), "300 values",
    ),
    "bomb.tif": (claiming(tiff(compression="zlib"), 20_000), "claim an image of 1600 MB"),
    "bomb_tile.tif": (
        retagged(retagged(tiff(tile=(16, 16), compression="zlib"), 322, 19_200), 323, 19_200),
        "claim an image",
    ),
    "stack.tif": (tiff(np.stack([scene("u2")] * 4), imagej=True), "4 images"),
    "depth.tif": (
        tiff(np.stack([scene("u1")] * 16), volumetric=True, tile=(16, 16, 16), photometric=1),
        "16 images",
    ),
    "colour.tif": (tiff(colour(), photometric="rgb"), "colour"),
    "planes.tif": (
        tiff(np.moveaxis(colour(), -1, 0), photometric="rgb", planarconfig="separate"), "colour",
    ),
    "palette.tif": (
        tiff(scene("u1"), photometric="palette", colormap=np.zeros((3, 256), "u2")), "colour",
    ),
    "cmyk.tif": (tiff(colour(4), photometric="separated"), "colour"),
    "complex.tif": (tiff(scene("c8")), "complex"),
    "one_bit.tif": (tiff(scene("u1") > 50), "bool"),
    "nan.tif": (tiff(with_pixel(np.nan)), "NaN"),
    "blank.tif": (tiff(np.zeros((40, 56), "u1")), "blank"),
    "tiny.tif": (tiff(scene("u1")[:8, :8]), "too small"),
    "movie.eer": (tiff(), "EER"),
    "renamed_eer.tif": (retagged(tiff(), 259, 65001), "EER"),
    "nonsense.eer": (b"?" * 2000, "EER"),
}  # fmt: skip
BAD_PICTURE = {
    "signature.png": (b"\x89PNG\r\n\x1a\n", "damaged"),
    "half.png": (picture("PNG")[:1000], "damaged"),
    "header_only.png": (picture("PNG")[:33], "damaged"),
    "size_lies.png": (changed(picture("PNG"), 18, b"\x10"), "damaged"),
    "flipped.png": (changed(picture("PNG"), 200, b"\0\xff\0\xff"), "damaged"),
    "broken_png.mrc": (picture("PNG")[:1000], "damaged"),
    "colour.png": (picture("PNG", colour()), "colour"),
    "colour_alpha.png": (picture("PNG", colour(4)), "colour"),
    "palette.png": (picture("PNG", colour(), "P"), "colour"),
    "animated.png": (
        picture("PNG", save_all=True, append_images=[Image.fromarray(scene("u1") + 1)]),
        "movie",
    ),
    "blank.png": (picture("PNG", np.zeros((40, 56), "u1")), "blank"),
    "tiny.png": (picture("PNG", scene("u1")[:20]), "too small"),
    "bomb.png": (png_of_zeros(20_000), "claim an image of 1600 MB"),
    "signature.jpg": (b"\xff\xd8\xff", "damaged"),
    "half.jpg": (picture("JPEG")[:900], "damaged"),
    "colour.jpg": (picture("JPEG", colour()), "colour"),
    "cmyk.jpeg": (picture("JPEG", colour(), "CMYK"), "colour"),
    "broken_jpg.mrc": (picture("JPEG")[:900], "damaged"),
}  # fmt: skip
BAD_OTHER = {
    "notes.txt": (b"particle picking\n" * 100, "not an MRC, TIFF, PNG or JPEG"),
    "paper.pdf": (b"%PDF-1.7\n" + bytes(3000), "not an MRC, TIFF, PNG or JPEG"),
    "image.hdf": (b"\x89HDF\r\n\x1a\n" + bytes(3000), "not an MRC, TIFF, PNG or JPEG"),
    "no_suffix": (b"\x01", "not an MRC, TIFF, PNG or JPEG"),
    "renamed_gif.png": (picture("GIF"), "not an MRC, TIFF, PNG or JPEG"),
}
BAD_FILES = BAD_MRC | BAD_TIFF | BAD_PICTURE | BAD_OTHER

BAD_PLACES: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing.mrc": (lambda path: None, "no such file"),
    "folder.mrc": (Path.mkdir, "folder"),
    "dangling.mrc": (lambda path: path.symlink_to("nowhere"), "no such file"),
    "pipe.mrc": (lambda path: os.mkfifo(path), "pipe"),
    "circle.mrc": (lambda path: path.symlink_to(path.name), "symbolic links"),
    f"{'long' * 100}.mrc": (lambda path: None, "too long"),
}


def assert_refused(path: Path, word: str) -> None:
    with pytest.raises(InputFileError) as caught:
        read_micrograph(path)
    assert word in caught.value.reason
    assert path.name in str(caught.value)
    assert caught.value.remedy
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_file_is_refused(tmp_path, name):
    data, word = BAD_FILES[name]
    (tmp_path / name).write_bytes(data)
    assert_refused(tmp_path / name, word)


@pytest.mark.parametrize("name", BAD_PLACES)
def test_bad_place_is_refused(tmp_path, name):
    make, word = BAD_PLACES[name]
    make(tmp_path / name)
    assert_refused(tmp_path / name, word)


def test_forbidden_file_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "secret.mrc"
    path.write_bytes(mrc())

    def deny(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", deny)  # chmod does not stop root
    assert_refused(path, "permission")


@pytest.mark.parametrize(("name", "data"), [("m.mrc", mrc()), ("m.tif", tiff())])
def test_a_file_that_is_truncated_after_it_was_read_does_no_harm(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    micrograph = read_micrograph(tmp_path / name)
    (tmp_path / name).write_bytes(b"")
    np.testing.assert_array_equal(micrograph.pixels, scene(micrograph.pixels.dtype))


def test_a_file_that_is_truncated_while_it_is_read_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "m.mrc"
    path.write_bytes(mrc())
    check = mrc_files._require_all_bytes

    def check_and_truncate(*facts: Any) -> None:
        check(*facts)
        os.truncate(path, 3000)

    monkeypatch.setattr(mrc_files, "_require_all_bytes", check_and_truncate)
    assert_refused(path, "truncated: 1976 of 8960 bytes")


# What must be read

PACKED: dict[str, Callable[[bytes], bytes]] = {
    ".mrc": bytes, ".mrcs": bytes, ".mrc.gz": gzip.compress, ".mrc.bz2": bz2.compress,
}  # fmt: skip


def read_bytes(folder: Path, name: str, data: bytes) -> Micrograph:
    (folder / name).write_bytes(data)
    return read_micrograph(folder / name)


@pytest.mark.parametrize("suffix", PACKED)
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("mode", MODE_DTYPES)
def test_mrc_round_trip(tmp_path, mode, order, suffix):
    expected = scene(MODE_DTYPES[mode])
    if np.issubdtype(expected.dtype, np.signedinteger):
        expected[5] *= -1
    micrograph = read_bytes(tmp_path, "m" + suffix, PACKED[suffix](mrc(expected, mode, order)))
    np.testing.assert_array_equal(micrograph.pixels, expected)
    assert micrograph.pixels.dtype == expected.dtype.newbyteorder(order)
    assert np.unravel_index(micrograph.pixels.argmax(), micrograph.shape) == (0, 55)
    assert micrograph.shape == (40, 56)
    assert micrograph.name == "m" + suffix
    assert micrograph.pixel_size_angstrom == 1.5
    assert not micrograph.pixels.flags.writeable


@pytest.mark.parametrize("compression", [None, "gzip", "bzip2"])
def test_file_written_by_mrcfile(tmp_path, compression):
    path = tmp_path / "m.mrc"
    with mrcfile.new(path, scene(), compression=compression) as file:
        file.voxel_size = 1.06
    micrograph = read_micrograph(path)
    np.testing.assert_array_equal(micrograph.pixels, scene())
    assert micrograph.pixel_size_angstrom == 1.06


@pytest.mark.parametrize("suffix", [".mrc", ".mrc.gz"])
@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"ispg": 1}, id="marked as a volume"),
        pytest.param({"map": b"", "machst": [0, 0, 0, 0]}, id="older than MRC2014"),
        pytest.param({"machst": [0x11, 0x11, 0, 0]}, id="stamp of the other byte order"),
        pytest.param({"dmin": 1, "dmax": -1, "nlabl": 99}, id="no statistics"),
    ],
)
def test_tolerated_mrc_header(tmp_path, change, suffix):
    micrograph = read_bytes(tmp_path, "m" + suffix, PACKED[suffix](mrc(**change)))
    np.testing.assert_array_equal(micrograph.pixels, scene())


@pytest.mark.parametrize("suffix", [".mrc", ".mrc.gz"])
@pytest.mark.parametrize("length", [1, 80, 1024])
def test_extended_header_and_trailing_bytes(tmp_path, length, suffix):
    data = mrc(nsymbt=length)
    data = data[:1024] + b"?" * length + data[1024:] + b"trailing"
    micrograph = read_bytes(tmp_path, "m" + suffix, PACKED[suffix](data))
    np.testing.assert_array_equal(micrograph.pixels, scene())


def test_mrc_needs_no_suffix_when_it_says_map(tmp_path):
    np.testing.assert_array_equal(read_bytes(tmp_path, "m", mrc()).pixels, scene())


@pytest.mark.parametrize(("flags", "dtype"), [(0, "u1"), (1, "i1")])
def test_bytes_of_imod(tmp_path, flags, dtype):
    imod = b"\0" * 40 + b"IMOD" + bytes([flags, 0, 0, 0]) + b"\0" * 36
    data = mrc(scene(dtype), mode=0, extra2=imod, dmin=0, dmax=255)  # the flag says more
    micrograph = read_bytes(tmp_path, "m.mrc", data)
    assert micrograph.pixels.dtype == dtype


@pytest.mark.parametrize(
    ("least", "greatest", "dtype"),
    [(0, 255, "u1"), (3, 128, "u1"), (0, 127, "i1"), (-1, 200, "i1"), (0, 256, "i1"), (0, 0, "i1")],
)
def test_bytes_with_statistics_of_unsigned_ones(tmp_path, least, greatest, dtype):
    data = mrc(scene("u1"), mode=0, dmin=least, dmax=greatest)
    assert read_bytes(tmp_path, "m.mrc", data).pixels.dtype == dtype


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"cella": (0.66 * 56, 0.66 * 40, 0)}, 0.66),
        ({"cella": (2 * 56, 2.01 * 40, 0)}, 2.0),
        ({"cella": (0, 0, 0)}, None),
        ({"cella": (-112, -80, 0)}, None),
        ({"cella": (np.inf, np.inf, 0)}, None),
        ({"cella": (np.nan, 80, 0)}, None),
        ({"cella": (56, 40, 1)}, None),
        ({"cella": (2 * 56, 2.1 * 40, 0)}, None),
        ({"cella": (0.05 * 56, 0.05 * 40, 0)}, None),
        ({"cella": (60 * 56, 60 * 40, 0)}, None),
        ({"mx": 0, "my": 0}, None),
        ({"mx": -56, "cella": (-112, 80, 0)}, None),
    ],
)
def test_mrc_pixel_size(tmp_path, fields, expected):
    assert read_bytes(tmp_path, "m.mrc", mrc(**fields)).pixel_size_angstrom == expected


@pytest.mark.parametrize("compression", [None, "lzw", "zlib", "zstd"])
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "u4", "i4", "f4"])
def test_tiff_round_trip(tmp_path, dtype, order, compression):
    data = tiff(scene(dtype), compression=compression, byteorder=order)
    micrograph = read_bytes(tmp_path, "m.tif", data)
    np.testing.assert_array_equal(micrograph.pixels, scene(dtype))
    assert micrograph.pixels.dtype.newbyteorder("=") == np.dtype(dtype)
    assert micrograph.pixel_size_angstrom is None


@pytest.mark.parametrize(
    "options",
    [
        {"tile": (16, 16), "compression": "zlib", "predictor": True},
        {"rowsperstrip": 7},
        {"bigtiff": True},
        {"photometric": "miniswhite"},
    ],
)
def test_tiff_layouts(tmp_path, options):
    stored = ~scene("u2") if "photometric" in options else scene("u2")
    micrograph = read_bytes(tmp_path, "m.tif", tiff(stored, **options))
    np.testing.assert_array_equal(micrograph.pixels, scene("u2"))


@pytest.mark.parametrize(
    ("unit", "per_unit", "expected"),
    [
        ("nm", 8, 1.25),
        ("angstrom", 0.5, 2.0),
        ("um", 8000, 1.25),
        ("inch", 8, None),
        ("nm", 0, None),
    ],
)
def test_imagej_pixel_size(tmp_path, unit, per_unit, expected):
    resolution = (per_unit, per_unit)
    data = tiff(scene(), imagej=True, resolution=resolution, metadata={"unit": unit})
    assert read_bytes(tmp_path, "m.tif", data).pixel_size_angstrom == expected


@pytest.mark.parametrize(
    ("dtype", "mode"),
    [("u1", "L"), ("u2", ""), ("u1", "RGB"), ("u1", "RGBA"), ("u1", "LA"), ("u1", "P")],
)
def test_png_round_trip(tmp_path, dtype, mode):
    micrograph = read_bytes(tmp_path, "m.png", picture("PNG", scene(dtype), mode))
    np.testing.assert_array_equal(micrograph.pixels, scene(dtype))
    assert micrograph.pixels.dtype == np.dtype(dtype)
    assert micrograph.pixel_size_angstrom is None


def test_grey_tiff_with_colour_channels(tmp_path):
    data = tiff(np.dstack([scene("u1")] * 3), photometric="rgb", compression="zlib")
    np.testing.assert_array_equal(read_bytes(tmp_path, "m.tif", data).pixels, scene("u1"))


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_jpeg(tmp_path, mode):
    smooth = np.add.outer(np.arange(40), np.arange(56)).astype("u1")
    pixels = read_bytes(tmp_path, "m.jpg", picture("JPEG", smooth, mode, quality=95)).pixels
    np.testing.assert_allclose(pixels.astype(int), smooth, atol=3)


def test_content_decides_not_the_suffix(tmp_path):
    np.testing.assert_array_equal(
        read_bytes(tmp_path, "picture.mrc", picture("PNG")).pixels, scene("u1")
    )


def test_super_resolution_frame_as_png(tmp_path):
    pixels = np.zeros((8184, 11520), "u1")
    pixels[0, -1] = 9
    micrograph = read_bytes(tmp_path, "k3.png", picture("PNG", pixels, compress_level=1))
    assert micrograph.shape == (8184, 11520)
    assert micrograph.pixels[0, -1] == 9


def test_no_file_handle_is_left_open(tmp_path):
    def open_handles() -> int:
        return len(os.listdir("/proc/self/fd"))

    if not Path("/proc/self/fd").exists():
        pytest.skip("needs Linux to count open files")
    good = {
        "a.mrc": mrc(),
        "b.mrc.gz": gzip.compress(mrc()),
        "c.tif": tiff(),
        "d.png": picture("PNG"),
    }
    before = open_handles()
    for name, data in good.items():
        read_bytes(tmp_path, name, data)
    assert open_handles() == before


def test_import_is_light():
    code = (
        "import sys, napari_drpnet.images.micrograph;"
        "sys.exit(str({'mrcfile', 'tifffile', 'PIL', 'torch', 'napari'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stderr.strip() == "set()"


@pytest.mark.skipif(not REAL_FILES, reason=f"no real micrographs below {SHARED}")
@pytest.mark.parametrize("path", REAL_FILES, ids=lambda path: path.name[:24])
def test_real_file(path):
    micrograph = read_micrograph(path)
    assert min(micrograph.shape) > 200
    assert np.ptp(micrograph.pixels[::8, ::8]) > 0


@pytest.mark.skipif(not REAL_FILES, reason=f"no real micrographs below {SHARED}")
@pytest.mark.parametrize("path", [path for path in REAL_FILES if path.suffix == ".mrc"])
def test_real_mrc_agrees_with_mrcfile(path):
    with mrcfile.open(path) as file:
        np.testing.assert_array_equal(read_micrograph(path).pixels, np.squeeze(file.data))


# The dataclass


def test_micrograph_checks_itself():
    assert Micrograph(scene()).name == ""
    assert Micrograph(scene(), 1.5, Path("a/b.mrc")).name == "b.mrc"
    with pytest.raises(ValueError, match="ny, nx"):
        Micrograph(scene()[None])
    for size in (0.0, -1.0, np.nan, np.inf):
        with pytest.raises(ValueError, match="pixel_size"):
            Micrograph(scene(), size)


# Hostile bytes


@cache
def seed_files() -> dict[str, bytes]:
    return {
        "f4.mrc": mrc(),
        "i1.mrc": mrc(scene("i1"), mode=0, order=">"),
        "f4.mrc.gz": gzip.compress(mrc()),
        "plain.tif": tiff(),
        "imagej.tif": tiff(imagej=True, metadata={"unit": "nm"}, resolution=(5, 5)),
        "strips.tif": tiff(compression="lzw", rowsperstrip=8),
        "tiles.tif": tiff(scene(), compression="zlib", predictor=True, tile=(16, 16)),
        "grey.png": picture("PNG"),
        "palette.png": picture("PNG", mode="P"),
        "grey.jpg": picture("JPEG"),
    }


@settings(max_examples=600, deadline=None)
@given(
    name=st.sampled_from(sorted(seed_files())),
    flips=st.lists(st.tuples(st.integers(0, 1100), st.integers(1, 255)), max_size=5),
    keep=st.one_of(st.none(), st.integers(0, 3000)),
)
def test_hostile_bytes_never_surprise(tmp_path_factory, name, flips, keep):
    data = bytearray(seed_files()[name][:keep])
    for at, mask in flips:
        if at < len(data):
            data[at] ^= mask
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(data)
    with suppress(InputFileError):
        assert np.isfinite(read_micrograph(path).pixels).all()


# Finding


@pytest.fixture
def session(tmp_path):
    names = [
        "mic10.mrc", "mic2.mrc", "MIC3.MRC", "b/mic1.tif", "b/c/mic1.png", "packed.mrc.gz",
        ".hidden.mrc", ".trash/mic.mrc", "half.mrc.part", "half.part.mrc", "notes.txt", "a.star",
    ]  # fmt: skip
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "folder.mrc").mkdir()
    return tmp_path


def names_below(folder: Path, found: list[Path]) -> list[str]:
    return [str(path.relative_to(folder)) for path in found]


def test_find_in_folder(session):
    assert names_below(session, find_micrographs(session)) == [
        "b/c/mic1.png", "b/mic1.tif", "mic2.mrc", "MIC3.MRC", "mic10.mrc", "packed.mrc.gz",
    ]  # fmt: skip


def test_find_by_pattern(session):
    found = find_micrographs(f"{session}/mic*")
    assert names_below(session, found) == ["mic2.mrc", "mic10.mrc"]
    found = find_micrographs(f"{session}/**/mic1.*")
    assert names_below(session, found) == ["b/c/mic1.png", "b/mic1.tif"]
    assert find_micrographs(session / "*.dm4") == []


def test_find_by_pattern_in_a_folder_whose_name_looks_like_one(session, monkeypatch):
    for folder in ("Data[1]", "Data1", "c*"):
        (session / folder / "sub").mkdir(parents=True)
        (session / folder / "sub" / "mic[7].mrc").touch()
    found = find_micrographs(f"{session}/Data[1]/*/mic*")
    assert names_below(session, found) == ["Data[1]/sub/mic[7].mrc"]
    assert find_micrographs(f"{session}/Data[23]/*/*") == []
    monkeypatch.chdir(session)
    assert find_micrographs("c*/*/*.mrc") == [Path("c*/sub/mic[7].mrc")]
    assert find_micrographs("Data?/*/*.mrc") == [Path("Data1/sub/mic[7].mrc")]


def test_find_one_file(session):
    assert find_micrographs(session / "notes.txt") == [session / "notes.txt"]
    (session / "odd[1].mrc").touch()
    assert find_micrographs(session / "odd[1].mrc") == [session / "odd[1].mrc"]


def test_find_follows_links_but_not_in_circles(session):
    (session / "b" / "up").symlink_to(session)
    linked = session / "project" / "Movies"
    linked.parent.mkdir()
    linked.symlink_to(session / "b" / "c")
    found = names_below(session / "project", find_micrographs(session / "project"))
    assert found == ["Movies/mic1.png"]
    assert len(find_micrographs(session)) == 6


def test_find_nothing_there(tmp_path):
    with pytest.raises(InputFileError, match="no such file or folder"):
        find_micrographs(tmp_path / "missing")
    assert find_micrographs(tmp_path) == []
