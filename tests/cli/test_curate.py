import json
from pathlib import Path

import pytest

from napari_drpnet.relion.lists import read_micrographs_star

LIST = "data_micrographs\nloop_\n_rlnMicrographName\nin/m0.mrc\nin/m1.mrc\nin/m9.mrc\n"


@pytest.fixture(autouse=True)
def picked(drpnet, micrographs):
    drpnet("pick", "in", "--out", "out", "--diameter", 36)


def test_the_excluded_are_told_with_reasons(drpnet):
    Path("list.star").write_text(LIST)
    Path("bad.txt").write_text("m1.mrc\n")
    options = ("--in-mics", "list.star", "--min-count", 5, "--exclude", "bad.txt")
    shown = drpnet("curate", "out", *options).stdout.splitlines()
    assert shown == [
        "in/m1.mrc  excluded: named to be excluded",
        "in/m9.mrc  excluded: not picked",
        "1 of 3 micrographs kept, with 16 particles",
        "Wrote micrographs_selected.star",
    ]
    kept = read_micrographs_star("micrographs_selected.star")
    assert [entry.name for entry in kept] == ["in/m0.mrc"]


def test_json(drpnet):
    shown = json.loads(drpnet("curate", "out", "--out", "new.star", "--json").stdout)
    assert shown["kept"] == ["in/m0.mrc", "in/m1.mrc", "in/m2.mrc"]
    assert shown["excluded"] == {}
    assert shown["out"] == "new.star"


def test_nothing_is_overwritten_unasked(drpnet):
    Path("list.star").write_text(LIST)
    drpnet("curate", "out", "--out", "new.star")
    assert "--overwrite" in drpnet("curate", "out", "--out", "new.star", code=2).stderr
    drpnet("curate", "out", "--out", "new.star", "--overwrite")
    itself = ("--in-mics", "list.star", "--out", "list.star", "--overwrite")
    assert "--in-mics itself" in drpnet("curate", "out", *itself, code=2).stderr
    assert Path("list.star").read_text() == LIST


def test_rules_that_nothing_meets(drpnet):
    message = drpnet("curate", "out", "--min-count", 999, code=1).stderr
    assert "no micrograph would be kept. Relax the rules." in message
    doubtful = drpnet("curate", "out", "--min-expected-f1", 0.9, code=1).stderr
    assert "no micrograph would be kept" in doubtful
    assert "--max-contamination" in drpnet("curate", "out", "--max-contamination", 2, code=2).stderr
