"""Training data of a classifier: labels, and unlabelled candidates that are replayed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import Field as Setting

from napari_drpnet.base.frozen import Parameters
from napari_drpnet.base.geometry import far_from

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Image = NDArray[np.float32]

#: Least number of labels for a training.
LEAST_LABELS = 4
#: Least number of accepted labels below the threshold for which it is lowered, and the smallest
#: factor by which it is lowered.
_LEAST_BELOW, _LOWEST_THRESHOLD = 5, 0.5


class AdaptRecipe(Parameters):
    """Recipe of training a classifier on labels; stored on its card."""

    steps: int = Setting(120, ge=1, le=2000, title="Number of batches; each has every label once")
    learning_rate: float = Setting(
        1e-3, gt=0, le=0.1, title="Learning rate at the start: Adam, cosine schedule"
    )
    replay_weight: float = Setting(
        0.5, gt=0, le=10, title="Weight of an unlabelled candidate, relative to a label"
    )
    replay_count: int = Setting(
        150, ge=1, le=2000, title="Largest number of unlabelled candidates per micrograph"
    )
    shift_px: int = Setting(1, ge=0, le=4, title="Shift of labels for augmentation, network pixels")
    folds: int = Setting(4, ge=2, le=10, title="Number of parts of the labels, each held out once")
    margin: float = Setting(
        0.02, ge=0, le=1, title="Part by which the loss on held-out labels must decrease"
    )
    seed: int = Setting(1, title="Seed of the order, the shifts and the parts")


@dataclass(frozen=True, eq=False)
class LabelledView:
    """Positions on one micrograph, and whether they are particles.

    Parameters
    ----------
    image : (h, w) float32 array
        Micrograph, preprocessed for the classifier.
    centers_yx : (n, 2) float array
        Positions ``(y, x)``, network pixels.
    accepted : (n,) bool array
        Whether each position is a particle, according to its label or, for replay, to the
        present networks.
    context : (n,) float array, optional
        Log-odds of a particle from the other candidates, which are added to those of the patch;
        default: 0.
    """

    image: Image
    centers_yx: Floats
    accepted: Bools
    context: Floats | None = None

    @property
    def context_odds(self) -> Floats:
        """Log-odds of the contexts ``(n,)``; 0 without `context`."""
        return np.zeros(len(self.centers_yx)) if self.context is None else self.context

    def where(self, rows: Bools | NDArray[np.intp]) -> "LabelledView":
        """Select rows by a mask or by indices."""
        return LabelledView(
            self.image, self.centers_yx[rows], self.accepted[rows], self.context_odds[rows]
        )


def choose_replay(
    view: LabelledView, labels_yx: Floats, reach_px: float, recipe: AdaptRecipe
) -> LabelledView:
    """Choose unlabelled candidates of a micrograph, evenly spaced in the list.

    Parameters
    ----------
    view : LabelledView
        All classified candidates, best first, and whether they are accepted.
    labels_yx : (m, 2) float array
        Positions of labels ``(y, x)``, network pixels.
    reach_px : float
        Distance from a label within which a candidate counts as labelled, network pixels.
    recipe : AdaptRecipe
        Recipe with the largest number of candidates.
    """
    free = np.flatnonzero(far_from(view.centers_yx, labels_yx, reach_px))
    count = min(len(free), recipe.replay_count)
    rows = free[np.linspace(0, len(free) - 1, count).round().astype(int)] if count else free
    return view.where(rows)


def recommend_threshold(height: Floats, threshold: float) -> float:
    """Return a threshold that is low enough for most accepted labels.

    Parameters
    ----------
    height : (n,) float array
        Heights of accepted labels, map units; NaN where there is no candidate.
    threshold : float
        Present threshold, map units.

    Returns
    -------
    float
        Median height of the labels below the present threshold, but at least half of this
        threshold. If fewer than five labels or fewer than half of all lie below, the present
        threshold: a few faint particles do not justify all faint candidates.
    """
    below = height[height < threshold]  # NaN compares as False
    if len(below) < max(_LEAST_BELOW, len(height) / 2):
        return threshold
    return round(max(float(np.median(below)), _LOWEST_THRESHOLD * threshold), 3)
