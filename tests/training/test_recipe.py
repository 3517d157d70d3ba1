"""The recipe of the shipped weights, at toy size, and how it chooses its numbers."""

import numpy as np
import pytest

from napari_drpnet.errors import InputFileError
from napari_drpnet.networks.weights import load_classifier, load_detector
from napari_drpnet.training.fit import ClassifierRecipe, DetectorRecipe
from napari_drpnet.training.labels import LabelledCandidates
from napari_drpnet.training.recipe import (
    TRAINING,
    VALIDATION,
    choose_cuts,
    choose_threshold,
    f1,
    train_weights,
)


def found(height, right, particles):
    return LabelledCandidates(
        np.zeros((len(height), 2)), np.array(height, float), np.array(right, bool), particles
    )


def write_structures(folder):
    rng = np.random.default_rng(0)
    for entry in (*TRAINING, *VALIDATION):
        atoms = rng.normal(0, 30, (500, 3))
        lines = [
            f"ATOM  {i:5d}  CA  ALA A{i:4d}    {x:8.3f}{y:8.3f}{z:8.3f}  1.00  0.00           C"
            for i, (x, y, z) in enumerate(atoms, 1)
        ]
        (folder / f"{entry}.pdb").write_text("\n".join([*lines, "END"]) + "\n")


def test_a_toy_run_writes_weights_that_load_with_their_recipe(tmp_path):
    write_structures(tmp_path)
    told = []
    train_weights(
        tmp_path,
        tmp_path / "out",
        DetectorRecipe(fields=3, looks=1, steps=3, batch=2),
        ClassifierRecipe(epochs=1, batch=2, least_height=0.0),
        validation_fields=2,
        workers=1,
        tell=told.append,
    )
    detector = load_detector(str(tmp_path / "out" / "detector-default.safetensors"))
    classifier = load_classifier(str(tmp_path / "out" / "classifier-default.safetensors"))
    assert detector.card.recipe["steps"] == 3
    assert "1bxn" in detector.card.trained_on
    assert classifier.module.patch_px == classifier.card.patch_px == 40
    assert told[0] == "3 training fields, 2 validation fields"


def test_a_missing_structure_is_named(tmp_path):
    with pytest.raises(InputFileError, match=TRAINING[0]):
        train_weights(tmp_path, tmp_path, DetectorRecipe(), ClassifierRecipe())


def test_f1_counts_what_is_missed_and_what_is_wrong():
    record = found([0.9, 0.8, 0.3], [True, False, True], particles=4)
    assert f1(record, record.height >= 0.5) == pytest.approx(2 * 1 / (4 + 2))
    assert f1(record, record.height >= 0.1) == pytest.approx(2 * 2 / (4 + 3))
    assert f1(found([], [], 0), np.zeros(0, bool)) == 1


def test_the_threshold_separates_and_false_picks_on_empty_fields_cost():
    full = found([0.9, 0.8, 0.35, 0.3], [True, True, False, False], particles=2)
    threshold, score = choose_threshold([full])
    assert 0.35 < threshold <= 0.8
    assert score == 1
    empty = found(np.full(20, 0.6), np.zeros(20, bool), particles=0)
    threshold, score = choose_threshold([full, empty])
    assert 0.6 < threshold <= 0.8
    assert score == 1


def test_a_classifier_that_knows_allows_a_lower_threshold():
    field = found([0.9, 0.8, 0.35, 0.3], [True, False, True, False], particles=2)
    threshold, accept, score = choose_cuts([field], [np.array([0.9, 0.2, 0.8, 0.1])])
    assert threshold <= 0.35
    assert 0.2 < accept <= 0.8
    assert score == 1
