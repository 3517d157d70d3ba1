import json
from pathlib import Path

import numpy as np
import pytest

from napari_drpnet.formats import write_class_map


@pytest.fixture(autouse=True)
def files(drpnet):
    truth = np.ones((20, 30), np.uint8)
    truth[:, 20:] = 4
    found = truth.copy()
    found[:, 20:25] = 1
    write_class_map("truth/a.png", truth)
    write_class_map("found/a_classes.png", found)


EVALUATE = ("evaluate", "--classes", "found", "truth")


def test_the_table_and_the_json_agree(drpnet):
    shown = drpnet(*EVALUATE).stdout
    assert "0.500" in shown.split("carbon")[2]
    printed = json.loads(drpnet(*EVALUATE, "--json", "-").stdout)
    assert printed["pooled"]["scores"]["carbon"]["iou"] == 0.5
    assert drpnet(*EVALUATE, "--json", "out.json").stdout == shown
    assert json.loads(Path("out.json").read_text()) == printed


def test_the_truth_is_mirrored_on_request(drpnet):
    assert "all pixels" in drpnet(*EVALUATE, "--flip-truth-rows", 20).stdout
    assert "has 20 rows, not 30" in drpnet(*EVALUATE, "--flip-truth-rows", 30, code=1).stderr


def test_options_of_picks_are_refused(drpnet):
    options = ("--diameter", 9, "--border", 1, "--ignore-unlabelled")
    message = drpnet(*EVALUATE, *options, code=2).stderr
    assert "leave out --diameter, --border, --ignore-unlabelled" in message


def test_a_missing_file_is_named(drpnet):
    assert "there is no such file" in drpnet("evaluate", "--classes", "x", "y", code=1).stderr


def test_picks_still_need_a_diameter(drpnet):
    assert "Missing option '--diameter'" in drpnet("evaluate", "found", "truth", code=2).stderr
