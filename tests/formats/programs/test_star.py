import numpy as np
import pytest
import starfile

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.formats.coordinates import Coordinates
from napari_drpnet.formats.programs.star import read_star, write_star, write_star_of_relion_3

RELION_2 = """
data_images

loop_
_rlnCoordinateX #1
_rlnCoordinateY #2
_rlnAutopickFigureOfMerit #3
_rlnMicrographName #4
 10.500000  20.250000  0.5 Micrographs/a.mrc
 11.000000  21.000000 -999 Micrographs/a.mrc
"""
RELION_3_0 = RELION_2.replace("data_images", "data_")
OPTICS = """
data_optics

loop_
_rlnOpticsGroupName #1
_rlnOpticsGroup #2
_rlnMicrographPixelSize #3
opticsGroup1 1 0.885

"""
RELION_3_1 = "\n# version 30001\n" + OPTICS + RELION_2.replace("images", "particles")
RELION_4 = "\n# version 30001\n\ndata_\n\nloop_ " + RELION_2.split("loop_")[1]
RELION_5 = RELION_4.replace("30001", "50001")


@pytest.fixture
def star(tmp_path):
    def write(text):
        file = tmp_path / "a.star"
        file.write_bytes(text.encode())
        return file

    return write


@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize(
    "text",
    [RELION_2, RELION_3_0, RELION_3_1, RELION_4, RELION_5],
    ids=["2", "3.0", "3.1", "4", "5"],
)
def test_all_versions_of_relion(star, text, line_end):
    coordinates = read_star(star(text.replace("\n", line_end)))
    np.testing.assert_array_equal(coordinates.centers_yx, [[20.25, 10.5], [21, 11]])
    np.testing.assert_array_equal(coordinates.score, [0.5, np.nan])
    assert coordinates.micrograph_names == ("Micrographs/a.mrc",) * 2


def test_extra_columns_missing_scores_and_quoted_names(star):
    text = RELION_2.replace("_rlnCoordinateY #2", "_rlnCoordinateY #2\n_ownColumn #3")
    text = text.replace("0.5 Micrographs/a.mrc", "<NA> <NA> 'My micrographs/a.mrc'").replace(
        "-999 Micro", "extra 0.25 Micro"
    )
    coordinates = read_star(star(text))
    np.testing.assert_array_equal(coordinates.score, [np.nan, 0.25])
    assert coordinates.micrograph_names == ("My micrographs/a.mrc", "Micrographs/a.mrc")


def test_a_file_without_scores_or_names(star):
    coordinates = read_star(star("data_\nloop_\n_rlnCoordinateY #1\n_rlnCoordinateX #2\n1 2"))
    np.testing.assert_array_equal(coordinates.centers_yx, [[1, 2]])
    np.testing.assert_array_equal(coordinates.score, [np.nan])
    assert coordinates.micrograph_names is None


@pytest.mark.parametrize("text", ["", "# version 30001\n", RELION_2.partition(" 10.5")[0]])
def test_no_picks(star, text):
    assert len(read_star(star(text))) == 0


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (RELION_2.replace("_rlnCoordinateX", "_rlnX"), "_rlnCoordinateX and _rlnCoordinateY"),
        (RELION_2.replace("11.000000", "eleven"), "_rlnCoordinateX has a value that is not"),
        (RELION_2.replace("11.000000", "<NA>"), "particle 2 has no position"),
        (RELION_2.replace("0.5 ", "high "), "_rlnAutopickFigureOfMerit has a value that is not"),
        ("x,y\n1,2\n", "no data_ block"),
    ],
)
def test_malformed_files(star, text, reason):
    with pytest.raises(InputFileError, match=reason):
        read_star(star(text))


def test_columns_and_values_that_relion_wants(tmp_path):
    coordinates = Coordinates(np.array([[20.6, 10.4], [5.0, 7.0]]), np.array([0.5, np.nan]))
    write_star(tmp_path / "a.star", coordinates)
    assert (tmp_path / "a.star").read_text() == (
        "\n# version 30001\n\ndata_\n\nloop_ \n"
        "_rlnCoordinateX #1 \n_rlnCoordinateY #2 \n_rlnAutopickFigureOfMerit #3 \n"
        "_rlnClassNumber #4 \n_rlnAnglePsi #5 \n_rlnParticleSelectionType #6 \n"
        "   10.000000    21.000000     0.500000            0     0.000000            1 \n"
        "    7.000000     5.000000     0.000000            0     0.000000            1 \n"
        " \n"
    )
    table = starfile.read(tmp_path / "a.star")
    assert table["rlnCoordinateX"].dtype == np.float64
    assert table["rlnCoordinateX"].tolist() == [10, 7]


def test_relion_3_does_not_know_the_selection_type(tmp_path):
    coordinates = Coordinates(np.array([[20.6, 10.4]]), np.array([0.5]))
    write_star_of_relion_3(tmp_path / "a.star", coordinates)
    assert list(starfile.read(tmp_path / "a.star", always_dict=True)[""].columns) == [
        "rlnCoordinateX", "rlnCoordinateY", "rlnAutopickFigureOfMerit", "rlnClassNumber",
        "rlnAnglePsi",
    ]  # fmt: skip


def test_particles_outside_are_dropped(tmp_path):
    centers = np.array([[0.0, 0.0], [99.0, 199.0], [99.6, 10.0], [-0.6, 10.0], [10.0, 199.5]])
    write_star(tmp_path / "a.star", Coordinates(centers, np.zeros(5)), shape=(100, 200))
    read = read_star(tmp_path / "a.star")
    np.testing.assert_array_equal(read.centers_yx, [[0, 0], [99, 199]])


def test_no_picks_are_written_as_a_header(tmp_path):
    write_star(tmp_path / "a.star", Coordinates(np.empty((0, 2)), np.empty(0)))
    table = starfile.read(tmp_path / "a.star")
    assert len(table) == 0
    assert table.columns[0] == "rlnCoordinateX"
    assert len(read_star(tmp_path / "a.star")) == 0


def test_names_of_micrographs_are_kept(tmp_path):
    names = ("a b.mrc", "c.mrc")
    write_star(tmp_path / "a.star", Coordinates(np.ones((2, 2)), np.zeros(2), names))
    assert read_star(tmp_path / "a.star").micrograph_names == names


@pytest.mark.parametrize(
    ("file", "count", "first_yx", "first_score"),
    [
        ("formats/cryolo_relion.star", 469, (3935.5, 2352.5), np.nan),
        ("formats/Falcon_2012_06_12-15_17_31_0.star", 302, (132, 2876), 0.233744),
        ("formats/sample_particles_relion30.star", 17, (3073.912046, 2158.111921), 1.065473),
        ("formats/sample_particles_relion31.star", 17, (3073.912046, 2158.111921), 1.065473),
        (
            "published_picks_10017/BGAL_CASSPER/Falcon_2012_06_12-15_41_22_0.star",
            586,
            (3904, 1171),
            np.nan,
        ),
    ],
)
def test_files_of_other_programs(shared_data, file, count, first_yx, first_score):
    coordinates = read_star(shared_data / file)
    assert len(coordinates) == count
    np.testing.assert_array_equal(coordinates.centers_yx[0], first_yx)
    np.testing.assert_array_equal(coordinates.score[0], first_score)


def test_without_names_of_micrographs_the_stacks_of_the_images_name_them(star):
    names = "Extract/job003/Movies/a.mrcs", "Extract/job003/Movies/b.mrcs"
    text = RELION_2.replace("MicrographName", "ImageName").replace("Micrographs/a.mrc", "{}", 2)
    images = (f"{number:06d}@{name}" for number, name in enumerate(names, 1))
    assert read_star(star(text.format(*images))).micrograph_names == names
    assert read_star(star(text.format("a.mrc", "b.mrc"))).micrograph_names is None
