"""What a classifier has learned from labels, before it is kept."""

from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.precision_recall import Rates

if TYPE_CHECKING:
    from torch import Tensor

    from napari_drpnet.networks.weights import WeightsCard
    from napari_drpnet.training.adapt import Adapted, Verdict

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Trial:
    """What the classifier has learned, to be kept or discarded.

    Parameters
    ----------
    before, after : Rates
        Of the weights in use, and of new ones on labels that they were not trained on.
    improved : bool
        Whether the new ones are better by more than a little.
    micrograph : str or None
        Id of the one that was shown when training began.
    changed_yx : (k, 2) float array
        Its points that change sides, ``(y, x)`` in unbinned pixels.
    state : dict of str to Tensor
        The new weights.
    card : WeightsCard
        To be saved with them.
    """

    before: Rates
    after: Rates
    improved: bool
    micrograph: str | None
    changed_yx: Floats
    state: "dict[str, Tensor]"
    card: "WeightsCard"

    @property
    def changed(self) -> int:
        """Number of points of the micrograph that was shown that change sides."""
        return len(self.changed_yx)

    def save(self, folder: Path) -> Path:
        """Write the weights into a folder under a name that is free, and return their file.

        Raises
        ------
        OSError
            When that is not possible.
        """
        from napari_drpnet.networks.weights import save_network

        folder.mkdir(exist_ok=True)
        names = (folder / f"classifier-{number}.safetensors" for number in count(1))
        path = next(name for name in names if not name.exists())
        save_network(path, self.state, self.card)
        return path


def describe_success(adapted: "Adapted") -> dict[str, Any]:
    """Return the figures before and after, as the card of the weights gets them."""
    return {"before": _describe(adapted.before), "after": _describe(adapted.after)}


def _describe(verdict: "Verdict") -> dict[str, float]:
    described = {**verdict.rates._asdict(), "log_loss": verdict.log_loss}
    return {name: round(value, 4) for name, value in described.items()}
