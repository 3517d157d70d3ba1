import hashlib
import json
import re
from pathlib import Path

import h5py
import numpy as np
import pytest

from napari_drpnet.picking.networks.build import build_network
from napari_drpnet.picking.networks.card import SegmenterCard
from napari_drpnet.picking.networks.weights import save_network

SHAPES = {"d": (32, 1, 9, 9), "f": (32, 32, 3, 3), "h": (32, 32, 7, 1), "j": (32, 32, 1, 7)}


@pytest.fixture
def own_weights(drpnet, toy_weights, monkeypatch):
    """Keep imports out of the weights that other tests use."""
    for file in toy_weights.iterdir():
        Path("own", file.name).parent.mkdir(exist_ok=True)
        Path("own", file.name).write_bytes(file.read_bytes())
    monkeypatch.setenv("DRPNET_WEIGHTS", "own")
    return Path("own")


def test_the_list_says_what_for_and_which_licence(drpnet):
    shown = drpnet("weights", "list").output
    assert "detector-default  (detector, particle 9 px, sha256 " in shown
    assert "trained on: nothing\n  licence: BSD-3-Clause" in shown
    assert "Imported weights are kept in" in shown
    names = [weights["name"] for weights in json.loads(drpnet("weights", "list", "--json").stdout)]
    assert {"classifier-default", "detector-default"} <= set(names)


def test_info_has_the_whole_card_and_the_hash(drpnet, toy_weights):
    file = toy_weights / "detector-default.safetensors"
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    assert f"sha256         {sha256}\n" in drpnet("weights", "info", "detector-default").output
    card = json.loads(drpnet("weights", "info", file, "--json").stdout)
    assert (card["sha256"], card["threshold"]) == (sha256, 1.5)


def test_the_published_detector_is_imported_with_its_licence(drpnet, own_weights):
    with h5py.File("cnet_1.mat", "w") as file:
        for key, shape in {**SHAPES, "m": (32, 3, 3)}.items():
            file[f"#refs#/{key}/Weights/Value"] = np.zeros(shape, np.float32)
            file[f"#refs#/{key}/Bias/Value"] = np.zeros(1 if key == "m" else 32, np.float32)
    shown = drpnet("weights", "import", "cnet_1.mat", "--name", "theirs").output
    assert "Licence: Academic use only" in shown
    assert "--weights theirs --classifier none" in shown
    assert "theirs  (detector, particle 32 px" in drpnet("weights", "list").output


def test_segmenters_are_shown_with_their_classes(drpnet, own_weights):
    card = SegmenterCard(
        architecture="frrn-small", particle_px=11, licence="BSD-3-Clause", trained_on="nothing"
    )
    state = build_network(card).state_dict()
    save_network(own_weights / "segmenter-default.safetensors", state, card)
    listed = drpnet("weights", "list").output
    assert "segmenter-default  (segmenter, particle 11 px, sha256 " in listed
    assert listed.count("  classes: background, particle, ice, carbon\n") == 1
    shown = drpnet("weights", "info", "segmenter-default").output
    assert re.search("^classes +background, particle, ice, carbon$", shown, re.MULTILINE)
    assert re.search("^inputs +view, grey$", shown, re.MULTILINE)
    told = json.loads(drpnet("weights", "info", "segmenter-default", "--json").stdout)
    assert (told["kind"], told["inputs"]) == ("segmenter", ["view", "grey"])


def test_damaged_weights_are_named_beside_the_good_ones(drpnet, own_weights):
    (own_weights / "bad.safetensors").write_text("bad")
    result = drpnet("weights", "list", code=1)
    assert "detector-default  (" in result.stdout
    assert "bad.safetensors: not a napari-drpnet weights file" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("info", "nothing"), 1, "nothing: there are no detector weights of this name"),
        (("info", "gone.safetensors"), 1, "gone.safetensors: cannot be read"),
        (("import", "gone.mat"), 1, "gone.mat: there is no such file"),
        (("import", "x.mat", "--name", "../x"), 2, "'../x' cannot be a name of weights"),
        (("import", "x.mat", "--name", "none"), 2, "'none' cannot be a name of weights"),
        (("import", "x.mat", "--name", "detector-default"), 2, "cannot be a name of weights"),
        (("import", "x.mat", "--name", "segmenter-default"), 2, "cannot be a name of weights"),
    ],
)
def test_what_is_not_there(drpnet, arguments, code, message):
    assert message in drpnet("weights", *arguments, code=code).stderr


def test_automatic_accept_is_said_in_words(drpnet, use_automatic_weights):
    use_automatic_weights(least_f1=0.6)
    shown = drpnet("weights", "info", "classifier-default").stdout
    assert re.search(r"^accept +automatic$", shown, re.MULTILINE)
    assert re.search(r"^least_f1 +0\.6$", shown, re.MULTILINE)
    assert "least_f1" not in drpnet("weights", "info", "default").stdout
    told = json.loads(drpnet("weights", "info", "classifier-default", "--json").stdout)
    assert told["accept"] is None
