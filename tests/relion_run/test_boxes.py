"""Which pixels RELION 3.1 cuts around a particle at the edge of a micrograph."""

import subprocess

import mrcfile
import numpy as np
import pytest

from napari_drpnet.base.geometry import holds_box
from napari_drpnet.base.text import write_text
from napari_drpnet.formats import Coordinates, write_coordinates
from relion_jobs import table
from running_relion import LIST

SHAPE, BOX = (200, 240), 32


@pytest.fixture
def cut(relion, tmp_path):
    """A function that extracts boxes at positions (y, x), and returns the process."""
    pixels = np.random.default_rng(0).normal(size=SHAPE).astype(np.float32)
    (tmp_path / "M").mkdir()
    with mrcfile.new(tmp_path / "M/a.mrc") as file:
        file.set_data(pixels)
    optics = {"rlnOpticsGroupName": ["g"], "rlnOpticsGroup": [1], "rlnMicrographPixelSize": [2.0]}
    optics |= {"rlnVoltage": [300], "rlnSphericalAberration": [2.7], "rlnAmplitudeContrast": [0.1]}
    optics["rlnMicrographOriginalPixelSize"] = [2.0]
    listed = {"rlnMicrographName": ["M/a.mrc"], "rlnOpticsGroup": [1]}
    listed |= {"rlnDefocusU": [9000.0], "rlnDefocusV": [9000.0], "rlnDefocusAngle": [0.0]}
    write_text(tmp_path / LIST, table("optics", **optics) + table("micrographs", **listed))

    def extract(centers_yx):
        picks = Coordinates(np.array(centers_yx, float), np.ones(len(centers_yx)))
        write_coordinates(tmp_path / "P/M/a_autopick.star", picks, None, "relion-3.1")
        places = "--coord_dir P/ --coord_suffix _autopick.star --part_star E/p.star --part_dir E/"
        command = f"relion_preprocess --i {LIST} {places} --extract --extract_size {BOX}"
        return subprocess.run(command.split(), cwd=tmp_path, capture_output=True, text=True)

    extract.pixels, extract.stack = pixels, tmp_path / "E/M/a.mrcs"
    return extract


def test_what_is_held_is_cut_as_it_is_and_the_rest_is_filled_with_the_edge(cut):
    centers = [(16, 16), (15, 16), (16, 15), (184, 224), (185, 224), (184, 225), (100, 120)]
    done = cut(centers)
    assert done.returncode == 0, done.stderr
    held = holds_box(centers, SHAPE, BOX)
    assert held.tolist() == [True, False, False, True, False, False, True]
    for center, image, is_held in zip(centers, mrcfile.read(cut.stack), held, strict=True):
        rows, columns = (c - BOX // 2 + np.arange(BOX) for c in center)
        is_there = ((rows >= 0) & (rows < SHAPE[0])).all() and (
            (columns >= 0) & (columns < SHAPE[1])
        ).all()
        assert is_there == is_held
        nearest = np.ix_(rows.clip(0, SHAPE[0] - 1), columns.clip(0, SHAPE[1] - 1))
        np.testing.assert_array_equal(image, cut.pixels[nearest])


def test_a_box_that_is_completely_outside_stops_relion(cut):
    done = cut([(100, 120), (-17, 50)])
    assert done.returncode != 0
    assert "completely outside" in done.stdout + done.stderr
