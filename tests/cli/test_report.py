import json
from pathlib import Path

import pytest

pytestmark = pytest.mark.usefixtures("micrographs")
OUT = ("--out", "out", "--diameter", 36)


def test_a_page_in_the_end_of_a_run_and_later(drpnet):
    shown = drpnet("pick", "in", *OUT, "--report").stdout
    assert shown.endswith("Report: out/report.html\n")
    Path("out/report.html").unlink()
    assert drpnet("report", "out").stdout == "Report: out/report.html\n"
    assert "in/m2.mrc" in Path("out/report.html").read_text()


def test_json_stays_alone_on_stdout(drpnet):
    result = drpnet("pick", "in", *OUT, "--report", "--json")
    assert len(json.loads(result.stdout)["micrographs"]) == 3
    assert "out/report.html" in result.stderr


def test_micrographs_that_failed_have_a_page_too(drpnet):
    Path("bad.mrc").write_text("bad")
    result = drpnet("pick", "bad.mrc", *OUT, "--report", code=1)
    assert "1 micrograph FAILED" in result.stderr
    assert "bad.mrc" in Path("out/report.html").read_text()


def test_a_folder_without_a_run_is_an_error(drpnet):
    assert "summary.json: is missing" in drpnet("report", "in", code=1).stderr
