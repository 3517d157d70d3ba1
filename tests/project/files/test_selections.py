"""Files of selected particles, and of those that they were selected from."""

import numpy as np
import pytest

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.formats import Coordinates, write_coordinates
from napari_drpnet.project.files.selections import read_selection
from relion_jobs import PARTICLES_OF_EXTRACT, SELECT, write_selected_project


def particles(centers, names):
    return Coordinates(np.array(centers, float), np.full(len(names), np.nan), tuple(names))


def test_a_select_job_leads_to_what_was_extracted(tmp_path):
    write_selected_project(tmp_path, {"a": ([[10, 20]], [[30, 40], [10, 20]])})
    selection = read_selection(tmp_path / SELECT / "particles.star")
    (selected,) = selection.readings
    np.testing.assert_array_equal(selected["MotionCorr/job002/Micrographs/a.mrc"], [[10, 20]])
    extracted = selection.extracted["MotionCorr/job002/Micrographs/a.mrc"]
    np.testing.assert_array_equal(extracted, [[10, 20], [30, 40]])
    assert selection.sources == (tmp_path / PARTICLES_OF_EXTRACT,)
    assert selection.among == PARTICLES_OF_EXTRACT


def test_what_was_extracted_may_be_a_folder_of_coordinate_files(tmp_path):
    (tmp_path / "Picks").mkdir()
    for name in "ab":
        path = tmp_path / f"Picks/{name}_autopick.star"
        write_coordinates(path, Coordinates(np.array([[1.0, 2.0]]), np.array([0.5])))
    write_coordinates(tmp_path / "selected.star", particles([[1, 2]], ["x/a.mrc"]))
    selection = read_selection(tmp_path / "selected.star", tmp_path / "Picks")
    assert set(selection.extracted) == {"a", "b"}
    assert selection.among.endswith("/Picks")


def test_outside_of_a_job_it_is_unknown_what_was_extracted(tmp_path):
    write_coordinates(tmp_path / "selected.star", particles([[1, 2]], ["a.mrc"]))
    selection = read_selection(tmp_path / "selected.star")
    assert selection.extracted is None
    assert selection.among == "the accepted picks"


def test_a_cs_file_is_read_from_both_ends(tmp_path):
    kind = [
        ("location/center_y_frac", "f4"),
        ("location/center_x_frac", "f4"),
        ("location/micrograph_shape", "u4", (2,)),
        ("location/micrograph_path", "S40"),
    ]
    name = b"J3/imported/001234567890123456789_a.mrc"
    with (tmp_path / "a.cs").open("wb") as file:
        np.save(file, np.array([(0.25, 0.5, (100, 200), name)], kind))
    first, last = read_selection(tmp_path / "a.cs").readings
    assert sorted([first["a.mrc"].tolist(), last["a.mrc"].tolist()]) == [[[25, 100]], [[75, 100]]]


@pytest.mark.parametrize("suffix", ["star", "csv"])
def test_particles_without_names_are_refused(tmp_path, suffix):
    file = tmp_path / f"a.{suffix}"
    write_coordinates(file, Coordinates(np.ones((1, 2)), np.ones(1)))
    with pytest.raises(InputFileError, match="does not say on which micrograph each particle is"):
        read_selection(file)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputFileError, match=r"gone\.cs"):
        read_selection(tmp_path / "gone.cs")
