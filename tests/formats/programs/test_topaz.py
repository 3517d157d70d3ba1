import numpy as np
import pytest

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.formats.coordinates import Coordinates
from napari_drpnet.formats.programs.topaz import is_topaz, read_topaz, write_topaz

HEADER = "image_name\tx_coord\ty_coord\tscore\n"


@pytest.fixture
def table(tmp_path):
    def write(text):
        file = tmp_path / "a.txt"
        file.write_text(text)
        return file

    return write


def coordinates(*names, score=(1.5, np.nan)):
    return Coordinates(np.array([[20.4, 10.6], [3.0, 4.0]]), np.array(score), names)


def test_names_positions_and_scores(table):
    read = read_topaz(table(HEADER + "a b\t10\t20.5\t-3.25\n\nc\t1\t2\tnan\n"))
    np.testing.assert_array_equal(read.centers_yx, [[20.5, 10], [2, 1]])
    np.testing.assert_array_equal(read.score, [-3.25, np.nan])
    assert read.micrograph_names == ("a b", "c")


def test_targets_have_no_scores_and_columns_any_order(table):
    read = read_topaz(table("y_coord\timage_name\tsource\tx_coord\n2\ta\tz\t1\n"))
    np.testing.assert_array_equal(read.centers_yx, [[2, 1]])
    assert np.isnan(read.score).all()


def test_columns_may_be_separated_by_blanks(table):
    read = read_topaz(table("image_name x_coord  y_coord score\na 10 20  1.5\n"))
    assert read.micrograph_names == ("a",)
    np.testing.assert_array_equal(read.centers_yx, [[20, 10]])


def test_only_line_feeds_end_lines(table):
    read = read_topaz(table(f"{HEADER}a\u2028b\x85c\t10\t20\t1\n"))
    assert read.micrograph_names == ("a\u2028b\x85c",)


def test_a_repeated_column_is_refused(table):
    with pytest.raises(InputFileError, match="two columns of one name"):
        read_topaz(table("image_name\tx_coord\ty_coord\tx_coord\na\t1\t2\t3\n"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no first line"),
        ("1\t2\n", "no first line that names columns image_name, x_coord and y_coord"),
        (HEADER.replace("\t", " ") + "a b 1 2 3\n", "line 2 does not have 4 columns"),
        (HEADER + "a\t1\t2\n", "line 2 does not have 4 columns"),
        (HEADER + "a\t1\t2\t3\t4\n", "line 2 does not have 4 columns"),
        (HEADER + "a\tx\t2\t3\n", "line 2 has 'x'"),
        (HEADER + "a\tnan\t2\t3\n", "particle 1 has no position"),
        (HEADER + "a\t\t2\t3\n", "particle 1 has no position"),
    ],
)
def test_malformed_files(table, text, reason):
    with pytest.raises(InputFileError, match=reason):
        read_topaz(table(text))


def test_a_table_is_told_by_its_first_line():
    assert is_topaz(HEADER)
    assert not is_topaz("x y score\n1 2 3\n")
    assert not is_topaz("notes\n" + HEADER)


def test_names_lose_folder_and_extension_and_positions_their_digits(tmp_path):
    write_topaz(tmp_path / "a.txt", coordinates("MotionCorr/job002/Movies/a.b.mrc", "c.tiff"))
    text = (tmp_path / "a.txt").read_text()
    assert text == f"{HEADER}a.b\t11\t20\t1.5\nc\t4\t3\tnan\n"


def test_without_scores_there_is_no_column_and_outside_no_row(tmp_path):
    only = coordinates("a.mrc", "a.mrc", score=(np.nan, np.nan))
    write_topaz(tmp_path / "a.txt", only, (10, 10))
    assert (tmp_path / "a.txt").read_text() == "image_name\tx_coord\ty_coord\na\t4\t3\n"


def test_what_cannot_be_written(tmp_path):
    with pytest.raises(ValueError, match="micrograph_names"):
        write_topaz(tmp_path / "a.txt", Coordinates(np.ones((1, 2)), np.ones(1)))
    with pytest.raises(ValueError, match="two folders have a micrograph of the same name"):
        write_topaz(tmp_path / "a.txt", coordinates("one/a.mrc", "two/a.mrc"))
    assert not list(tmp_path.iterdir())


def test_a_file_of_topaz(shared_data, tmp_path):
    read = read_topaz(shared_data / "formats" / "topaz_particles_10025.txt")
    assert len(read) == 199
    assert len(set(read.micrograph_names)) == 4
    np.testing.assert_array_equal(read.centers_yx[0], [2481, 6924])
    write_topaz(tmp_path / "a.txt", read)
    before = (shared_data / "formats" / "topaz_particles_10025.txt").read_text()
    assert (tmp_path / "a.txt").read_text().split() == before.split()
