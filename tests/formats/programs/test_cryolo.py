import numpy as np
import pytest

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.formats.coordinates import Coordinates
from napari_drpnet.formats.programs.cryolo import read_cbox, write_cbox
from napari_drpnet.formats.programs.star import read_star


@pytest.fixture
def cbox(tmp_path):
    def write(text):
        file = tmp_path / "a.cbox"
        file.write_text(text)
        return file

    return write


TABLES = """
data_global

_cbox_format_version 1.0

data_cryolo

loop_
_CoordinateX #1
_CoordinateY #2
_CoordinateZ #3
_Width #4
_Height #5
_Confidence #6
10.5 20 <NA> 6 4 0.5
1 2 <NA> 6 4 <NA>
"""


def test_corners_become_centres(cbox):
    coordinates = read_cbox(cbox(TABLES))
    np.testing.assert_array_equal(coordinates.centers_yx, [[22, 13.5], [4, 4]])
    np.testing.assert_array_equal(coordinates.score, [0.5, np.nan])
    assert coordinates.box_size_px is None
    assert coordinates.filament is None


@pytest.mark.parametrize("text", ["10 20 6 6 0.5\n1 2 6 6 0.25\n", "10\t20\t6\t6\t0.5\t7\t8\n" * 2])
def test_both_kinds_of_old_files(cbox, text):
    coordinates = read_cbox(cbox(text))
    np.testing.assert_array_equal(coordinates.centers_yx[0], [23, 13])
    assert coordinates.score[0] == 0.5
    assert coordinates.box_size_px == 6


@pytest.mark.parametrize("text", ["", "\n", TABLES.partition("10.5")[0]])
def test_files_without_boxes(cbox, text):
    assert len(read_cbox(cbox(text))) == 0


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1 2 3 4\n", "line 1 has 4 columns"),
        ("1 2 3 4 0.5\n1 2 3 4 0.5 6 6\n", "line 2 has 7 columns"),
        ("1 2 wide 4 0.5\n", "'wide'"),
        ("1 nan 4 4 0.5\n", "particle 1 has no position"),
        (TABLES.replace("_Width", "_Broad"), "no table with .*_Width"),
        (TABLES.replace("10.5", "left"), "_CoordinateX has a value that is not"),
        (TABLES.replace("10.5", "<NA>"), "particle 1 has no position"),
        (TABLES.replace("<NA> 6", "3 6", 1).replace("<NA> 6", "4 6"), "several slices"),
        (TABLES.replace("_Confidence", "_filamentid"), "belongs to no filament"),
        (TABLES[: TABLES.index("0.5\n")], "not a valid STAR file"),
    ],
)
def test_malformed_files(cbox, text, reason):
    with pytest.raises(InputFileError, match=reason):
        read_cbox(cbox(text))


def test_not_utf8(tmp_path):
    (tmp_path / "a.cbox").write_bytes(b"\xff\xfe\x00data_cryolo")
    with pytest.raises(InputFileError, match="not a text file"):
        read_cbox(tmp_path / "a.cbox")


@pytest.mark.parametrize("filament", [None, np.array([3, 4])])
def test_what_is_written_is_read_again(tmp_path, filament):
    centers = np.array([[100.3, 1 / 3], [5.0, 6.0]])
    before = Coordinates(centers, np.array([0.1, np.nan]), None, 30.0, filament)
    write_cbox(tmp_path / "a.cbox", before)
    after = read_cbox(tmp_path / "a.cbox")
    np.testing.assert_allclose(after.centers_yx, centers, atol=1e-9)
    np.testing.assert_array_equal(after.score, before.score)
    assert after.box_size_px == 30
    np.testing.assert_array_equal(after.filament, filament)


def test_a_written_file_has_what_crYOLO_writes(tmp_path):
    write_cbox(tmp_path / "a.cbox", Coordinates(np.full((1, 2), 50.0), np.ones(1), None, 20.0))
    lines = (tmp_path / "a.cbox").read_text().splitlines()
    blocks = [line.strip() for line in lines if line.startswith("data_")]
    assert blocks == ["data_global", "data_cryolo", "data_cryolo_include"]
    columns = [line.split()[0] for line in lines if "#" in line]
    assert columns == [
        *("_CoordinateX", "_CoordinateY", "_CoordinateZ", "_Width", "_Height", "_Depth"),
        *("_EstWidth", "_EstHeight", "_Confidence", "_NumBoxes", "_Angle", "_slice_index"),
    ]
    (row,) = (line.split() for line in lines if line.endswith("<NA> "))
    assert row == ["40.0", "40.0", "<NA>", "20.0", "20.0", *["<NA>"] * 3, "1.0", *["<NA>"] * 2]


def test_writing_needs_a_box_size(tmp_path):
    with pytest.raises(ValueError, match="box_size_px"):
        write_cbox(tmp_path / "a.cbox", Coordinates(np.ones((1, 2)), np.ones(1)))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "count", "first_xy", "size", "first_score"),
    [
        ("cryolo_TcdA1-0018", 120, (3700.3671875, 3874.455551147461), 220, 0.6578449010848999),
        ("cryolo_filament", 16, (5.987737909516682, 861.738627145086), 100, 1.0),
        ("cryolo_old_2d_particles", 3, (11.6877, 27.959892), 25, np.nan),
    ],
)
def test_files_of_cryolo(shared_data, tmp_path, name, count, first_xy, size, first_score):
    coordinates = read_cbox(shared_data / "formats" / f"{name}.cbox")
    assert (len(coordinates), coordinates.box_size_px) == (count, size)
    np.testing.assert_allclose(coordinates.centers_yx[0][::-1], np.add(first_xy, size / 2))
    np.testing.assert_array_equal(coordinates.score[0], first_score)
    assert (coordinates.filament is not None) == (name == "cryolo_filament")
    write_cbox(tmp_path / "a.cbox", coordinates)
    again = read_cbox(tmp_path / "a.cbox")
    np.testing.assert_allclose(again.centers_yx, coordinates.centers_yx, atol=1e-9)
    np.testing.assert_array_equal(again.filament, coordinates.filament)


def test_vertices_of_filaments_are_no_boxes(cbox):
    columns = "_CoordinateX #1\n_CoordinateY #2\n_Width #3\n_Height #4\n"
    tables = {"filament_vertices": "0 0 9 9\n90 90 9 9\n", "cryolo": "40 50 8 6\n"}
    text = "".join(f"\ndata_{name}\n\nloop_\n{columns}{rows}" for name, rows in tables.items())
    assert read_cbox(cbox(text)).centers_yx.tolist() == [[53, 44]]


def test_a_star_file_of_cryolo_has_no_scores(shared_data):
    coordinates = read_star(shared_data / "formats" / "cryolo_relion.star")
    assert len(coordinates) == 469
    assert np.isnan(coordinates.score).all()
    np.testing.assert_array_equal(coordinates.centers_yx[0], [3935.5, 2352.5])
