import os

import pytest

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.quality.job_folders import file_in_project, file_of_job, find_refinement
from relion_jobs import random_directions, write_refinement


@pytest.fixture
def job(tmp_path):
    return write_refinement(tmp_path / "Refine3D/job005", random_directions(9), maps=False)


def write_iterations(job, *starts):
    for start in starts:
        write_refinement(job, random_directions(9), start=start, maps=False)


def test_the_converged_files_count(job):
    write_iterations(job, "run_it003", "run_it010")
    files = find_refinement(job)
    assert files.iteration is None
    names = (files.data.name, files.sampling.name, files.model.name, files.optimiser.name)
    assert names == (
        "run_data.star",
        "run_sampling.star",
        "run_model.star",
        "run_it010_optimiser.star",
    )
    assert files.half_maps is None


def test_before_convergence_the_last_iteration_counts(job):
    write_iterations(job, "run_it003", "run_it010", "run_ct3_it012")
    (job / "run_data.star").unlink()
    (job / "run_ct3_it012_model.star").rename(job / "run_ct3_it012_half1_model.star")
    files = find_refinement(job)
    assert files.iteration == 12
    assert files.model.name == "run_ct3_it012_half1_model.star"


def test_a_continued_run_that_has_converged_counts(job):
    write_iterations(job, "run_ct9", "run_it030")
    assert find_refinement(job).data.name == "run_ct9_data.star"


def test_what_a_result_needs_is_named(job, tmp_path):
    with pytest.raises(InputFileError, match="no such folder"):
        find_refinement(tmp_path / "gone")
    with pytest.raises(InputFileError, match=r"no run_data.star and no run_itNNN_data.star"):
        find_refinement(tmp_path)
    (job / "run_sampling.star").unlink()
    with pytest.raises(InputFileError, match=r"run_sampling.star: is missing.*Copy the whole"):
        find_refinement(job)


def test_optional_files_may_be_missing(job):
    for path in [*job.glob("*_model.star"), *job.glob("*_optimiser.star")]:
        path.unlink()
    files = find_refinement(job)
    assert (files.model, files.optimiser) == (None, None)


def test_a_file_of_a_job_by_folder_or_by_name(job):
    path = job / "run_data.star"
    assert file_of_job(job, path.name) == file_of_job(path, "other.star") == path
    with pytest.raises(InputFileError, match=r"gone.star: there is no such file"):
        file_of_job(job, "gone.star")


def test_names_in_files_stay_in_the_project(job, tmp_path, monkeypatch):
    project, star = tmp_path / "project", tmp_path / "project/PostProcess/job006/postprocess.star"
    star.parent.mkdir(parents=True)
    monkeypatch.chdir(project)
    (project / "mask.mrc").touch()
    (tmp_path / "secret.mrc").touch()
    assert file_in_project(star, "mask.mrc") == project / "mask.mrc"
    assert file_in_project(star, "gone.mrc") is None
    assert file_in_project(star, "../secret.mrc") is None
    assert file_in_project(star, str(tmp_path / "secret.mrc")) is None
    os.symlink(tmp_path, project / "link")
    assert file_in_project(star, "link/secret.mrc") is None
