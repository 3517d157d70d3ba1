import numpy as np
import pytest

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.quality.particles import read_particles
from napari_drpnet.quality.truth import compare_with_truth
from relion_jobs import table, write_data


@pytest.fixture
def data(tmp_path):
    """Nine particles of three micrographs, each at (x, y) of 20, 60 and 100, 100."""
    path = tmp_path / "run_data.star"
    write_data(path, 9, np.array([1, 1, 1, 2, 2, 2, 3, 3, 3]))
    return path


def write_truth(folder, **centers):
    folder.mkdir()
    for name, rows in centers.items():
        lines = "\n".join(f"{x},{y}" for x, y in rows)
        (folder / f"{name}.csv").write_text(f"x,y\n{lines}\n")
    return folder


def test_classes_are_counted_by_truth(data, tmp_path):
    truth = write_truth(tmp_path / "truth", m0=[(20, 100), (63, 100)], m1=[(20, 100), (500, 100)])
    found = compare_with_truth(data, read_particles(data), truth, diameter_px=10)
    assert found.right == {1: 2, 2: 1}
    assert found.wrong == {2: 1, 3: 2}
    assert found.unlabelled == 3


def test_a_true_particle_counts_once(data, tmp_path):
    write_data(data, 9, np.ones(9, int), rlnCoordinateX=[20 + 1 * row for row in range(9)])
    truth = write_truth(tmp_path / "truth", m0=[(20, 100)], m1=[(20, 100)], m2=[(20, 100)])
    found = compare_with_truth(data, read_particles(data), truth, diameter_px=40)
    assert (found.right, found.wrong) == ({1: 3}, {1: 6})


def test_truth_of_other_micrographs_is_refused(data, tmp_path):
    truth = write_truth(tmp_path / "truth", other=[(20, 100)])
    with pytest.raises(InputFileError, match="no truth of these micrographs"):
        compare_with_truth(data, read_particles(data), truth, diameter_px=10)


def test_particles_without_coordinates_are_refused(tmp_path):
    path = tmp_path / "run_data.star"
    path.write_text(table("", rlnImageName=["1@a.mrcs"]))
    truth = write_truth(tmp_path / "truth", m0=[(1, 1)])
    with pytest.raises(InputFileError, match="no classes, coordinates or names"):
        compare_with_truth(path, read_particles(path), truth, diameter_px=10)


def test_particles_whose_names_differ_only_in_their_endings_are_all_counted(data, tmp_path):
    names = ["M/m0.mrc"] * 3 + ["M/m0.tif"] * 2 + ["M/m1.mrc"] * 4
    write_data(data, 9, np.ones(9, int), rlnMicrographName=names)
    truth = write_truth(tmp_path / "truth", m0=[(20, 100)], m1=[(20, 100)])
    found = compare_with_truth(data, read_particles(data), truth, diameter_px=10)
    assert (sum(found.right.values()) + sum(found.wrong.values()), found.unlabelled) == (4, 5)
