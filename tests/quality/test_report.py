import json
from dataclasses import replace

import pytest

from napari_drpnet.quality.assess import JobChoice, assess
from napari_drpnet.quality.report import write_quality
from relion_jobs import CLASS2D, JOB, POSTPROCESS, SELECT, write_project


@pytest.fixture(scope="module")
def quality(tmp_path_factory):
    project = write_project(tmp_path_factory.mktemp("project"))
    jobs = (project / job for job in (JOB, POSTPROCESS, SELECT))
    return assess(JobChoice(*jobs, classes=project / CLASS2D))


def test_a_page_with_its_figures_and_numbers(quality, tmp_path):
    paths = write_quality([quality], tmp_path / "new" / "quality")
    names = ["quality.html", "quality.json", "views.png", "fsc.png", "classes.png"]
    assert [path.name for path in paths] == names
    assert all(path.exists() for path in paths)
    assert json.loads(paths[1].read_text())["sets"][0]["job"] == JOB
    page = paths[0].read_text()
    assert page.count("data:image/png") == 3
    assert "36.0 Å (corrected)" in page
    assert "selected in RELION" in page
    assert "Precision" not in page


def test_a_page_of_two_sets_escapes_names_and_shows_notes(quality, tmp_path):
    classes = tuple(replace(each, right=1, wrong=1) for each in quality.classes)
    other = replace(quality, name="<script>", notes=("Beware.",), classes=classes)
    page = write_quality([quality, other], tmp_path)[0].read_text()
    assert "&lt;script&gt;: Beware." in page
    assert "<script>" not in page
    assert "2D classes of &lt;script&gt;" in page
    assert "Precision" in page
