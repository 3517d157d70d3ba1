import json
import pickle
import struct
from contextlib import suppress
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.picking.networks.build import build_network
from napari_drpnet.picking.networks.card import ClassifierCard, DetectorCard, SegmenterCard
from napari_drpnet.picking.networks.fcrn import FCRN
from napari_drpnet.picking.networks.patch_classifier import PatchClassifier
from napari_drpnet.picking.networks.weights import (
    find_weights,
    list_weights,
    load_classifier,
    load_detector,
    load_network,
    load_segmenter,
    read_card,
    save_network,
    user_weights_folder,
)

CARD = DetectorCard(
    particle_px=11.0,
    sigma_px=1.5,
    threshold=0.4,
    score="prominence",
    licence="BSD-3-Clause",
    trained_on="nothing",
    recipe={"steps": 3, "seed": 1},
)
SMALL = ClassifierCard(particle_px=11.0, patch_px=40, licence="BSD-3-Clause", trained_on="nothing")

SEGMENTER = SegmenterCard(
    architecture="frrn-small", particle_px=11.0, licence="BSD-3-Clause", trained_on="nothing"
)


@pytest.fixture(autouse=True)
def weights_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("DRPNET_WEIGHTS", str(tmp_path / "own"))
    return tmp_path / "own"


@pytest.fixture(scope="module")
def state():
    torch.manual_seed(5)
    return FCRN().state_dict()


@pytest.fixture
def file(tmp_path, state):
    path = tmp_path / "mine.safetensors"
    save_network(path, state, CARD)
    return path


@pytest.fixture
def unsigned(file):
    """Weights without a hash file, which would reveal every change first."""
    hash_file(file).unlink()
    return file


def hash_file(path):
    return path.with_name(f"{path.name}.sha256")


def with_metadata(path, state, **metadata):
    path.write_bytes(save(state, metadata=metadata))
    return path


def refuse(path, reason, kind="detector"):
    with pytest.raises(InputFileError, match=reason) as caught:
        load_network(str(path), kind)
    assert caught.value.path == str(path)
    assert caught.value.remedy


def test_round_trip(file, state):
    detector = load_detector(str(file))
    assert detector.card == CARD
    assert detector.name == str(file)
    assert not detector.module.training
    assert detector.sha256 == hash_file(file).read_text().split()[0]
    loaded = detector.module.state_dict()
    assert loaded.keys() == state.keys()
    assert all(torch.equal(loaded[name], state[name]) for name in state)


@pytest.mark.parametrize("pool_stride", [1, 2])
def test_round_trip_of_a_classifier(tmp_path, pool_stride):
    card = SMALL.model_copy(update={"pool_stride": pool_stride})
    network = PatchClassifier(40, pool_stride).eval()
    save_network(tmp_path / "c.safetensors", network.state_dict(), card)
    classifier = load_classifier(str(tmp_path / "c.safetensors"))
    patches = torch.randn(3, 1, 40, 40, generator=torch.Generator().manual_seed(0))
    assert classifier.card == card
    torch.testing.assert_close(classifier.module(patches), network(patches))


@pytest.mark.parametrize("architecture", ["frrn-small", "multiscale"])
def test_round_trip_of_a_segmenter(tmp_path, architecture):
    card = SEGMENTER.model_copy(update={"architecture": architecture, "least_speck": 0.3})
    network = build_network(card).eval()
    save_network(tmp_path / "s.safetensors", network.state_dict(), card)
    segmenter = load_segmenter(str(tmp_path / "s.safetensors"))
    image = torch.randn(1, 2, 24, 40, generator=torch.Generator().manual_seed(0))
    assert segmenter.card == card
    torch.testing.assert_close(segmenter.module(image), network(image), atol=1e-4, rtol=1e-4)


def test_a_segmenter_is_also_a_detector(weights_folder):
    state = build_network(SEGMENTER).state_dict()
    save_network(weights_folder / "segmenter-default.safetensors", state, SEGMENTER)
    detector, segmenter = load_detector("segmenter-default"), load_segmenter()
    assert detector.card == segmenter.card == SEGMENTER
    assert isinstance(detector.card, SegmenterCard)
    assert detector.sha256 == segmenter.sha256


def test_a_detector_is_no_segmenter(file):
    refuse(file, "these are detector weights", "segmenter")


def test_a_segmenter_of_other_classes_is_of_a_newer_version(tmp_path):
    state = build_network(SEGMENTER).state_dict()
    card = SEGMENTER.model_dump_json().replace('"ice"', '"crystal"')
    path = with_metadata(tmp_path / "s.safetensors", state, drpnet=card)
    refuse(path, "made by a newer version of napari-drpnet", "segmenter")


def test_arrays_of_another_number_of_inputs(tmp_path):
    state = build_network(SEGMENTER).state_dict()
    card = SEGMENTER.model_copy(update={"inputs": ("view",)})
    save_network(tmp_path / "s.safetensors", state, card)
    refuse(tmp_path / "s.safetensors", "its arrays do not fit a segmenter", "segmenter")


def test_weights_in_any_memory_layout_are_saved(tmp_path):
    network = FCRN().to(memory_format=torch.channels_last)
    save_network(tmp_path / "n.safetensors", network.state_dict(), CARD)
    loaded = load_detector(str(tmp_path / "n.safetensors")).module
    assert torch.equal(loaded.conv_2.weight, network.conv_2.weight)


def test_loading_leaves_the_random_numbers_alone_that_others_draw(file):
    torch.manual_seed(9)
    expected = torch.rand(3)
    torch.manual_seed(9)
    load_detector(str(file))
    assert torch.equal(torch.rand(3), expected)


def test_the_card_alone(file):
    assert read_card(file) == CARD


def test_saving_again_replaces_weights_and_hash(file, state):
    before = load_detector(str(file)).sha256
    save_network(file, {name: 2 * each for name, each in state.items()}, CARD)
    assert load_detector(str(file)).sha256 != before


def test_half_precision_weights_are_widened(tmp_path, state):
    halves = {name: each.half() for name, each in state.items()}
    save_network(tmp_path / "h.safetensors", halves, CARD)
    weights = load_detector(str(tmp_path / "h.safetensors")).module.conv_1.weight
    assert weights.dtype == torch.float32
    assert weights.requires_grad


def test_one_changed_byte(file):
    content = bytearray(file.read_bytes())
    content[-5] ^= 1
    file.write_bytes(content)
    refuse(file, "the file is not what its .sha256 says")


@pytest.mark.parametrize("note", [b"", b"\xff\xfe junk", b"0" * 64])
def test_a_damaged_hash(file, note):
    hash_file(file).write_bytes(note)
    refuse(file, "the file is not what its .sha256 says")


def test_a_file_without_hash_is_taken(unsigned):
    assert load_detector(str(unsigned)).card == CARD


@pytest.mark.parametrize("length", [0, 5, 8, 100, 2000, -1])
def test_truncated(unsigned, length):
    unsigned.write_bytes(unsigned.read_bytes()[:length])
    refuse(unsigned, "not a napari-drpnet weights file|its arrays do not fit")


@pytest.mark.parametrize(
    "content",
    [
        b"\x89HDF\r\n\x1a\n" + bytes(100),
        b"PK\x03\x04" + bytes(200),
        struct.pack("<Q", 2**63) + b"{}",
        struct.pack("<Q", 2) + b"[]",
        struct.pack("<Q", 4) + b"null",
        struct.pack("<Q", 20_000) + b"[" * 20_000,
        struct.pack("<Q", 19) + b'{"__metadata__":{}}',
    ],
)
def test_other_files_with_the_name_of_weights(tmp_path, content):
    path = tmp_path / "other.safetensors"
    path.write_bytes(content)
    refuse(path, "not a napari-drpnet weights file")


def test_safetensors_of_another_program(tmp_path, state):
    refuse(with_metadata(tmp_path / "a.safetensors", state), "not a napari-drpnet weights file")
    path = with_metadata(tmp_path / "b.safetensors", state, format="pt")
    refuse(path, "not a napari-drpnet weights file")


@pytest.mark.parametrize(
    "change",
    [
        {"particle_px": -1},
        {"particle_px": 1e300},
        {"threshold": float("inf")},
        {"sigma_px": float("nan")},
        {"border": 1e9},
        {"spectrum": "none"},
        {"spectrum": [float("inf")]},
    ],
)
def test_a_card_that_makes_no_sense(tmp_path, state, change):
    card = json.dumps(CARD.model_dump() | change)
    path = with_metadata(tmp_path / "a.safetensors", state, drpnet=card)
    refuse(path, "not a napari-drpnet weights file")


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "tracer"},
        {"kind": ["detector"]},
        {"colour": "blue"},
        {"architecture": "transformer"},
        {"architecture": ["fcrn"]},
        {"classes": 4},
    ],
)
@pytest.mark.parametrize("card", [CARD, SEGMENTER])
def test_weights_of_a_newer_version(tmp_path, state, card, change):
    card = json.dumps(card.model_dump() | change)
    path = with_metadata(tmp_path / "a.safetensors", state, drpnet=card)
    refuse(path, "made by a newer version of napari-drpnet")


@pytest.mark.parametrize(
    ("kind", "architecture"),
    [("detector", "frrn-small"), ("segmenter", "fcrn"), ("detector", "frrn-b")],
)
def test_an_architecture_of_the_other_kind(tmp_path, state, kind, architecture):
    card = json.dumps(CARD.model_dump() | {"kind": kind, "architecture": architecture})
    path = with_metadata(tmp_path / "a.safetensors", state, drpnet=card)
    refuse(path, "made by a newer version of napari-drpnet", kind)


@pytest.mark.parametrize("card", [CARD, SMALL])
def test_cards_of_earlier_versions_have_the_fields_of_both_kinds(tmp_path, state, card):
    both = json.dumps(SMALL.model_dump() | CARD.model_dump() | card.model_dump())
    assert read_card(with_metadata(tmp_path / "a.safetensors", state, drpnet=both)) == card


def test_arrays_of_another_network(tmp_path, state):
    path = tmp_path / "a.safetensors"
    card = SMALL.model_dump_json()
    refuse(with_metadata(path, state, drpnet=card), "its arrays do not fit", "classifier")
    fewer = {name: each for name, each in state.items() if name != "conv_4.bias"}
    refuse(with_metadata(path, fewer, drpnet=CARD.model_dump_json()), "its arrays do not fit")
    wider = state | {"conv_1.bias": torch.zeros(33)}
    refuse(with_metadata(path, wider, drpnet=CARD.model_dump_json()), "its arrays do not fit")


def test_a_card_of_an_impossible_classifier(tmp_path, state):
    card = SMALL.model_copy(update={"patch_px": 5}).model_dump_json()
    path = with_metadata(tmp_path / "a.safetensors", state, drpnet=card)
    refuse(path, "patches of 5 px are too small", "classifier")


def test_the_wrong_kind(file):
    refuse(file, "these are detector weights", "classifier")


def test_missing_file(tmp_path):
    refuse(tmp_path / "none.safetensors", "cannot be read .No such file")
    refuse(tmp_path, "cannot be read")


def test_matlab_weights_must_be_imported(tmp_path):
    with pytest.raises(InputFileError, match=r"Run: drpnet weights import .*cnet_1.mat"):
        load_detector(str(tmp_path / "cnet_1.mat"))


def test_unknown_names_list_the_known_ones(file, weights_folder, state):
    save_network(weights_folder / "yeast.safetensors", state, CARD)
    refuse("nobody", "there are no detector weights of this name.*Choose among .*yeast")


def test_no_weights_at_all(monkeypatch):
    monkeypatch.setattr("napari_drpnet.picking.networks.weights._SHIPPED", Path("nowhere"))
    refuse("nobody", "there are no detector weights of this name. Give a .safetensors file")


def test_own_weights_are_found_by_name(weights_folder, state):
    assert user_weights_folder() == weights_folder
    save_network(weights_folder / "yeast.safetensors", state, CARD)
    assert list_weights()["yeast"] == weights_folder / "yeast.safetensors"
    assert load_detector("yeast").name == "yeast"


def test_the_default_is_that_of_the_kind(weights_folder, state):
    save_network(weights_folder / "detector-default.safetensors", state, CARD)
    assert find_weights("default", "detector").name == "detector-default.safetensors"
    assert load_detector().card == CARD


def test_the_folder_of_the_user_without_the_variable(monkeypatch):
    monkeypatch.delenv("DRPNET_WEIGHTS")
    assert user_weights_folder().parts[-2:] == ("napari-drpnet", "weights")


class Malicious:
    """Object that writes a file when it is unpickled."""

    def __init__(self, witness):
        self.witness = witness

    def __reduce__(self):
        return (Path.touch, (self.witness,))


@pytest.mark.parametrize("as_torch", [True, False])
def test_nothing_is_ever_unpickled(tmp_path, as_torch):
    path, witness = tmp_path / "evil.safetensors", tmp_path / "witness"
    if as_torch:
        torch.save({"conv_1.weight": Malicious(witness)}, path)
    else:
        path.write_bytes(pickle.dumps(Malicious(witness)))
    refuse(path, "not a napari-drpnet weights file")
    assert not witness.exists()
    if not as_torch:  # it is the real thing
        pickle.loads(path.read_bytes())
        assert witness.exists()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 1500), st.integers(0, 255))
def test_a_changed_header_is_refused_or_harmless(unsigned, position, value):
    content = bytearray(unsigned.read_bytes())
    original = content[position]
    content[position] = value
    unsigned.write_bytes(content)
    with suppress(InputFileError):
        load_detector(str(unsigned))
    content[position] = original
    unsigned.write_bytes(content)
