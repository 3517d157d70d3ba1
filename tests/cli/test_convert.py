from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from napari_drpnet.formats import read_coordinates
from napari_drpnet.relion.lists import write_index


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


def test_particles_outside_the_micrograph_are_left_out(drpnet, write_discs):
    write_discs("m.mrc")
    Path("far.csv").write_text("x,y\n-300,100\n50,60\n5000,20\n159.4,0\n")
    shown = drpnet("convert", "far.csv", "b.csv", "--micrograph", "m.mrc").stdout
    assert shown.startswith("2 of 4 particles left out: outside m.mrc\n2 particles: ")
    assert read_coordinates("b.csv").centers_yx.tolist() == [[60, 50], [0, 159.4]]
    Path("named.csv").write_text("x,y,micrograph\n500,0,in/m.mrc\n500,1,other.mrc\n")
    drpnet("convert", "named.csv", "c.csv", "--micrograph", "m.mrc")
    assert read_coordinates("c.csv").micrograph_names == ("other.mrc",)
    drpnet("convert", "far.csv", "d.csv", "--micrograph", "gone.mrc")
    assert len(read_coordinates("d.csv")) == 4


def test_a_table_that_cannot_hold_the_names_is_refused(drpnet):
    Path("two.csv").write_text("x,y,micrograph\n3,4,a/m.mrc\n5,6,b/m.mrc\n")
    assert "of the same name" in drpnet("convert", "two.csv", "b.txt", code=2).stderr
    assert not Path("b.txt").exists()


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
        (("many.csv", "a.box", "--box-size", 9), 2, "holds the particles of one micrograph"),
        (("a.csv", "a.pdf"), 1, "unknown suffix"),
        (("a.csv",), 2, "give OUT, or --preview"),
        (("a.csv", "a.txt"), 2, "names the micrograph of each row: it needs --micrograph"),
        (("a.csv", "a.star", "--to", "cryosparc"), 2, "it needs --micrograph"),
        (("a.csv", "a.cbox"), 2, "needs --box-size"),
        (("many.csv", "a.cbox", "--box-size", 9), 2, "holds the particles of one micrograph"),
        (("a.csv", "b.csv", "--to", "cryoppp"), 2, "it needs --flip-rows"),
        (("a.csv", "b.csv", "--flip-rows", 50), 2, "lie outside 50 rows"),
        (("ppp.csv", "b.csv"), 1, "--from cryoppp --flip-rows"),
        (("ppp.csv", "b.csv", "--flip-rows", 2), 1, "lie outside 2 rows"),
        (("a.csv", "b.csv", "--preview", "p.png"), 2, "--preview needs --micrograph"),
        (("a.csv", "b.csv", "--from", "excel"), 2, "--from"),
        (("a.csv", "b.csv", "--to", "cryosparc-stored"), 2, "--to"),
        (("gone.csv", "b.csv"), 1, "gone.csv: cannot be read"),
        (("a.csv", "b.csv", "--flip-rows", "gone.mrc"), 1, "gone.mrc: there is no such file"),
        (("a.csv", "b.csv", "--from-matlab-scale", 0), 2, "--from-matlab-scale"),
    ],
)
def test_what_cannot_be_converted(drpnet, arguments, code, message):
    Path("many.csv").write_text("x,y,micrograph\n1,2,a\n3,4,b\n")
    Path("ppp.csv").write_text("X-Coordinate,Y-Coordinate\n1,2\n")
    assert message in drpnet("convert", *arguments, code=code).stderr


def test_a_table_of_cryoppp_counts_from_the_last_row(drpnet):
    Path("ppp.csv").write_text("Micrographs Filename,X-Coordinate,Y-Coordinate\nm.mrc,7,0\n")
    drpnet("convert", "ppp.csv", "b.csv", "--flip-rows", 100)
    assert read_coordinates("b.csv").centers_yx.tolist() == [[99, 7]]
    drpnet("convert", "b.csv", "back.csv", "--to", "cryoppp", "--flip-rows", 100)
    assert Path("back.csv").read_text().splitlines()[1] == "m.mrc,7.0,0.0"


def write_cs(path):
    table = np.zeros(
        1,
        [
            ("location/micrograph_path", "S20"),
            ("location/micrograph_shape", "<u4", 2),
            ("location/center_x_frac", "<f4"),
            ("location/center_y_frac", "<f4"),
        ],
    )
    table[0] = (b"J1/a.mrc", (160, 160), 0.25, 0.125)
    with Path(path).open("wb") as file:
        np.save(file, table)


def test_from_which_row_cryosparc_counts_is_asked(drpnet):
    write_cs("a.cs")
    message = drpnet("convert", "a.cs", "b.csv", code=1).stderr
    assert "cryosparc-mirrored (y from the last row)" in message
    assert "--preview" in message
    assert not Path("b.csv").exists()
    drpnet("convert", "a.cs", "b.csv", "--from", "cryosparc-stored")
    drpnet("convert", "a.cs", "c.csv", "--from", "cryosparc-mirrored")
    assert read_coordinates("b.csv").centers_yx.tolist() == [[20, 40]]
    assert read_coordinates("c.csv").centers_yx.tolist() == [[140, 40]]


def ring_color(path, center_yx, side=160):
    """The colours near the ring of 100 px that is drawn around a centre."""
    picture = np.asarray(Image.open(path).convert("RGB"), int)
    left = (picture.shape[1] - side) // 2
    y, x = np.round(center_yx).astype(int)
    return picture[y - 4 : y + 5, left + x + 44 : left + x + 57].reshape(-1, 3)


@pytest.mark.parametrize("way", ["stored", "mirrored"])
def test_a_picture_shows_how_a_file_was_understood(drpnet, write_discs, way):
    write_discs("a.mrc")
    write_cs("a.cs")
    name = f"cryosparc-{way}"
    drpnet("convert", "a.cs", "--from", name, "--preview", "p.png", "--micrograph", "a.mrc")
    here, there = (20, 40), (140, 40)
    if way == "mirrored":
        here, there = there, here
    is_green = lambda colors: bool(((colors[:, 1] - colors[:, 0]) > 80).any())  # noqa: E731
    assert is_green(ring_color("p.png", here))
    assert not is_green(ring_color("p.png", there))
    again = ("convert", "a.cs", "--from", name, "--preview", "p.png", "--micrograph", "a.mrc")
    assert "--overwrite" in drpnet(*again, code=2).stderr


def test_a_picture_of_another_micrograph_is_refused(drpnet, write_discs):
    write_discs("other.mrc")
    Path("many.csv").write_text("x,y,micrograph\n1,2,a\n3,4,b\n")
    arguments = ("--preview", "p.png", "--micrograph", "other.mrc")
    refused = drpnet("convert", "many.csv", *arguments, code=2).stderr
    assert "no particle belongs to other" in refused


def test_the_index_of_a_run_becomes_one_file_for_cryosparc(drpnet):
    Path("out").mkdir()
    for name in "ab":
        drpnet("convert", "a.csv", f"out/{name}_autopick.star")
    rows = [(f"Movies/{name}.mrc", f"out/{name}_autopick.star") for name in "ab"]
    write_index("out/autopick.star", rows)
    drpnet("convert", "out/autopick.star", "all.star", "--to", "cryosparc")
    joint = read_coordinates("all.star")
    assert joint.micrograph_names == ("Movies/a.mrc",) * 2 + ("Movies/b.mrc",) * 2
    assert joint.centers_yx.tolist() == [[40, 30], [60, 50]] * 2


def test_the_micrograph_is_named_where_a_format_needs_it(drpnet):
    drpnet("convert", "a.csv", "a.txt", "--micrograph", "Movies/a.mrc")
    assert Path("a.txt").read_text().splitlines()[:2] == [
        "image_name\tx_coord\ty_coord\tscore",
        "a\t30\t40\t0.5",
    ]
    drpnet("convert", "a.txt", "b.cbox", "--box-size", 20)
    assert (read_coordinates("b.cbox").score == [0.5, 0.25]).all()


def test_coordinates_of_binned_micrographs_are_scaled(drpnet):
    drpnet("convert", "a.csv", "b.csv", "--scale", 4)
    assert read_coordinates("b.csv").centers_yx.tolist() == [[161.5, 121.5], [241.5, 201.5]]
    drpnet("convert", "a.csv", "c.csv", "--scale", 4, "--flip-rows", 1000)
    assert read_coordinates("c.csv").centers_yx[:, 0].tolist() == [999 - 161.5, 999 - 241.5]
    Path("cryoppp.csv").write_text("X-Coordinate,Y-Coordinate\n30,40\n")
    drpnet("convert", "cryoppp.csv", "d.csv", "--scale", 4, "--flip-rows", 1000)
    assert read_coordinates("d.csv").centers_yx.tolist() == [[999 - 161.5, 121.5]]
    Path("a.box").write_text("10 20 16 16\n")
    drpnet("convert", "a.box", "b.box", "--scale", 2)
    assert read_coordinates("b.box").box_size_px == 32
    refused = drpnet("convert", "a.csv", "e.csv", "--scale", 2, "--from-matlab-scale", 3, code=2)
    assert "not both" in refused.stderr
