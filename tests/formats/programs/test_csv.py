import numpy as np
import pytest

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.picks import Picks
from napari_drpnet.formats import read_coordinates
from napari_drpnet.formats.coordinates import Coordinates
from napari_drpnet.formats.programs.csv import read_csv, write_candidates_csv, write_csv


@pytest.fixture
def csv_file(tmp_path):
    def write(text):
        file = tmp_path / "a.csv"
        file.write_text(text)
        return file

    return write


@pytest.mark.parametrize("column", ["score", "fom", "Probability", " CONFIDENCE "])
def test_score_columns(csv_file, column):
    coordinates = read_csv(csv_file(f"Y,{column},X,diameter\n1,0.5,2,9\n3,,4,9\n\n"))
    np.testing.assert_array_equal(coordinates.centers_yx, [[1, 2], [3, 4]])
    np.testing.assert_array_equal(coordinates.score, [0.5, np.nan])
    assert coordinates.micrograph_names is None


@pytest.mark.parametrize("column", ["micrograph", "Name"])
def test_name_columns(csv_file, column):
    coordinates = read_csv(csv_file(f'x,y,{column}\n1,2,"a, b.mrc"\n3,4,0001\n'))
    assert coordinates.micrograph_names == ("a, b.mrc", "0001")
    assert np.isnan(coordinates.score).all()


def test_a_header_without_rows_means_no_picks(csv_file):
    assert len(read_csv(csv_file("x,y\n"))) == 0


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no first line that names columns x and y"),
        ("\0\1\2", "no first line"),
        ("1,2\n3,4\n", "no first line"),
        ("x;y\n1;2\n", "no first line"),
        ("X-Coordinate,Y-Coordinate,Diameter\n1,2,3\n", "no first line"),
        ("x,y\n1,2\n1\n", "line 3 does not have 2 columns"),
        ("x,y\n1,5,2,5\n", "line 2 does not have 2 columns"),
        ("x,y\n1,two\n", "line 2 has 'two'"),
        ("x,y\n1,\n", "particle 1 has no position"),
        ('x,y\n1,"2\n', "not a valid CSV file"),
    ],
)
def test_malformed_files(csv_file, text, reason):
    with pytest.raises(InputFileError, match=reason):
        read_csv(csv_file(text))


def test_writes_all_digits_and_empty_scores(tmp_path):
    coordinates = Coordinates(np.array([[1 / 3, 2.0], [3.0, 4.0]]), np.array([0.1, np.nan]))
    write_csv(tmp_path / "a.csv", coordinates)
    assert (tmp_path / "a.csv").read_text() == "x,y,score\n2.0,0.3333333333333333,0.1\n4.0,3.0,\n"


def test_names_are_written_and_quoted_where_needed(tmp_path):
    names = ('a, "b".mrc', "c.mrc")
    write_csv(tmp_path / "a.csv", Coordinates(np.ones((2, 2)), np.zeros(2), names))
    assert read_csv(tmp_path / "a.csv").micrograph_names == names


def make_picks(centers_yx, probability, **columns):
    count = len(centers_yx)
    return Picks(
        np.array(centers_yx, float),
        np.full(count, 9.0),
        np.arange(count) + 0.5,
        np.array(probability, float),
        np.arange(count) == 0,
        **columns,
    )


def test_candidates(tmp_path):
    clearance = np.array([0.25, 1.5])
    rows = [
        ("a.mrc", make_picks([(1.25, 2.5), (3, 4)], [0.75, 0.25], clearance=clearance)),
        ("b.mrc", make_picks(np.empty((0, 2)), [])),
        ("c, d.mrc", make_picks([(5, 6)], [np.nan])),
    ]
    write_candidates_csv(tmp_path / "all.csv", iter(rows))
    assert (tmp_path / "all.csv").read_text().splitlines() == [
        "name,x,y,height,prominence,probability,accepted,clearance",
        "a.mrc,2.5,1.25,9.0,0.5,0.75,1,0.25",
        "a.mrc,4.0,3.0,9.0,1.5,0.25,0,1.5",
        '"c, d.mrc",6.0,5.0,9.0,0.5,,1,',
    ]
    read = read_csv(tmp_path / "all.csv")
    np.testing.assert_array_equal(read.score, [0.75, 0.25, np.nan])
    assert read.micrograph_names == ("a.mrc", "a.mrc", "c, d.mrc")


@pytest.mark.parametrize(
    ("file", "count", "first_yx"),
    [
        ("apoferritin_10146/May08_03.05.02.bin_avg.csv", 140, (746, 235)),
        ("bgal_10017/Falcon_2012_06_12-15_17_31_0.csv", 621, (3179.1, 3106.2)),
        ("ribosome_10028/312_10028.csv", 94, (440, 326)),
    ],
)
def test_ground_truth_files(shared_data, file, count, first_yx):
    coordinates = read_csv(shared_data / "micrographs" / file)
    assert len(coordinates) == count
    np.testing.assert_array_equal(coordinates.centers_yx[0], first_yx)


def test_points_that_napari_saved(csv_file):
    file = csv_file("index,axis-0,axis-1\n0,10.5,20.25\n1,3,4\n")
    np.testing.assert_array_equal(read_coordinates(file).centers_yx, [[10.5, 20.25], [3, 4]])


def test_points_in_a_stack_are_refused(csv_file):
    with pytest.raises(InputFileError, match="no first line that names columns x and y"):
        read_coordinates(csv_file("index,axis-0,axis-1,axis-2\n0,1,2,3\n"))
