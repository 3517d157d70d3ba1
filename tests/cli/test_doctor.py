import json

import pytest

from napari_drpnet import __version__


def test_a_complete_installation(drpnet, toy_weights):
    found = json.loads(drpnet("doctor", "--json").stdout)
    assert found["problems"] == []
    assert found["Versions"]["napari-drpnet"] == __version__
    assert found["Weights"]["detector-default"].startswith(str(toy_weights))
    assert "(" in found["Devices"]["chosen"]
    shown = drpnet("doctor").output
    assert shown.endswith("Everything is here.\n")
    assert "torch" in shown


def test_the_manifest_is_valid_where_it_can_be_checked(drpnet):
    pytest.importorskip("npe2")
    assert json.loads(drpnet("doctor", "--json").stdout)["Window"]["manifest"].startswith("valid")


def test_damaged_default_weights_are_a_problem(drpnet, tmp_path, monkeypatch):
    for kind in ("detector", "classifier"):
        (tmp_path / f"{kind}-default.safetensors").write_text("bad")
    monkeypatch.setenv("DRPNET_WEIGHTS", str(tmp_path))
    shown = drpnet("doctor", code=1).output
    assert "PROBLEMS:\n  default weights: " in shown
    assert "classifier-default.safetensors" in shown
