from pathlib import Path

import pytest

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.batch import Outputs, list_entries, pick_micrographs
from napari_drpnet.batch.relion_job import list_micrographs, state_of
from napari_drpnet.batch.results.logfile import describe, find_examples, write_logfile
from napari_drpnet.picking.parameters import ParticleParameters, PickParameters
from napari_drpnet.relion import JobFolder
from napari_drpnet.relion.star_tables import write_table


def states(folder):
    return [path.name for path in folder.glob("RELION_JOB_*")]


def test_a_job_has_one_end_at_a_time(tmp_path):
    job = JobFolder(tmp_path / "External/job001")
    job.end("FAILURE")
    assert states(job.path) == ["RELION_JOB_EXIT_FAILURE"]
    job.begin()
    assert states(job.path) == []
    job.abort_file.touch()
    job.begin()
    assert states(job.path) == ["RELION_JOB_ABORT_NOW"]
    job.end("ABORTED")
    assert states(job.path) == ["RELION_JOB_EXIT_ABORTED"]


def test_tiff_is_refused_because_relion_turns_it(tmp_path):
    star = tmp_path / "micrographs.star"
    write_table(star, "micrographs", {"rlnMicrographName": ["Movies/a.mrc", "Movies/b.TIF"]})
    with pytest.raises(InputFileError, match=r"TIFF \(Movies/b.TIF\), which RELION turns upside"):
        list_micrographs(star, JobFolder(tmp_path))


@pytest.fixture
def picked(tmp_path, monkeypatch, use_toy_weights, write_discs):
    """Pick five micrographs of which each has more particles than the one before, and a bad one."""
    monkeypatch.chdir(tmp_path)
    for number in range(5):
        write_discs(f"in/m{number}.mrc", number, side=120 + 40 * number)
    Path("in/bad.mrc").write_text("bad")
    entries = list_entries(["in"], "out")
    parameters = PickParameters(particle=ParticleParameters(diameter_angstrom=36))
    return entries, pick_micrographs(entries, parameters, Outputs(Path("out")))


def test_the_log_has_numbers_and_examples(picked):
    entries, report = picked
    assert [len(report.picked), len(report.failed)] == [5, 1]
    assert state_of(report) == "SUCCESS"
    assert [each.name for each in find_examples(report.picked)] == [
        "in/m0.mrc", "in/m2.mrc", "in/m4.mrc"
    ]  # fmt: skip
    write_logfile(Path("out/logfile.pdf"), report, entries)
    content = Path("out/logfile.pdf").read_bytes()
    assert content.startswith(b"%PDF")
    assert content.count(b"/Type /Page ") == 4
    assert len(content) < 1_000_000


@pytest.mark.parametrize(
    ("least_f1", "cuts"),
    [
        (None, "height ≥ 0, P(particle) ≥ 0.5, fixed"),
        (0.5, "height ≥ 0, P(particle) ≥ 0.42, automatic"),
        (0.9, "height ≥ 0, nothing accepted, automatic"),
    ],
)
def test_the_log_tells_cuts_and_advice(
    tmp_path, monkeypatch, use_toy_weights, use_automatic_weights, write_discs, least_f1, cuts
):
    monkeypatch.chdir(tmp_path)
    if least_f1 is not None:
        use_automatic_weights(least_f1)
    write_discs("in/m0.mrc")
    entries = list_entries(["in"], "out")
    parameters = PickParameters(particle=ParticleParameters(diameter_angstrom=36))
    report = pick_micrographs(entries, parameters, Outputs(Path("out")))
    text = " ".join(describe(report).split())
    assert f"Particle diameter 36 Å, {cuts}, weights default and default" in text
    assert "in/m0.mrc: A particle diameter of 36 Å is smaller" in text
    assert ("and 0.90 is asked for" in text) == (least_f1 == 0.9)
    write_logfile(Path("out/logfile.pdf"), report, entries)
    assert Path("out/logfile.pdf").read_bytes().startswith(b"%PDF")


def test_an_example_that_has_gone_is_left_out(picked):
    entries, report = picked
    Path("in/m2.mrc").unlink()
    write_logfile(Path("out/logfile.pdf"), report, entries)
    assert Path("out/logfile.pdf").read_bytes().count(b"/Type /Page ") == 3


def test_few_micrographs_are_shown_once(picked):
    _, report = picked
    assert find_examples([]) == []
    assert len(find_examples(report.picked[:1])) == 1
    assert len(find_examples(report.picked[:2])) == 2
