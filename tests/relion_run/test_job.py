"""An external job that RELION aborts, that fails, and that is continued."""

import pytest

from napari_drpnet.formats import read_coordinates
from running_relion import ABORTED, FAILED, FINISHED, wait_until


def picks(project, job):
    """Return the coordinate files of a job, without coords_suffix_autopick.star."""
    return sorted((project.folder / job / "Micrographs").rglob("*_autopick.star"))


def test_an_aborted_job_is_continued(project, picked):
    job = project.add_picker(diameter=200)
    with project.start(job) as program:
        out = project.folder / job / "run.out"
        wait_until(lambda: out.exists() and "[2/6]" in out.read_text(), "the second micrograph")
        (project.folder / job / "RELION_JOB_ABORT_NOW").touch()
        program.wait()
    assert project.states()[job] == ABORTED
    first = picks(project, job)
    assert 2 <= len(first) < 6
    stamps = {file: file.stat().st_mtime_ns for file in first}
    project.run(job)
    assert project.states()[job] == FINISHED
    assert {file: file.stat().st_mtime_ns for file in first} == stamps
    assert f"{len(first)} more were finished before" in project.text(f"{job}run.out")
    for file in picks(project, picked):
        again = project.folder / job / file.relative_to(project.folder / picked)
        assert again.read_text() == file.read_text()


@pytest.mark.usefixtures("asked")
def test_an_abort_is_heard_while_the_job_is_still_loading(project):
    job = project.add_picker(diameter=200)
    with project.start(job) as program:
        folder = project.folder / job
        wait_until((folder / "run.out").exists, "the start of the job")
        (folder / "RELION_JOB_ABORT_NOW").touch()
        program.wait()
    assert project.states()[job] == ABORTED
    assert picks(project, job) == []


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"diameter": 200, "treshold": 0.3}, "Did you mean"),
        ({"threshold": 0.3}, "Missing option '--diameter'"),
    ],
)
def test_a_wrong_label_is_a_failure_with_its_reason(project, parameters, reason):
    job = project.add_picker(**parameters)
    project.run(job)
    assert project.states()[job] == FAILED
    assert reason in project.text(f"{job}run.err")


@pytest.mark.usefixtures("asked")
def test_a_continued_job_counts_edits(project, picked):
    """Picks that are removed by hand stay removed, and are in no total."""
    job = project.add_picker(diameter=200)
    project.run(job)
    edited, *_ = picks(project, job)
    before = len(read_coordinates(edited))
    edited.write_text("")  # as RELION's viewer saves a micrograph without picks
    project.run(job)
    assert edited.read_text() == ""
    total = sum(len(read_coordinates(file)) for file in picks(project, picked)) - before
    last = project.text(f"{job}run.out").split("6 more were finished before")[1]
    assert last.startswith(", 1 of them edited by hand since")
    assert f"\n{total} particles accepted in total" in last
    extraction = project.add_extraction(f"{job}coords_suffix_autopick.star")
    project.run(extraction)
    assert len(project.table(f"{extraction}particles.star")) == total
