"""Forty files that cannot be used: each becomes an error that names it, none a traceback."""

import bz2
import gzip
import json
from pathlib import Path

import mrcfile
import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_drpnet.images.image_files import SMALLEST_SIDE

NOISE = np.random.default_rng(0).normal(100, 9, (160, 160)).astype(np.float32)


def mrc_bytes(pixels, **header):
    with mrcfile.new("scratch.mrc", overwrite=True) as file:
        file.set_data(pixels)
        for field, value in header.items():
            setattr(file.header, field, value)
    return Path("scratch.mrc").read_bytes()


def picture(suffix, pixels):
    Image.fromarray(pixels).save(f"scratch{suffix}")
    return Path(f"scratch{suffix}").read_bytes()


def tiff(pixels, **settings):
    tifffile.imwrite("scratch.tif", pixels, **settings)
    return Path("scratch.tif").read_bytes()


def malformed_micrographs():
    """Yield names and contents of files that are not one usable micrograph."""
    good = mrc_bytes(NOISE)
    grey = NOISE.astype(np.uint8)
    colour = np.stack([grey, grey // 2, grey], axis=-1)
    yield "empty.mrc", b""
    yield "text.mrc", b"This is not an image.\n" * 99
    yield "short.mrc", good[:700]
    yield "header.mrc", good[:1024]
    yield "half.mrc", good[: len(good) // 2]
    yield "last.mrc", good[:-1]
    yield "mode.mrc", mrc_bytes(NOISE, mode=77)
    yield "complex.mrc", mrc_bytes(NOISE.astype(np.complex64))
    yield "packed.mrc", mrc_bytes(NOISE, mode=101)
    yield "negative.mrc", mrc_bytes(NOISE, nx=-160)
    yield "vast.mrc", mrc_bytes(NOISE, nx=90_000, ny=90_000)
    yield "extended.mrc", mrc_bytes(NOISE, nsymbt=10**9)
    yield "stack.mrc", mrc_bytes(np.stack([NOISE, NOISE]))
    yield "blank.mrc", mrc_bytes(np.zeros_like(NOISE))
    yield "nan.mrc", good[:1024] + np.float32(np.nan).tobytes() + good[1028:]
    yield "inf.mrc", good[:1024] + np.float32(np.inf).tobytes() + good[1028:]
    yield "tiny.mrc", mrc_bytes(NOISE[: SMALLEST_SIDE - 1])
    yield "cut-gz.mrc.gz", gzip.compress(good)[:-500]
    yield "noise-gz.mrc.gz", b"\x1f\x8b\x08" + bytes(range(256))
    yield "cut-bz2.mrc.bz2", bz2.compress(good)[:-500]
    yield "movie.tif", tiff(np.stack([NOISE, NOISE]))
    yield "cut-plain.tif", tiff(NOISE)[:-5000]
    yield "cut-zip.tif", tiff(NOISE, compression="zlib")[:-5000]
    yield "head.tif", tiff(NOISE)[:8]
    yield "rgb.tif", tiff(colour, photometric="rgb")
    yield "colour.png", picture(".png", colour)
    yield "cut-png.png", picture(".png", grey)[:-3000]
    yield "cut-jpg.jpg", picture(".jpg", grey)[:200]
    yield "rgb-jpg.jpg", picture(".jpg", colour)
    yield "pdf.png", b"%PDF-1.7 " * 200


def test_malformed_micrographs_are_each_named_and_the_good_one_is_picked(drpnet, write_discs):
    Path("in").mkdir()
    bad = dict(malformed_micrographs())
    for name, content in bad.items():
        Path("in", name).write_bytes(content)
    write_discs("in/good.mrc")
    arguments = ("--diameter", 36, "--pixel-size", 2, "--workers", 1, "--json")
    result = drpnet("pick", "in", "--out", "out", *arguments, code=1)
    shown = json.loads(result.stdout)
    assert [picked["name"] for picked in shown["micrographs"]] == ["in/good.mrc"]
    errors = {error["name"]: error for error in shown["errors"]}
    assert set(errors) == {f"in/{name}" for name in bad}
    for name, error in errors.items():
        assert error["message"].startswith(f"{name}: "), error
        assert error["details"] == "", error
    # And a line above them, and advice about the good one.
    assert len(result.stderr.splitlines()) == len(bad) + 2


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("text.star", "Dear diary,\n"),
        ("binary.star", b"\xff\xfe\x00\x01"),
        ("columns.star", "data_\n\nloop_\n_rlnMicrographName #1\na.mrc\n"),
        ("word.star", "data_\n\nloop_\n_rlnCoordinateX #1\n_rlnCoordinateY #2\n1 two\n"),
        ("ragged.star", "data_\n\nloop_\n_rlnCoordinateX #1\n_rlnCoordinateY #2\n1\n"),
        ("columns.box", "1 2 3\n"),
        ("word.box", "1 2 x 4\n"),
        ("header.csv", "1,2\n"),
        ("word.csv", "x,y\n1,two\n"),
        ("ragged.csv", "x,y\n1\n"),
        ("twice.csv", "x,x,y\n1,2,3\n"),
    ],
)
def test_malformed_coordinates_are_named(drpnet, name, content):
    Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
    Path("truth.csv").write_text("x,y\n1,2\n")
    for arguments in (("evaluate", name, "truth.csv", "--diameter", 9), ("convert", name, "b.csv")):
        message = drpnet(*arguments, code=1).stderr
        assert message.startswith(f"Error: {name}: ")
        assert len(message.splitlines()) == 1


@pytest.mark.parametrize(
    "content", ["", "Dear diary,\n", "data_\n\nloop_\n_rlnImageName #1\n1@a\n"]
)
def test_malformed_lists_of_micrographs_are_named(drpnet, content):
    Path("micrographs.star").write_text(content)
    message = drpnet("pick", "micrographs.star", "--out", "out", "--diameter", 36, code=1).stderr
    assert message.startswith("Error: micrographs.star: ")
    assert len(message.splitlines()) == 1
