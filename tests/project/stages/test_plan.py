import hashlib
import json
import shutil

import pytest

from napari_drpnet.picking.fingerprint import CUTS
from napari_drpnet.picking.loading import choose_weights
from napari_drpnet.picking.networks.weights import find_weights
from napari_drpnet.picking.parameters import PickParameters
from napari_drpnet.project.stages.plan import Plan
from napari_drpnet.project.state.edits import MicrographRecord

GIVEN = {"particle": {"diameter_angstrom": 36.0}}


@pytest.fixture
def record(tmp_path, write_discs):
    write_discs(tmp_path / "a.mrc")
    return MicrographRecord(
        id="m0001",
        name="a",
        path=tmp_path / "a.mrc",
        output="a",
        pixel_size_angstrom=None,
        defocus_angstrom=None,
    )


def keys(record, given=None, **stages):
    """The keys of a micrograph with these parameters."""
    parameters = PickParameters.model_validate(GIVEN | (given or {}) | stages)
    weights = choose_weights(parameters)
    plan = Plan(weights.resolve(parameters), weights)
    return plan.detection_key(record), plan.candidates_key(record)


pytestmark = pytest.mark.usefixtures("use_toy_weights")


@pytest.mark.parametrize(
    "change",
    [
        {"particle": {"diameter_angstrom": 37.0}},
        {"particle": {"diameter_angstrom": 36.0, "pixel_size_angstrom": 2.5}},
        {"particle": {"diameter_angstrom": 36.0, "polarity": "bright"}},
        {"detector": {"precision": "bfloat16"}},
        {"detector": {"normalization": "published"}, "peaks": {"threshold": 1.0}},
        {"detector": {"map_units": "published"}, "peaks": {"threshold": 1.0}},
        {"classifier": {"classifier": "none"}},
    ],
)
def test_another_map_has_other_keys(record, change):
    before, after = keys(record), keys(record, change)
    assert before[0] != after[0]
    assert before[1] != after[1]


@pytest.mark.parametrize(
    "peaks",
    [{"sigma_px": 3.0}, {"min_distance": 0.7}, {"border": 1.0}, {"score": "prominence"}],
)
def test_other_candidates_of_the_same_map_have_another_key(record, peaks):
    before, after = keys(record), keys(record, peaks=peaks | {"threshold": 1.0})
    assert before[0] == after[0]
    assert before[1] != after[1]


def test_cuts_and_the_device_change_no_key(record):
    cuts = {
        "peaks": {"threshold": 0.7, "level": 3, "max_count": 5},
        "classifier": {"accept": 0.1, "least_f1": 0.5},
        "segmenter": {"clearance": 0.5},
        "detector": {"device": "cuda"},
    }
    assert {name for stage in cuts.values() for name in stage} - {"device"} == CUTS
    assert keys(record, **cuts) == keys(record)


def test_what_the_weights_recommend_has_the_key_of_the_same_given(record):
    parameters = PickParameters.model_validate(GIVEN)
    resolved = choose_weights(parameters).resolve(parameters)
    assert resolved.peaks.sigma_px is not None
    given = {"detector": resolved.detector, "peaks": resolved.peaks}
    assert keys(record, **given) == keys(record)


def test_another_file_or_pixel_size_has_other_keys(record, write_discs):
    before = keys(record)
    assert keys(record.model_copy(update={"pixel_size_angstrom": 2.5})) != before
    assert keys(record.model_copy(update={"name": "b", "included": False})) == before
    record.path.unlink()
    assert keys(record) != before
    write_discs(record.path, seed=1, side=200)
    assert keys(record) != before


def test_other_weights_have_other_keys_whatever_their_name(record, tmp_path):
    file = tmp_path / "own.safetensors"
    shutil.copy(find_weights("default", "detector"), file)
    before = keys(record)
    assert keys(record, detector={"weights": str(file)}) == before
    content = file.read_bytes()
    file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert keys(record, detector={"weights": str(file)}) != before


def test_another_classifier_has_another_key_for_candidates_alone(record, tmp_path):
    file = tmp_path / "own.safetensors"
    content = find_weights("default", "classifier").read_bytes()
    file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    before, after = keys(record), keys(record, classifier={"classifier": str(file)})
    assert before[0] == after[0]
    assert before[1] != after[1]


def test_the_keys_are_those_of_versions_without_segmenters(record):
    weights = choose_weights(PickParameters.model_validate(GIVEN)).sha256
    particle = {"diameter_angstrom": 36.0, "pixel_size_angstrom": None, "polarity": "auto"}
    detector = {
        "weights": weights.detector,
        "precision": "float32",
        "normalization": "robust",
        "map_units": "absolute",
    }
    peaks = {"sigma_px": 1.5, "score": "height", "min_distance": 0.5, "border": 0.5}
    status = record.path.stat()
    source = [None, status.st_size, status.st_mtime_ns]
    detection = {
        "particle": particle,
        "detector": detector,
        "classifier_view": [9.0, "robust", None],
    }
    candidates = {
        "particle": particle,
        "detector": detector,
        "peaks": peaks,
        "classifier": {"classifier": weights.classifier},
    }
    old = [
        hashlib.sha256(json.dumps([settings, source]).encode()).hexdigest()
        for settings in (detection, candidates)
    ]
    assert keys(record) == tuple(old)


def test_parameters_of_dirt_change_the_key_of_candidates_alone(record, toy_segmenter):
    chosen = {"segmenter": toy_segmenter}
    without, before = keys(record), keys(record, segmenter=chosen)
    assert without[0] != before[0]
    assert without[1] != before[1]
    for change in ({"dirt_probability": 0.3}, {"least_speck": 2.0}):
        after = keys(record, segmenter=chosen | change)
        assert before[0] == after[0]
        assert before[1] != after[1]
        assert keys(record, segmenter=change) == without  # no segmenter, no effect
    assert keys(record, segmenter=chosen | {"clearance": 1.0}) == before


def test_parameters_of_components_change_the_key_of_candidates_alone(record, toy_segmenter):
    detector = {"weights": toy_segmenter}
    before = keys(record, detector=detector)
    after = keys(record, detector=detector, segmenter={"erosion": 0.2})
    assert before[0] == after[0]
    assert before[1] != after[1]


def test_a_plan_knows_what_its_segmenter_is_for(toy_segmenter):
    def plan(**stages):
        parameters = PickParameters.model_validate(GIVEN | stages)
        weights = choose_weights(parameters)
        return Plan(weights.resolve(parameters), weights)

    plans = plan(), plan(segmenter={"segmenter": toy_segmenter})
    plans += (plan(detector={"weights": toy_segmenter}),)
    assert [each.has_segmenter for each in plans] == [False, True, True]
    assert [each.picks_by_segmentation for each in plans] == [False, False, True]
