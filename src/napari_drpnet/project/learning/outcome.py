"""What networks have learned from labels, before it is kept."""

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
    from torch import Tensor

    from napari_drpnet.training.from_labels.classifier import LabelScore

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TrainedNetwork:
    """What one network has learned.

    Parameters
    ----------
    kind : {'classifier', 'detector'}
        Of network.
    before, after : LabelScore
        On the weights in use, and on new ones, by labels that they were not trained on.
    improved : bool
        Whether the new ones are better by more than a little.
    state : dict of str to Tensor
        The new weights.
    card : DetectorCard or ClassifierCard
        To be saved with them.
    """

    kind: Kind
    before: "LabelScore"
    after: "LabelScore"
    improved: bool
    state: "dict[str, Tensor]"
    card: AnyCard

    def save(self, folder: Path) -> Path:
        """Write the weights into a folder under a name that is free, and return their file.

        Raises
        ------
        OSError
            When that is not possible.
        """
        from napari_drpnet.picking.networks.weights import save_network

        folder.mkdir(exist_ok=True)
        names = (folder / f"{self.kind}-{number}.safetensors" for number in count(1))
        path = next(name for name in names if not name.exists())
        save_network(path, self.state, self.card)
        return path


@dataclass(frozen=True, eq=False)
class TrainingOutcome:
    """What was learned, to be kept or discarded, and what it would change.

    Parameters
    ----------
    networks : tuple of TrainedNetwork
        One network, or both.
    labelled_by : {'person', 'model'}
        Source of the labels that they were compared on.
    micrograph : str or None
        Id of the one that was shown when training began.
    accepted : tuple of int
        How many of its points are accepted now, and would be.
    lost_yx, gained_yx : (k, 2) float array
        Its points that are accepted now and would not be, and the other way round; ``(y, x)`` in
        unbinned pixels.
    """

    networks: tuple[TrainedNetwork, ...]
    labelled_by: Source
    micrograph: str | None
    accepted: tuple[int, int]
    lost_yx: Floats
    gained_yx: Floats

    @property
    def improved(self) -> bool:
        """Whether all that was trained is better."""
        return all(trained.improved for trained in self.networks)

    @property
    def changed_yx(self) -> Floats:
        """The points that change sides, ``(k, 2)``."""
        return np.concatenate([self.lost_yx, self.gained_yx])

    @property
    def changed(self) -> int:
        """How many these are."""
        return len(self.lost_yx) + len(self.gained_yx)


def find_missing(points_yx: Floats, others_yx: Floats, reach_px: float) -> Floats:
    """Return the points ``(k, 2)`` that none of the others is as near to as `reach_px`."""
    return np.asarray(points_yx[far_from(points_yx, others_yx, reach_px)])
