import json
from dataclasses import replace

import pytest

from napari_drpnet.quality.assess import JobChoice, assess
from napari_drpnet.quality.efficiency import Efficiency
from napari_drpnet.quality.fsc import Resolution
from napari_drpnet.quality.summary import (
    format_efficiency,
    format_quality,
    quality_to_json,
    summary_rows,
)
from relion_jobs import CLASS2D, JOB, LOCAL, POSTPROCESS, SELECT, write_project


@pytest.fixture(scope="module")
def quality(tmp_path_factory):
    project = write_project(tmp_path_factory.mktemp("project"))
    jobs = (project / job for job in (JOB, POSTPROCESS, SELECT, LOCAL, CLASS2D))
    return assess(JobChoice(*jobs))


def test_the_rows_of_one_set(quality):
    heading, *rows = summary_rows([quality])
    assert heading == ["", JOB]
    cells = dict(rows)
    assert cells["particles"] == "300"
    assert cells["views, folded"] == f"{quality.views.counts.stored} of 12,288"
    assert cells["E_od (after Naydenova & Russo)"] == f"{quality.views.efficiency.value:.2f}"
    assert cells["resolution at FSC 0.143"] == "36.0 Å (corrected)"
    assert cells["local resolution, median"] == "20.0 Å (20.0–20.0)"
    assert cells["good 2D classes"] == "2 of 4 (selected)"
    assert cells["particles in good classes"] == "290 of 300"


def test_what_one_of_two_sets_lacks_is_a_dash(quality):
    bare = replace(quality, name="Refine3D/job009", fsc=None, classes=(), selection=None)
    heading, *rows = summary_rows([bare, quality])
    assert heading == ["", "Refine3D/job009", JOB]
    assert {len(row) for row in rows} == {3}
    cells = {name: values for name, *values in rows}
    assert cells["good 2D classes"] == ["-", "2 of 4 (selected)"]


def test_precision_is_that_of_all_good_classes(quality):
    counts = [(250, 20), (10, 10), (1, 9), (0, 0)]
    classes = tuple(
        replace(each, right=right, wrong=wrong)
        for each, (right, wrong) in zip(quality.classes, counts, strict=True)
    )
    cells = dict(summary_rows([replace(quality, classes=classes)]))
    assert cells["precision, good classes"] == "89.7% (260 true, 30 false)"
    assert cells["precision, other classes"] == "10.0% (1 true, 9 false)"


def test_a_resolution_at_nyquist_is_a_limit(quality):
    limit = Resolution(18.0, 18.0, at_nyquist=True, rises_again=False)
    cells = dict(summary_rows([replace(quality, fsc=replace(quality.fsc, resolution=limit))]))
    assert cells["resolution at FSC 0.143"] == "≤ 18.0 Å (corrected)"
    cells = dict(summary_rows([replace(quality, fsc=replace(quality.fsc, resolution=None))]))
    assert cells["resolution at FSC 0.143"] == "- (corrected)"


def test_an_efficiency_below_zero_is_shown_as_zero():
    assert format_efficiency(Efficiency(-0.3, 4, 3, 2, 9)) == "0 (below 0)"
    assert format_efficiency(None) == "-"


def test_the_table_ends_with_the_notes(quality):
    text = format_quality([replace(quality, notes=("Look at this.",))])
    assert text.endswith(f"\n\n{JOB}: Look at this.")
    assert not format_quality([quality]).endswith("\n")


def test_json_has_all_numbers(quality):
    content = json.loads(json.dumps(quality_to_json([quality]), allow_nan=False))
    (one,) = content["sets"]
    assert one["particles"] == 300
    assert one["fsc"]["resolution"]["angstrom"] == 36
    assert one["classes"][0]["is_good"]
    assert one["views"]["possible"] == 12288
    assert content["at_equal_count"] == []
