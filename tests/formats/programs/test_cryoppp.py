import numpy as np
import pytest

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.formats import read_coordinates, write_coordinates
from napari_drpnet.formats.coordinates import Coordinates
from napari_drpnet.formats.programs.cryoppp import is_cryoppp

HEADER = "Particles Filename,Micrographs Filename,X-Coordinate,Y-Coordinate,Class Number\n"


@pytest.fixture
def table(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text(HEADER + "p.mrc,a.mrc,10,0,3\np.mrc,b.mrc,11.5,99,3\n")
    return file


def test_rows_count_from_the_last_one(table):
    coordinates = read_coordinates(table, rows=100)
    np.testing.assert_array_equal(coordinates.centers_yx, [[99, 10], [0, 11.5]])
    assert coordinates.micrograph_names == ("a.mrc", "b.mrc")
    assert np.isnan(coordinates.score).all()


def test_the_number_of_rows_is_asked_and_checked(table):
    with pytest.raises(InputFileError, match=r"counts y from the last row.*--flip-rows"):
        read_coordinates(table)
    with pytest.raises(InputFileError, match="outside 50 rows"):
        read_coordinates(table, rows=50)


@pytest.mark.parametrize("names", [None, ("a.mrc", "b.mrc")])
def test_there_and_back(tmp_path, names):
    before = Coordinates(np.array([[1 / 3, 5.0], [99.0, 6.0]]), np.ones(2), names)
    file = tmp_path / "b.csv"
    write_coordinates(file, before, (100, 200), "cryoppp")
    assert is_cryoppp(file.read_text())
    after = read_coordinates(file, rows=100)
    np.testing.assert_allclose(after.centers_yx, before.centers_yx, atol=1e-9)
    assert after.micrograph_names == names


def test_writing_needs_the_number_of_rows(tmp_path):
    with pytest.raises(ValueError, match="give shape or rows"):
        write_coordinates(
            tmp_path / "b.csv", Coordinates(np.ones((1, 2)), np.ones(1)), None, "cryoppp"
        )
    assert not list(tmp_path.iterdir())


def test_malformed(table):
    table.write_text(HEADER + "p,a,1\n")
    with pytest.raises(InputFileError, match="line 2 does not have 5 columns"):
        read_coordinates(table, rows=10)
