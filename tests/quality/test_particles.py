import numpy as np
import pytest

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.quality.particles import count_particles, micrograph_pixel_size, read_particles
from relion_jobs import angles, random_directions, table, write_data


def test_columns_become_arrays(tmp_path):
    path, directions = tmp_path / "run_data.star", random_directions(9)
    write_data(path, 9, **angles(directions))
    particles = read_particles(path)
    assert particles.count == count_particles(path) == 9
    assert particles.directions == pytest.approx(directions, abs=1e-6)
    assert particles.class_numbers.tolist() == [1] * 9
    assert particles.score[0] == 0.9
    assert particles.centers_yx[3].tolist() == [100, 60]
    assert particles.micrograph_names[1] == "Micrographs/m1.mrc"
    assert micrograph_pixel_size(path) == 2.0


def test_files_of_relion_30_have_one_block_and_no_optics(tmp_path):
    path = tmp_path / "run_data.star"
    path.write_text(table("", rlnImageName=["1@a.mrcs", "2@a.mrcs"]))
    particles = read_particles(path)
    assert particles.count == 2
    assert particles.directions is None
    assert particles.class_numbers is particles.score is particles.centers_yx is None
    assert micrograph_pixel_size(path) is None


def test_a_score_that_is_missing_is_unknown(tmp_path):
    path = tmp_path / "run_data.star"
    write_data(path, 3, rlnAutopickFigureOfMerit=["-999.0", "0.5", "nan"])
    assert np.isnan(read_particles(path).score).tolist() == [True, False, True]


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"rlnAngleRot": [1, "nan", 3], "rlnAngleTilt": [1, 2, 3]}, "_rlnAngleRot in row 2 of 3"),
        ({"rlnClassNumber": [1, 2, "x"]}, "_rlnClassNumber has a value that is not a number"),
        ({"rlnCoordinateX": [1, 2, "inf"]}, "_rlnCoordinateX in row 3 of 3"),
    ],
)
def test_damaged_values_are_named(tmp_path, columns, reason):
    path = tmp_path / "run_data.star"
    write_data(path, 3, **columns)
    with pytest.raises(InputFileError, match=reason):
        read_particles(path)


def test_several_pixel_sizes_are_refused(tmp_path):
    path = tmp_path / "run_data.star"
    path.write_text(table("optics", rlnMicrographOriginalPixelSize=[1.5, 2.0]))
    with pytest.raises(InputFileError, match=r"pixels of 1.5 and 2 Å"):
        micrograph_pixel_size(path)
