from pathlib import Path

import numpy as np
import pytest

from napari_drpnet.formats import read_coordinates


@pytest.fixture(autouse=True)
def csv_file(drpnet):
    Path("a.csv").write_text("x,y,score\n30,40,0.5\n50,60,0.25\n")


def test_there_and_back(drpnet):
    assert drpnet("convert", "a.csv", "a.star").output == "2 particles: a.csv -> a.star\n"
    drpnet("convert", "a.star", "a.box", "--box-size", 20)
    drpnet("convert", "a.box", "b.csv")
    before, after = read_coordinates("a.csv"), read_coordinates("b.csv")
    assert (before.centers_yx == after.centers_yx).all()
    assert (before.score == after.score).all()


@pytest.mark.parametrize("rows", ["160", "m.mrc"])
def test_rows_are_flipped(drpnet, write_discs, rows):
    write_discs("m.mrc")
    drpnet("convert", "a.csv", "b.csv", "--flip-rows", rows)
    assert read_coordinates("b.csv").centers_yx.tolist() == [[119, 30], [99, 50]]


def test_nothing_is_replaced_without_being_asked(drpnet):
    Path("b.csv").write_text("precious")
    assert "--overwrite" in drpnet("convert", "a.csv", "b.csv", code=2).stderr
    assert Path("b.csv").read_text() == "precious"
    drpnet("convert", "a.csv", "b.csv", "--overwrite")


@pytest.fixture
def matlab_file():
    """Write means of regions of 7 to 30 pixels, as DRPnet's MATLAB code does."""
    rng = np.random.default_rng(0)
    areas = rng.integers(7, 30, 60)
    xy = rng.integers(100 * areas, 900 * areas, (2, 60)) / areas
    rows = "".join(f"{x:.6f} {y:.6f}\n" for x, y in xy.T)
    head = "data_\n\nloop_\n_rlnCoordinateX #1\n_rlnCoordinateY #2\n"
    Path("matlab.star").write_text(head + rows)
    return xy.T


def test_files_of_the_matlab_code_are_recognised_and_converted(drpnet, matlab_file):
    refused = drpnet("convert", "matlab.star", "b.csv", code=1).stderr
    assert "looks like a file of DRPnet's MATLAB code" in refused
    drpnet("convert", "matlab.star", "b.csv", "--from-matlab-scale", 3)
    found = read_coordinates("b.csv").centers_yx[:, ::-1]
    assert found == pytest.approx(3 * matlab_file - 0.5, abs=1e-4)
    drpnet("convert", "matlab.star", "c.csv", "--not-matlab")
    assert read_coordinates("c.csv").centers_yx[:, ::-1] == pytest.approx(matlab_file, abs=1e-4)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("a.csv", "a.box"), 2, "needs --box-size"),
        (("many.csv", "a.box", "--box-size", 9), 2, "is about one micrograph"),
        (("a.csv", "a.txt"), 1, "unknown suffix"),
        (("gone.csv", "b.csv"), 1, "gone.csv: cannot be read"),
        (("a.csv", "b.csv", "--flip-rows", "gone.mrc"), 1, "gone.mrc: there is no such file"),
        (("a.csv", "b.csv", "--from-matlab-scale", 0), 2, "--from-matlab-scale"),
    ],
)
def test_what_cannot_be_converted(drpnet, arguments, code, message):
    Path("many.csv").write_text("x,y,micrograph\n1,2,a\n3,4,b\n")
    assert message in drpnet("convert", *arguments, code=code).stderr
