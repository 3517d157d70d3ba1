"""What a job of RELION was made from."""

from pathlib import Path

import pytest

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.text import write_text
from napari_drpnet.relion.job_inputs import find_extractions
from relion_jobs import table

SELECT = "Select/job010/particles.star"


@pytest.fixture
def project(tmp_path):
    """A function that makes a project of jobs, given the files that each job takes."""

    def make(inputs, own=False):
        edges = [(node, f"{job}/") for job, nodes in inputs.items() for node in nodes]
        for job in inputs:
            write_text(tmp_path / job / "particles.star", "")
            if own:
                write_edges(tmp_path / job / "job_pipeline.star", [e for e in edges if job in e[1]])
        if not own:
            write_edges(tmp_path / "default_pipeline.star", edges)
        return tmp_path

    return make


def write_edges(path, edges):
    nodes, processes = zip(*edges, strict=True) if edges else ((), ())
    columns = {"rlnPipeLineEdgeFromNode": nodes, "rlnPipeLineEdgeProcess": processes}
    write_text(path, table("pipeline_input_edges", **columns))


CHAIN = {
    "Extract/job003": ["CtfFind/job002/micrographs_ctf.star", "External/job001/autopick.star"],
    "Class2D/job004": ["Extract/job003/particles.star"],
    "Select/job010": ["Class2D/job004/run_it025_optimiser.star"],
}


@pytest.mark.parametrize("own", [True, False], ids=["of the job", "of the project"])
def test_a_selection_leads_to_the_extraction(project, own):
    folder = project(CHAIN, own)
    assert find_extractions(folder / SELECT) == (folder / "Extract/job003/particles.star",)


def test_of_two_extractions_on_a_way_the_first_counts(project):
    again = {
        "Extract/job020": ["Select/job010/particles.star"],
        "Class2D/job021": ["Extract/job020/particles.star"],
        "Select/job022": ["Class2D/job021/run_it025_model.star"],
    }
    folder = project(CHAIN | again)
    selected = folder / "Select/job022/particles.star"
    assert find_extractions(selected) == (folder / "Extract/job003/particles.star",)


def test_joined_particles_come_from_several_extractions(project):
    parts = {"Extract/job003": [], "Extract/job005": []}
    both = [f"{job}/particles.star" for job in parts]
    joined = {"JoinStar/job006": both, "Select/job010": ["JoinStar/job006/join_particles.star"]}
    folder = project(parts | joined)
    assert find_extractions(folder / SELECT) == tuple(folder / name for name in both)


def test_jobs_that_lead_to_each_other_have_no_end_but_no_extraction(project):
    circle = {"Select/job010": ["Class2D/job004/a.star"], "Class2D/job004": [SELECT]}
    assert find_extractions(project(circle) / SELECT) == ()


def test_outside_of_a_job_nothing_is_known(tmp_path, project):
    project(CHAIN)
    assert find_extractions(tmp_path / "particles.star") == ()
    assert find_extractions(tmp_path / "mine/job/particles.star") == ()


def test_files_outside_of_the_project_are_not_followed(project):
    outside = {"Select/job010": ["../Extract/job003/particles.star"]}
    assert find_extractions(project(outside) / SELECT) == ()


def test_an_extraction_whose_particles_are_gone_is_not_named(project):
    folder = project(CHAIN)
    Path(folder, "Extract/job003/particles.star").unlink()
    assert find_extractions(folder / SELECT) == ()


def test_a_damaged_pipeline_is_named(project):
    folder = project(CHAIN)
    (folder / "default_pipeline.star").write_text("no star file")
    with pytest.raises(InputFileError, match=r"default_pipeline\.star: has no data_ block"):
        find_extractions(folder / SELECT)
