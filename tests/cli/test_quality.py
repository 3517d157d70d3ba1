import json
from pathlib import Path

import pytest

from relion_jobs import (
    CLASS2D,
    JOB,
    POSTPROCESS,
    SELECT,
    random_directions,
    write_project,
    write_refinement,
)


@pytest.fixture(autouse=True)
def project(drpnet):
    return write_project(Path())


def test_a_table_and_a_page(drpnet):
    shown = drpnet("quality", JOB, "--postprocess", POSTPROCESS, "--classes", CLASS2D).stdout
    assert "36.0 Å (corrected)" in shown
    assert "2 of 4 (by rule)" in shown
    assert shown.endswith(f"Report: {JOB}/quality/quality.html\n")
    assert Path(JOB, "quality/views.png").exists()


def test_two_jobs_with_their_own_jobs(drpnet):
    other = "Refine3D/job009"
    write_refinement(Path(other), random_directions(120))
    options = ("--postprocess", POSTPROCESS, "--select", SELECT, "--out", "both", "--json")
    content = json.loads(drpnet("quality", JOB, "--compare", other, *options).stdout)
    first, second = content["sets"]
    assert (first["fsc"]["source"], second["fsc"]["source"]) == ("PostProcess", "half maps")
    assert (first["selected_particles"], second["selected_particles"]) == (290, None)
    assert [each["particles"] for each in content["at_equal_count"]] == [120, 120]
    assert Path("both/quality.html").exists()


def test_wrong_usage_and_bad_jobs(drpnet):
    shown = drpnet("quality", JOB, "--select", SELECT, "--select", SELECT, code=2).stderr
    assert "--select is given 2 times for 1 jobs" in shown
    assert "exclude" in drpnet("quality", JOB, "--reconstruct", "--refined", JOB, code=2).stderr
    assert "Select/job008: has no run_data.star" in drpnet("quality", SELECT, code=1).stderr
    assert "no such folder" in drpnet("quality", "gone", "--out", "gone", code=1).stderr
    assert not Path("gone").exists()
