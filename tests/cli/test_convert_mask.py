from pathlib import Path

import mrcfile
import numpy as np
import pytest

from napari_drpnet.base.geometry import Frame
from napari_drpnet.formats import read_coordinates, write_mask_mrc, write_warp_mask

MASK = np.zeros((40, 60), bool)
MASK[:10, 50:] = True  # rows 0 to 39 and columns 200 to 239 of a micrograph of 240 × 160


@pytest.fixture(autouse=True)
def files(drpnet):
    Path("a.csv").write_text("x,y\n210,20\n190,20\n30,140\n")
    Path("many.csv").write_text("x,y,micrograph\n210,20,Movies/a.mrc\n210,20,Movies/b.mrc\n")
    write_mask_mrc("masks/a_mask.mrc", MASK)
    write_mask_mrc("masks/b_mask.mrc", MASK[:, ::-1])


def xs(file):
    return read_coordinates(file).centers_yx[:, 1].tolist()


def test_particles_on_dirt_are_left_out_and_counted(drpnet):
    output = drpnet("convert", "a.csv", "b.star", "--mask", "masks", "--frame", 240, 160).output
    assert output == "1 of 3 particles left out: on dirt\n2 particles: a.csv -> b.star\n"
    assert xs("b.star") == [190, 30]


@pytest.mark.parametrize("diameter", [("--diameter", 50), ("--diameter", 75, "--pixel-size", 1.5)])
def test_clearance_is_in_diameters(drpnet, diameter):
    options = ("--mask", "masks/a_mask.mrc", "--frame", 240, 160, *diameter)
    shown = drpnet("convert", "a.csv", "b.csv", *options, "--clearance", 0.25).output
    assert "2 of 3 particles left out: on dirt or nearer to it than 0.25 diameters" in shown
    drpnet("convert", "a.csv", "c.csv", *options, "--clearance", 0.15)
    assert (xs("b.csv"), xs("c.csv")) == ([30], [190, 30])


def test_the_micrograph_gives_the_size(drpnet, write_discs):
    write_discs("a.mrc")
    write_mask_mrc("square_mask.mrc", np.tile(np.arange(40) > 30, (40, 1)))
    options = ("--mask", "square_mask.mrc", "--micrograph", "a.mrc")
    Path("c.csv").write_text("x,y\n140,20\n20,20\n")
    drpnet("convert", "c.csv", "b.csv", *options)
    assert xs("b.csv") == [20]


def test_rows_that_name_micrographs_get_the_mask_of_each(drpnet):
    Path("Movies").mkdir()
    for name in "ab":
        mrcfile.write(f"Movies/{name}.mrc", np.arange(160 * 240, dtype=np.float32).reshape(160, -1))
    result = drpnet("convert", "many.csv", "c.csv", "--mask", "masks")
    assert read_coordinates("c.csv").micrograph_names == ("Movies/b.mrc",)
    assert "Warning" not in result.stderr


def test_a_mask_of_mostly_dirt_is_named_and_not_applied(drpnet):
    write_mask_mrc("dirt_mask.mrc", np.ones((40, 60), bool))
    result = drpnet("convert", "a.csv", "b.csv", "--mask", "dirt_mask.mrc", "--frame", 240, 160)
    assert "the mask of a is not applied: more than 80% is dirt" in result.stderr
    assert len(xs("b.csv")) == 3


def test_rows_of_a_mask_of_warp_must_be_told(drpnet):
    write_warp_mask("w/a.tif", MASK, Frame((160, 240), MASK.shape), 2.0)
    options = ("convert", "a.csv", "b.csv", "--mask", "w", "--frame", 240, 160)
    assert "--flip-mask-rows" in drpnet(*options, code=1).stderr
    drpnet(*options, "--flip-mask-rows")
    assert xs("b.csv") == [190, 30]
    drpnet(*options, "--keep-mask-rows", "--overwrite")
    assert xs("b.csv") == [210, 190, 30]


def test_masks_as_large_as_micrographs_need_no_size(drpnet):
    write_mask_mrc("a.mrc", np.kron(MASK, np.ones((4, 4), bool)))
    drpnet("convert", "a.csv", "b.csv", "--mask", "a.mrc", "--full-size-mask")
    assert xs("b.csv") == [190, 30]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("a.csv", "--mask", "masks"), 2, "size of the micrograph a is not known: give --micro"),
        (("a.csv", "--mask", "absent"), 1, "absent: there is no such file"),
        (("a.csv", "--clearance", 1), 2, "--clearance needs --mask"),
        (("a.csv", "--frame", 9, 9), 2, "--frame needs --mask"),
        (("a.csv", "--full-size-mask"), 2, "--full-size-mask needs --mask"),
        (("a.csv", "--keep-mask-rows"), 2, "--flip-mask-rows needs --mask"),
        (("a.csv", "--mask", "masks", "--clearance", 1), 2, "--clearance needs --diameter"),
        (("a.csv", "--mask", "masks", "--diameter", 1), 2, "--diameter needs --clearance"),
        (("a.csv", "--mask", "masks", "--pixel-size", 1), 2, "--pixel-size needs --diameter"),
        (
            ("a.csv", "--mask", "masks", "--frame", 9, 9, "--full-size-mask"),
            2,
            "--frame or --full-size-mask",
        ),
        (("a.csv", "--mask", "masks", "--flip-rows", 160), 2, "convert in two steps"),
        (("many.csv", "--mask", "masks/a_mask.mrc"), 2, "has 2 micrographs: give a folder"),
        (("other.csv", "--mask", "masks", "--frame", 240, 160), 1, "has no mask of"),
        (("a.csv", "--mask", "masks", "--frame", 160, 240), 1, "another aspect ratio"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_written(drpnet, arguments, code, message):
    Path("other.csv").write_text("x,y\n1,1\n")
    source, *options = arguments
    assert message in drpnet("convert", source, "out.csv", *options, code=code).stderr
    assert not Path("out.csv").exists()
