import csv
import json
from pathlib import Path

import pytest

from napari_drpnet.base.segmentation import CLASSES
from napari_drpnet.batch import FailedMicrograph, PickedMicrograph
from napari_drpnet.batch.results.summary import write_table
from napari_drpnet.formats.programs.csv import read_rows
from napari_drpnet.picking.advice import Advice


def picked(name, **values):
    settled = {"files": (), "accepted": 3, "above_threshold": 4, "diameter_px": 9.0,
               "pixel_size_angstrom": 1.0, "polarity": "dark", "polarity_confidence": 1.0,
               "seconds": 0.25}  # fmt: skip
    return PickedMicrograph(name=name, **(settled | values))


def test_a_row_for_each_micrograph_in_natural_order(tmp_path):
    failed = FailedMicrograph("a/m2.mrc", 'a/m2.mrc: it is "empty", really. Copy it again.')
    odd = (Advice("picks", "One thing, and a remedy."), Advice("scale", "Another."))
    known = {"mean_fom": 0.5, "accept": 0.25, "expected_f1": 2 / 3, "advice": odd}
    known |= {"on_dirt": 1, "dirty_area": 0.25}
    known["shares"] = dict(zip(CLASSES, (0.5, 0.25, 0, 0.25), strict=True))
    outcomes = [picked("a/m10.mrc", **known), picked("a/m2.mrc"), picked("a/m1.mrc"), failed]
    write_table(tmp_path / "summary.csv", outcomes)
    with open(tmp_path / "summary.csv", newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [
        ["name", "accepted", "above_threshold", "mean_fom", "accept", "expected_f1", "seconds",
         "status", "reason", "advice", "on_dirt", "dirty_area", *CLASSES],
        ["a/m1.mrc", "3", "4", "", "", "", "0.250", "picked", "", "", "0", *[""] * 5],
        ["a/m2.mrc", "", "", "", "", "", "", "failed", failed.message, *[""] * 7],
        ["a/m10.mrc", "3", "4", "0.5", "0.25", "0.666667", "0.250", "picked", "",
         "One thing, and a remedy. Another.", "1", "0.25", "0.5", "0.25", "0", "0.25"],
    ]  # fmt: skip


def test_records_of_an_older_version_still_count():
    old = picked("a.mrc").model_dump()
    for name in ("mean_fom", "fom_quantiles", "doubtful", "accept", "automatic", "valid_share",
                 "expected_precision", "expected_recall", "expected_f1", "advice", "on_dirt",
                 "dirty_area", "shares"):  # fmt: skip
        del old[name]
    again = PickedMicrograph.model_validate_json(json.dumps(old))
    assert again.fom_quantiles == again.advice == ()
    assert (again.accept, again.automatic, again.expected_f1) == (None, False, None)
    assert again.valid_share == 1
    assert (again.on_dirt, again.dirty_area, again.shares) == (0, None, {})


def test_records_keep_cut_scores_and_advice():
    told = (Advice("blank area", "7% of the micrograph is blank."),)
    new = picked(
        "a.mrc", accept=0.31, automatic=True, expected_f1=0.6, valid_share=0.93, advice=told
    )
    assert PickedMicrograph.model_validate_json(new.model_dump_json()) == new


def test_the_folder_has_both(pick, use_toy_weights):
    report = pick("in", "gone.mrc")
    stored = json.loads(Path("out/summary.json").read_text())
    assert [each["name"] for each in stored["micrographs"]] == [p.name for p in report.picked]
    assert [each["name"] for each in stored["errors"]] == ["gone.mrc"]
    assert stored["index"] == "out/autopick.star"
    assert stored["warnings"] == []
    assert [(each["topic"], each["micrographs"]) for each in stored["advice"]] == [("diameter", 3)]
    with open("out/summary.csv", newline="") as file:
        assert [row["status"] for row in csv.DictReader(file)] == ["failed", *["picked"] * 3]


def test_the_table_has_those_of_earlier_runs_too(pick, use_toy_weights):
    pick("in/sub/m0.mrc")
    pick("in/sub/m1.mrc", existing="resume")
    assert len(Path("out/summary.csv").read_text().splitlines()) == 3


@pytest.mark.parametrize("name", ["=1+1.mrc", "@a.mrc", "-a.mrc", "+a.mrc"])
def test_no_spreadsheet_takes_a_reason_for_a_formula(tmp_path, name):
    write_table(tmp_path / "a.csv", [FailedMicrograph(name, f"{name}: it is empty")])
    _, rows = read_rows(tmp_path / "a.csv", "name", "reason")
    assert rows[0][1]["name"] == name
    assert rows[0][1]["reason"] == f"'{name}: it is empty"
