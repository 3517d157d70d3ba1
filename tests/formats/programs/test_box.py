import numpy as np
import pytest

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.formats.coordinates import Coordinates
from napari_drpnet.formats.programs.box import read_box, write_box


@pytest.fixture
def box(tmp_path):
    def write(text):
        file = tmp_path / "a.box"
        file.write_text(text)
        return file

    return write


def test_corners_become_centres(box):
    coordinates = read_box(box("10 20 6 4\n-3\t0\t6\t4\r\n\n"))
    np.testing.assert_array_equal(coordinates.centers_yx, [[22, 13], [2, 0]])
    assert np.isnan(coordinates.score).all()
    assert coordinates.box_size_px is None


def test_fractions_scores_and_the_common_size(box):
    coordinates = read_box(box("# crYOLO\n10.5 20.25 5 5 0.75\n1 2 5 5 nan\n"))
    np.testing.assert_array_equal(coordinates.centers_yx, [[22.75, 13], [4.5, 3.5]])
    np.testing.assert_array_equal(coordinates.score, [0.75, np.nan])
    assert coordinates.box_size_px == 5


def test_boxes_of_several_sizes_have_no_common_size(box):
    assert read_box(box("0 0 4 4\n0 0 6 6\n")).box_size_px is None


def test_flags_of_eman1_are_no_scores(box):
    assert np.isnan(read_box(box("0 0 4 4 -3\n5 5 4 4 -3\n")).score).all()
    np.testing.assert_array_equal(read_box(box("0 0 4 4 -3\n5 5 4 4 -2.5\n")).score, [-3, -2.5])


def test_ends_of_filaments_are_no_particles(box):
    with pytest.raises(InputFileError, match="has the ends of filaments"):
        read_box(box("100 100 64 64 -1\n500 400 64 64 -2\n"))


def test_a_negative_size_is_refused(box):
    with pytest.raises(InputFileError, match="box 2 has a negative size"):
        read_box(box("# boxes\n100 100 64 64\n500 400 64 -64\n"))


def test_two_columns_are_centres(box):
    coordinates = read_box(box("#micrograph: a.mrc\n1.5 2.5\n"))
    np.testing.assert_array_equal(coordinates.centers_yx, [[2.5, 1.5]])
    assert coordinates.box_size_px is None


@pytest.mark.parametrize("text", ["", "\n", "# nothing\n"])
def test_an_empty_file_means_no_picks(box, text):
    assert len(read_box(box(text))) == 0


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1 2 3\n", "line 1 has 3 columns"),
        ("1 2 4 4\n1 2\n", "line 2 has 2 columns"),
        ("1 2 3 4 5 6\n", "line 1 has 6 columns"),
        ("1 2 4 wide\n", "line 1 has 'wide'"),
        ("1 nan 4 4\n", "particle 1 has no position"),
        ("\0\0\0\0\n", "columns"),
        ("x,y\n1,2\n", "columns"),
    ],
)
def test_malformed_files(box, text, reason):
    with pytest.raises(InputFileError, match=reason):
        read_box(box(text))


@pytest.mark.parametrize(("size", "written"), [(100, 100), (101.2, 102), (99, 100), (0.4, 2)])
def test_writes_whole_corners_and_even_sizes(tmp_path, size, written):
    coordinates = Coordinates(np.array([[20.6, 10.4]]), np.array([np.nan]), box_size_px=size)
    write_box(tmp_path / "a.box", coordinates)
    half = written // 2
    assert (tmp_path / "a.box").read_text() == f"{10 - half}\t{21 - half}\t{written}\t{written}\n"


def test_scores_are_written_where_all_rows_have_one(tmp_path):
    centers = np.array([[5.0, 5.0], [50.0, 6.0]])
    scores = np.array([0.1, 1 / 3])
    write_box(tmp_path / "a.box", Coordinates(centers, scores, box_size_px=4))
    np.testing.assert_array_equal(read_box(tmp_path / "a.box").score, scores)
    write_box(tmp_path / "a.box", Coordinates(centers, scores, box_size_px=4), shape=(10, 10))
    assert (tmp_path / "a.box").read_text() == "3\t3\t4\t4\t0.1\n"


def test_writing_needs_a_box_size(tmp_path):
    with pytest.raises(ValueError, match="box_size_px"):
        write_box(tmp_path / "a.box", Coordinates(np.ones((1, 2)), np.ones(1)))
    assert not (tmp_path / "a.box").exists()


@pytest.mark.parametrize(
    ("folder", "count", "first_yx", "first_score"),
    [
        ("repic_crYOLO", 627, (3917, 298), 0.6154586672782898),
        ("repic_deepPicker", 299, (90, 162), 0.5054148),
        ("repic_topaz", 732, (2328, 3312), 6.3771067),
    ],
)
def test_files_of_other_programs(shared_data, folder, count, first_yx, first_score):
    file = shared_data / "published_picks_10017" / folder / "Falcon_2012_06_12-15_17_31_0.box"
    coordinates = read_box(file)
    assert (len(coordinates), coordinates.box_size_px) == (count, 180)
    np.testing.assert_array_equal(coordinates.centers_yx[0], first_yx)
    assert coordinates.score[0] == first_score
