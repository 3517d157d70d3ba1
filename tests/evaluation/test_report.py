"""The three forms of an evaluation."""

import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from napari_drpnet.evaluation.report import format_table, plot_evaluation, to_json
from napari_drpnet.evaluation.scores import Evaluation, ScoredMicrograph, evaluate_picks

NOTHING = ScoredMicrograph("blank.mrc", np.empty((0, 2)), np.empty(0), np.empty((0, 2)), 10.0)
ALL_WRONG = ScoredMicrograph("ice.mrc", np.array([[5.0, 5.0]]), np.ones(1), np.empty((0, 2)), 10.0)


@pytest.fixture
def evaluation() -> Evaluation:
    truth = np.array([[0.0, 0.0], [50.0, 50.0]])
    picks = np.array([[0.0, 3.0], [0.0, 1.0], [90.0, 90.0]])
    return evaluate_picks(
        [ScoredMicrograph("first.mrc", picks, np.array([0.9, 0.8, 0.1]), truth, 10.0), NOTHING],
        threshold=0.5,
    )


def test_json_holds_every_number_and_survives_strict_json(evaluation):
    data = json.loads(json.dumps(to_json(evaluation), allow_nan=False))
    assert data["threshold"] == 0.5
    main, strict = data["radii"]
    assert (main["radius_diameters"], strict["radius_diameters"]) == (0.5, 0.25)
    assert main["micro"] == {
        "true_positives": 1,
        "false_positives": 1,
        "false_negatives": 1,
        "precision": 0.5,
        "recall": 0.5,
        "f1": 0.5,
    }
    assert main["macro"] == {"precision": 0.75, "recall": 0.75, "f1": 0.75}
    assert main["average_precision"] == 0.5
    assert main["best"]["threshold"] == 0.9
    assert main["median_centring_error_diameters"] == 0.1
    assert [m["name"] for m in main["micrographs"]] == ["first.mrc", "blank.mrc"]
    assert main["micrographs"][1]["median_centring_error_px"] is None
    assert main["curve"]["threshold"] == [0.9, 0.8, 0.1]
    assert strict["best"]["threshold"] == 0.8


@pytest.mark.parametrize("micrograph", [NOTHING, ALL_WRONG])
def test_undefined_numbers_are_null_and_dashes(micrograph, tmp_path):
    empty = evaluate_picks([micrograph])
    main = json.loads(json.dumps(to_json(empty), allow_nan=False))["radii"][0]
    assert main["average_precision"] is main["best"] is main["median_centring_error_px"] is None
    assert format_table(empty).splitlines()[-1].split()[-3:] == ["-", "-", "-"]
    plot_evaluation(empty, tmp_path / "empty.png")


def test_table_states_the_rule_and_shows_each_micrograph_and_both_averages(evaluation):
    assert format_table(evaluation) == (
        "Matching: one-to-one, distance ≤ 0.5 diameter, most pairs first, then least distance\n"
        "Operating point: score ≥ 0.5\n"
        "\n"
        "micrograph      right  wrong  missed  precision  recall     F1  error px\n"
        "────────────────────────────────────────────────────────────────────────\n"
        "first.mrc           1      1       1      0.500   0.500  0.500      1.00\n"
        "blank.mrc           0      0       0      1.000   1.000  1.000         -\n"
        "micro (pooled)      1      1       1      0.500   0.500  0.500      1.00\n"
        "macro (mean)                              0.750   0.750  0.750\n"
        "\n"
        "distance ≤     micro F1  macro F1  error/diameter  average precision  best F1"
        "  at score ≥\n"
        "─────────────────────────────────────────────────────────────────────────────"
        "────────────\n"
        "0.5 diameter      0.500     0.750           0.100              0.500    0.667"
        "         0.9\n"
        "0.25 diameter     0.500     0.750           0.100              0.250    0.500"
        "         0.8\n"
    )


def test_plot_draws_curve_and_points_and_replaces_the_file(evaluation, tmp_path):
    path = tmp_path / "figures" / "pr.png"
    plot_evaluation(evaluation, path)
    plot_evaluation(evaluation, path)
    with Image.open(path) as image:
        colours = {colour for _, colour in image.convert("RGB").getcolors(1 << 20)}
    assert {(0x00, 0x72, 0xB2), (0xD5, 0x5E, 0x00)} <= colours
    assert [file.name for file in path.parent.iterdir()] == ["pr.png"]


def test_importing_the_report_loads_no_matplotlib():
    code = "import sys, napari_drpnet.evaluation.report; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
