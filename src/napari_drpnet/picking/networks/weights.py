"""Weights files: safetensors with a card that describes their use, and a hash.

Nothing is unpickled: a file has arrays and one JSON text.
"""

import hashlib
import os
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Literal, overload

from pydantic import ValidationError

from napari_drpnet.base.atomic_file import atomic_file
from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.segmentation import CLASSES
from napari_drpnet.picking.networks.card import (
    CARDS,
    AnyCard,
    ClassifierNetwork,
    DetectorCard,
    DetectorNetwork,
    Kind,
    Network,
    SegmenterNetwork,
)

if TYPE_CHECKING:
    from torch import Tensor

_SHIPPED = Path(__file__).parent / "pretrained"
_CARD_KEY = "drpnet"
_NO_WEIGHTS = "not a napari-drpnet weights file"
_NO_WEIGHTS_REMEDY = "Give a .safetensors file made by drpnet"


def load_detector(weights: str = "default", device: str = "cpu") -> DetectorNetwork:
    """Load detector weights by name or file, which may be those of a segmenter.

    See `load_network`.
    """
    return load_network(weights, "detector", device)


def load_segmenter(weights: str = "default", device: str = "cpu") -> SegmenterNetwork:
    """Load segmenter weights by name or file; see `load_network`."""
    return load_network(weights, "segmenter", device)


def load_classifier(weights: str = "default", device: str = "cpu") -> ClassifierNetwork:
    """Load classifier weights by name or file; see `load_network`."""
    return load_network(weights, "classifier", device)


@overload
def load_network(
    weights: str, kind: Literal["detector"], device: str = "cpu"
) -> DetectorNetwork: ...
@overload
def load_network(
    weights: str, kind: Literal["segmenter"], device: str = "cpu"
) -> SegmenterNetwork: ...
@overload
def load_network(
    weights: str, kind: Literal["classifier"], device: str = "cpu"
) -> ClassifierNetwork: ...
def load_network(
    weights: str, kind: Kind, device: str = "cpu"
) -> DetectorNetwork | ClassifierNetwork:
    """Load a network.

    Parameters
    ----------
    weights : str
        ``default``, the name of shipped or imported weights, or a ``.safetensors`` file.
    kind : {'detector', 'segmenter', 'classifier'}
        Kind of network that is wanted. A segmenter is also a detector.
    device : str
        Torch device name.

    Returns
    -------
    Network
        Network in evaluation mode, with its card.

    Raises
    ------
    InputFileError
        If the file is missing, damaged, of another kind, of a newer version, or has no card.
    """
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load

    from napari_drpnet.picking.networks.build import build_network

    path = find_weights(weights, kind)
    content = _read_bytes(path)
    sha256 = hashlib.sha256(content).hexdigest()
    _check_hash(path, sha256)
    card = _card_of(path, content)
    if not isinstance(card, CARDS[kind]):
        raise InputFileError(path, f"these are {card.kind} weights", f"Give {kind} weights")
    try:
        with torch.device("meta"):  # initial weights are neither drawn nor stored
            module = build_network(card)
        module.load_state_dict(load(content), assign=True)
    except (SafetensorError, RuntimeError, ValueError, KeyError) as error:
        raise InputFileError(
            path,
            f"its arrays do not fit a {kind} ({str(error).splitlines()[0]})",
            "Export or import the weights again",
        ) from error
    # Channels last is two to three times faster on a CPU, and the layout of tensor cores.
    module = module.eval().float().to(device)
    module = module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if isinstance(card, DetectorCard):
        return Network(module, card, weights, sha256)
    return Network(module, card, weights, sha256)


def save_network(path: Path, state: "dict[str, Tensor]", card: AnyCard) -> str:
    """Write weights with their card, atomically, and return the file's sha256."""
    from safetensors.torch import save

    content = save(
        {name: tensor.contiguous() for name, tensor in state.items()},
        metadata={_CARD_KEY: card.model_dump_json()},
    )
    sha256 = hashlib.sha256(content).hexdigest()
    # The two files cannot be replaced at once: there may be no hash for a moment, but no wrong one.
    _hash_file(path).unlink(missing_ok=True)
    with atomic_file(path) as temporary:
        temporary.write_bytes(content)
    with atomic_file(_hash_file(path)) as temporary:
        temporary.write_text(f"{sha256}  {path.name}\n")
    return sha256


def read_card(path: Path) -> AnyCard:
    """Read the card of a weights file without its arrays."""
    card, _ = read_card_and_hash(path)
    return card


def read_card_and_hash(path: Path) -> tuple[AnyCard, str]:
    """Read the card of a weights file, and compute the sha256 of the file."""
    content = _read_bytes(path)
    return _card_of(path, content), hashlib.sha256(content).hexdigest()


def list_weights() -> dict[str, Path]:
    """Return the files of all known weights by name: shipped weights, then those of the user."""
    return {
        file.stem: file
        for folder in (_SHIPPED, user_weights_folder())
        for file in sorted(folder.glob("*.safetensors"))
    }


def user_weights_folder() -> Path:
    """Return the folder of the user's weights: `DRPNET_WEIGHTS`, or in the user's data folder."""
    from platformdirs import user_data_path

    folder = os.environ.get("DRPNET_WEIGHTS")
    return Path(folder) if folder else user_data_path("napari-drpnet") / "weights"


def find_weights(weights: str, kind: Kind) -> Path:
    """Return the file of weights that are given by name or path.

    Raises
    ------
    InputFileError
        If there are no such weights. The error lists the names that exist.
    """
    path = Path(weights)
    if path.suffix == ".mat":
        raise InputFileError(
            path, "MATLAB weights must be imported first", f"Run: drpnet weights import {path}"
        )
    if path.suffix == ".safetensors" or path.parent != Path():
        return path
    known = list_weights()
    name = f"{kind}-default" if weights == "default" else weights
    if name not in known:
        choice = f"Choose among {', '.join(known)}, or give" if known else "Give"
        raise InputFileError(
            weights, f"there are no {kind} weights of this name", f"{choice} a .safetensors file"
        )
    return known[name]


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputFileError(
            path, f"cannot be read ({error.strerror})", "Check the name and the permissions"
        ) from error


def _card_of(path: Path, content: bytes) -> AnyCard:
    """Parse the JSON header of a safetensors file: its length (8 bytes), then its text."""
    import json

    from napari_drpnet.picking.networks.build import DETECTORS, SEGMENTERS

    try:
        (length,) = struct.unpack("<Q", content[:8])
        header = json.loads(content[8 : 8 + length])
        fields = dict(json.loads(header["__metadata__"][_CARD_KEY]))
    except (struct.error, ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputFileError(path, _NO_WEIGHTS, _NO_WEIGHTS_REMEDY) from error
    kind, architecture = str(fields.get("kind")), str(fields.get("architecture", "fcrn"))
    card = CARDS.get(kind)
    known = {name for one in CARDS.values() for name in one.model_fields}
    made = {"detector": [*DETECTORS], "segmenter": [*SEGMENTERS]}.get(kind, [architecture])
    has_our_classes = fields.get("classes", [*CLASSES]) == [*CLASSES]
    is_known = known.issuperset(fields) and architecture in made and has_our_classes
    if card is None or not is_known:
        raise InputFileError(
            path,
            "the weights were made by a newer version of napari-drpnet",
            "Update napari-drpnet, or choose other weights",
        )
    try:  # cards of earlier versions have the fields of both kinds
        return card.model_validate({k: v for k, v in fields.items() if k in card.model_fields})
    except (ValidationError, RecursionError) as error:
        raise InputFileError(path, _NO_WEIGHTS, _NO_WEIGHTS_REMEDY) from error


def _hash_file(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def _check_hash(path: Path, sha256: str) -> None:
    note = _hash_file(path)
    if note.is_file() and note.read_bytes().split()[:1] != [sha256.encode()]:
        raise InputFileError(
            path, "the file is not what its .sha256 says", "Install or import the weights again"
        )
