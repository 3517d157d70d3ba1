import json

import numpy as np

from napari_drpnet.evaluation.class_report import classes_to_json, format_classes
from napari_drpnet.evaluation.class_scores import evaluate_classes

TRUTH = np.ones((20, 30), np.uint8)
TRUTH[:, 20:] = 4
FOUND = np.ones((20, 30), np.uint8)
FOUND[:, 25:] = 4
EVALUATIONS = {"m": evaluate_classes(FOUND, TRUTH), "n": evaluate_classes(TRUTH, TRUTH)}


def test_the_table_has_micrographs_classes_and_the_confusion_matrix():
    lines = format_classes(EVALUATIONS).splitlines()
    rows = {line.split("  ")[0]: line.split()[-6:] for line in lines if line}
    assert lines[0].startswith("Scored: 100.0% of the pixels")
    assert rows["m"] == ["0.800", "-", "-", "0.500", "0.650", "0.650"]
    assert rows["all pixels"] == ["0.889", "-", "-", "0.750", "0.819", "0.819"]
    assert lines[-1].split() == ["carbon", "25.0", "0.0", "0.0", "75.0"]
    assert lines[-2].split() == ["ice", "-", "-", "-", "-"]


def test_json_has_the_same_numbers():
    shown = json.loads(json.dumps(classes_to_json(EVALUATIONS), allow_nan=False))
    assert [each["name"] for each in shown["micrographs"]] == ["m", "n"]
    assert shown["micrographs"][0]["scores"]["carbon"]["iou"] == 0.5
    assert shown["micrographs"][0]["scores"]["ice"]["iou"] is None
    assert shown["pooled"]["confusion"][3] == [100, 0, 0, 300]
    assert shown["pooled"]["strict"]["confusion"] == shown["pooled"]["confusion"]
