import shutil
from pathlib import Path

import pytest

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.picking import loading
from napari_drpnet.picking.loading import (
    NetworkCache,
    choose_weights,
    load_networks,
    weights_names,
)
from napari_drpnet.picking.networks.weights import find_weights
from napari_drpnet.picking.parameters import PickParameters

GIVEN = {"particle": {"diameter_angstrom": 36.0}}

pytestmark = pytest.mark.usefixtures("use_toy_weights")


def test_weights_are_read_again_only_if_they_have_changed(tmp_path, monkeypatch):
    file, read = tmp_path / "own.safetensors", []
    shutil.copy(find_weights("default", "detector"), file)
    original = loading.read_card_and_hash
    monkeypatch.setattr(
        loading, "read_card_and_hash", lambda path: read.append(path) or original(path)
    )
    for _ in range(3):
        choose_weights(PickParameters.model_validate(GIVEN | {"detector": {"weights": str(file)}}))
    assert read.count(file) == 1
    file.write_bytes(file.read_bytes() + b" ")
    choose_weights(PickParameters.model_validate(GIVEN | {"detector": {"weights": str(file)}}))
    assert read.count(file) == 2


def test_missing_weights_are_an_error_about_that_file():
    parameters = PickParameters.model_validate(
        GIVEN | {"detector": {"weights": "/nowhere/a.safetensors"}}
    )
    with pytest.raises(InputFileError, match="nowhere"):
        choose_weights(parameters)


def test_names_of_weights_are_listed_by_kind(tmp_path, monkeypatch, toy_weights):
    monkeypatch.setenv("DRPNET_WEIGHTS", str(tmp_path))
    for kind in ("detector", "classifier"):
        shutil.copy(
            toy_weights / f"{kind}-default.safetensors", tmp_path / f"my-{kind}.safetensors"
        )
    Path(tmp_path, "broken.safetensors").write_bytes(b"no")
    detectors, classifiers = weights_names("detector"), weights_names("classifier")
    assert detectors[0] == classifiers[0] == "default"
    assert "my-detector" in detectors
    assert "my-classifier" not in detectors
    assert "my-classifier" in classifiers
    assert not {"broken", "detector-default"} & {*detectors}


def test_networks_stay_loaded_while_they_are_the_same():
    cache, parameters = NetworkCache(), PickParameters.model_validate(GIVEN)
    sha256 = choose_weights(parameters).sha256
    assert sha256 == load_networks(parameters).sha256
    assert cache.load(parameters, sha256) is cache.load(parameters, sha256)


def test_weights_that_have_changed_meanwhile_are_refused():
    parameters = PickParameters.model_validate(GIVEN)
    with pytest.raises(InputFileError, match="have changed since"):
        NetworkCache().load(parameters, ("0" * 64, None))


def test_a_default_segmenter_is_named_only_if_there_is_one(monkeypatch, toy_segmenter):
    folder = Path(toy_segmenter).parent
    monkeypatch.setenv("DRPNET_WEIGHTS", str(folder))
    monkeypatch.setattr("napari_drpnet.picking.networks.weights._SHIPPED", folder)
    assert weights_names("segmenter") == ["toy-segmenter"]
    assert "toy-segmenter" in weights_names("detector")
    shutil.copy(toy_segmenter, folder / "segmenter-default.safetensors")
    assert weights_names("segmenter") == ["default", "toy-segmenter"]
