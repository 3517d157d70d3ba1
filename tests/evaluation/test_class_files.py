import numpy as np
import pytest

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.evaluation.class_files import evaluate_class_files
from napari_drpnet.formats import write_class_map

CLASSES = np.ones((20, 30), np.uint8)
CLASSES[:8, 5:] = 4


@pytest.fixture
def write(tmp_path):
    def write_one(name, classes=CLASSES):
        write_class_map(tmp_path / name, classes)
        return tmp_path / name

    return write_one


def test_files_are_paired_by_the_name_of_the_micrograph(tmp_path, write):
    for name in ("found/a_classes.png", "found/sub/b.png", "truth/a.png", "truth/b_classes.png"):
        write(name)
    write("found/extra.png")
    write("truth/.hidden.png")
    evaluations = evaluate_class_files(tmp_path / "found", tmp_path / "truth")
    assert [*evaluations] == ["a", "b"]
    assert all(each.mean_iou == 1 for each in evaluations.values())


def test_folders_count_if_names_are_not_unique(tmp_path, write):
    for folder in ("found", "truth"):
        write(f"{folder}/one/a.png")
        write(f"{folder}/two/a.png", 5 - CLASSES)
    evaluations = evaluate_class_files(tmp_path / "found", tmp_path / "truth")
    assert {name: each.mean_iou for name, each in evaluations.items()} == {"one/a": 1, "two/a": 1}


def test_two_files_are_paired_whatever_their_names(write):
    evaluations = evaluate_class_files(write("a.png"), write("b.png", CLASSES[::2, ::2]))
    assert [each.mean_iou for each in evaluations.values()] == [1]


def test_the_truth_is_mirrored_on_request(write):
    found, truth = write("a.png"), write("b.png", CLASSES[::-1])
    assert evaluate_class_files(found, truth)["a.png"].mean_iou < 0.6
    assert evaluate_class_files(found, truth, 20)["a.png"].mean_iou == 1
    with pytest.raises(InputFileError, match=r"b.png: has 20 rows, not 21"):
        evaluate_class_files(found, truth, 21)


def test_what_cannot_be_paired_is_named(tmp_path, write):
    write("truth/a.png")
    (tmp_path / "found").mkdir()
    with pytest.raises(InputFileError, match="found: no class map"):
        evaluate_class_files(tmp_path / "found", tmp_path / "truth")
    write("found/b.png")
    with pytest.raises(InputFileError, match="found: has no class map of a"):
        evaluate_class_files(tmp_path / "found", tmp_path / "truth")
    write("found/a.png", CLASSES.T)
    with pytest.raises(InputFileError, match=r"aspect|larger"):
        evaluate_class_files(tmp_path / "found", tmp_path / "truth")
