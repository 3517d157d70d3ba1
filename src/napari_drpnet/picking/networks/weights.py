"""Weights files: safetensors with a card that says how to use them, and a hash.

Nothing here unpickles: a file holds arrays and one JSON text.
"""

import hashlib
import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from napari_drpnet.base.atomic_file import atomic_file
from napari_drpnet.base.errors import InputFileError

if TYPE_CHECKING:
    from torch import Tensor, nn

_SHIPPED = Path(__file__).parent / "pretrained"
_CARD_KEY = "drpnet"


class WeightsCard(BaseModel):
    """What a weights file says of itself, so that it is always used as it was trained."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["detector", "classifier"]
    architecture: Literal["fcrn", "multiscale"] = Field(
        "fcrn",
        description="The paper's detector, or the one that sees more; a classifier's: whose "
        "candidates it judges",
    )
    particle_px: float = Field(gt=0, description="Particle diameter it sees, network pixels")
    normalization: Literal["robust", "published"] = "robust"
    spectrum: tuple[float, ...] | None = Field(
        None,
        description="Spectrum of the background that it knows: root of the power in rings of 1/32 "
        "cycle per network pixel; none: as the micrograph has it",
    )
    map_units: Literal["absolute", "published"] = "absolute"
    sigma_px: float = Field(0.0, ge=0, description="Recommended smoothing, network pixels")
    threshold: float = Field(
        0.0, ge=0, description="Recommended threshold, map units; a classifier's: if it judges"
    )
    score: Literal["height", "prominence"] = "height"
    border: float = Field(0.5, ge=0, description="Recommended border, particle diameters")
    accept: float | None = Field(
        0.0,
        ge=0,
        le=1,
        description="Recommended least P(particle); none: automatic, for each micrograph anew",
    )
    least_f1: float = Field(
        0.0, ge=0, le=1, description="With automatic accept: expected F1 below which nothing is"
    )
    patch_px: int = Field(64, ge=1, description="Side of the classifier's patch, network pixels")
    pool_stride: Literal[1, 2] = 2
    context: bool = Field(False, description="Whether it weighs the candidates around one too")
    licence: str
    trained_on: str
    recipe: dict[str, Any] = {}

    def knows(self, detector: "WeightsCard") -> bool:
        """Whether this classifier was made for detectors whose maps have the same heights."""
        return self.architecture == detector.architecture and self.map_units == detector.map_units


@dataclass(frozen=True, eq=False)
class Network:
    """A network ready to run, with the card of its weights.

    Parameters
    ----------
    module : torch.nn.Module
        In evaluation mode, on its device.
    card : WeightsCard
        How to use it.
    name : str
        What the user called it.
    sha256 : str
        Of the weights file.
    """

    module: "nn.Module"
    card: WeightsCard
    name: str
    sha256: str


def load_detector(weights: str = "default", device: str = "cpu") -> Network:
    """Load detector weights by name or file; see `load_network`."""
    return load_network(weights, "detector", device)


def load_classifier(weights: str = "default", device: str = "cpu") -> Network:
    """Load classifier weights by name or file; see `load_network`."""
    return load_network(weights, "classifier", device)


def load_network(
    weights: str, kind: Literal["detector", "classifier"], device: str = "cpu"
) -> Network:
    """Load a network.

    Parameters
    ----------
    weights : str
        ``default``, the name of shipped or imported weights, or a ``.safetensors`` file.
    kind : {'detector', 'classifier'}
        What it must be.
    device : str
        As torch names it.

    Returns
    -------
    Network

    Raises
    ------
    InputFileError
        When the file is missing, damaged, of the other kind, or has no card.
    """
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load

    path = find_weights(weights, kind)
    content = _read_bytes(path)
    sha256 = hashlib.sha256(content).hexdigest()
    _check_hash(path, sha256)
    card = _card_of(path, content)
    if card.kind != kind:
        raise InputFileError(path, f"these are {card.kind} weights", f"Give {kind} weights")
    try:
        with torch.device("meta"):  # its first weights need be neither drawn nor stored
            module = _build(card)
        module.load_state_dict(load(content), assign=True)
    except (SafetensorError, RuntimeError, ValueError, KeyError) as error:
        raise InputFileError(
            path,
            f"its arrays do not fit a {kind} ({str(error).splitlines()[0]})",
            "Export or import the weights again",
        ) from error
    # Channels last is two to three times faster on a CPU, and what a GPU's tensor cores want.
    module = module.eval().float().to(device)
    module = module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return Network(module, card, weights, sha256)


def save_network(path: Path, state: "dict[str, Tensor]", card: WeightsCard) -> str:
    """Write weights with their card, atomically, and return the file's sha256."""
    from safetensors.torch import save

    content = save(
        {name: tensor.contiguous() for name, tensor in state.items()},
        metadata={_CARD_KEY: card.model_dump_json()},
    )
    sha256 = hashlib.sha256(content).hexdigest()
    # Two files cannot change at once: for a moment there is no hash, but never a wrong one.
    _hash_file(path).unlink(missing_ok=True)
    with atomic_file(path) as temporary:
        temporary.write_bytes(content)
    with atomic_file(_hash_file(path)) as temporary:
        temporary.write_text(f"{sha256}  {path.name}\n")
    return sha256


def read_card(path: Path) -> WeightsCard:
    """Read the card of a weights file without its arrays."""
    card, _ = read_card_and_hash(path)
    return card


def read_card_and_hash(path: Path) -> tuple[WeightsCard, str]:
    """Read the card of a weights file, and compute the sha256 of the file."""
    content = _read_bytes(path)
    return _card_of(path, content), hashlib.sha256(content).hexdigest()


def list_weights() -> dict[str, Path]:
    """Return the files of all known weights by name: shipped ones, then the user's own."""
    return {
        file.stem: file
        for folder in (_SHIPPED, user_weights_folder())
        for file in sorted(folder.glob("*.safetensors"))
    }


def user_weights_folder() -> Path:
    """Return where imported weights live: `DRPNET_WEIGHTS`, or the user's data folder."""
    from platformdirs import user_data_path

    folder = os.environ.get("DRPNET_WEIGHTS")
    return Path(folder) if folder else user_data_path("napari-drpnet") / "weights"


def find_weights(weights: str, kind: Literal["detector", "classifier"]) -> Path:
    """Return the file of weights given by name or path.

    Raises
    ------
    InputFileError
        When there is none, with the names that there are.
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


def _build(card: WeightsCard) -> "nn.Module":
    from napari_drpnet.picking.networks.build import build_detector
    from napari_drpnet.picking.networks.patch_classifier import PatchClassifier

    if card.kind == "detector":
        return build_detector(card.architecture)
    return PatchClassifier(card.patch_px, card.pool_stride, card.context)


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputFileError(
            path, f"cannot be read ({error.strerror})", "Check the name and the permissions"
        ) from error


def _card_of(path: Path, content: bytes) -> WeightsCard:
    """Parse the JSON header of a safetensors file: its length (8 bytes), then its text."""
    import json

    try:
        (length,) = struct.unpack("<Q", content[:8])
        header = json.loads(content[8 : 8 + length])
        return WeightsCard.model_validate_json(header["__metadata__"][_CARD_KEY])
    except (struct.error, ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputFileError(
            path, "not a napari-drpnet weights file", "Give a .safetensors file made by drpnet"
        ) from error


def _hash_file(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def _check_hash(path: Path, sha256: str) -> None:
    note = _hash_file(path)
    if note.is_file() and note.read_bytes().split()[:1] != [sha256.encode()]:
        raise InputFileError(
            path, "the file is not what its .sha256 says", "Install or import the weights again"
        )
