"""Outcome of training on labels, before it is kept."""

import copy
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.geometry import far_from
from napari_drpnet.picking.networks.card import AnyCard, Kind
from napari_drpnet.project.state.labels import Source

if TYPE_CHECKING:
    from torch import Tensor, nn

    from napari_drpnet.training.from_labels.label_scores import LabelScore

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TrainedNetwork:
    """New weights of one network, trained on labels.

    Parameters
    ----------
    kind : {'classifier', 'detector'}
        Kind of network.
    before, after : LabelScore
        Scores of the weights in use and of the new weights, on labels held out from training.
    improved : bool
        Whether the new weights are better by more than a small margin.
    state : dict of str to Tensor
        New weights.
    card : DetectorCard or ClassifierCard
        Card of the new weights.
    """

    kind: Kind
    before: "LabelScore"
    after: "LabelScore"
    improved: bool
    state: "dict[str, Tensor]"
    card: AnyCard

    def save(self, folder: Path) -> Path:
        """Save the weights to a new file in a folder.

        Parameters
        ----------
        folder : pathlib.Path
            Output folder, created if missing.

        Returns
        -------
        pathlib.Path
            Path of the file, whose name was not in use.

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        return save_as_new(folder, self.kind, self.state, self.card)


def save_as_new(folder: Path, stem: str, state: "dict[str, Tensor]", card: AnyCard) -> Path:
    """Save weights to a new file in a folder, created if missing, and return its path.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    from napari_drpnet.picking.networks.weights import save_network

    folder.mkdir(exist_ok=True)
    names = (folder / f"{stem}-{number}.safetensors" for number in count(1))
    path = next(name for name in names if not name.exists())
    save_network(path, state, card)
    return path


def with_weights(module: "nn.Module", state: "dict[str, Tensor]") -> "nn.Module":
    """Return a copy of a module with other weights."""
    copied = copy.deepcopy(module)
    copied.load_state_dict(state)
    return copied


@dataclass(frozen=True, eq=False)
class TrainingOutcome:
    """Outcome of training, to be kept or discarded, with the changes that it would make.

    Parameters
    ----------
    networks : tuple of TrainedNetwork
        Trained networks: one, or both.
    labelled_by : {'person', 'classes', 'model'}
        Weakest source of the labels that the networks were validated on.
    micrograph : str or None
        Id of the micrograph that was shown when training began.
    accepted : tuple of int
        Number of accepted points on that micrograph with the networks in use, and with the
        trained ones.
    lost_yx, gained_yx : (k, 2) float array
        Points on it that would no longer be accepted, and points that would be accepted in
        addition; ``(y, x)`` in unbinned pixels.
    """

    networks: tuple[TrainedNetwork, ...]
    labelled_by: Source
    micrograph: str | None
    accepted: tuple[int, int]
    lost_yx: Floats
    gained_yx: Floats

    def save(self, folder: Path) -> dict[Kind, str]:
        """Save the weights to new files in a folder, and return their paths by kind of network.

        Raises
        ------
        OSError
            If a file cannot be written.
        """
        return {one.kind: str(one.save(folder)) for one in self.networks}

    @property
    def improved(self) -> bool:
        """Whether all trained networks are better."""
        return all(trained.improved for trained in self.networks)

    @property
    def changed_yx(self) -> Floats:
        """Points that would change, ``(k, 2)``; ``(y, x)`` in unbinned pixels."""
        return np.concatenate([self.lost_yx, self.gained_yx])

    @property
    def changed(self) -> int:
        """Number of points that would change."""
        return len(self.lost_yx) + len(self.gained_yx)


def find_missing(points_yx: Floats, others_yx: Floats, reach_px: float) -> Floats:
    """Return the points ``(k, 2)`` that have none of the others within `reach_px`."""
    return np.asarray(points_yx[far_from(points_yx, others_yx, reach_px)])
