"""What a classifier learns from: the labels of a person, and what it is not to forget."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import Field as Setting

from napari_drpnet.base.frozen import Parameters
from napari_drpnet.base.geometry import far_from

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Image = NDArray[np.float32]

#: Fewer labels than this say nothing.
LEAST_LABELS = 4
#: The threshold falls only if so many accepted labels lie below it, and no further than this part.
_LEAST_BELOW, _LOWEST_THRESHOLD = 5, 0.5


class AdaptRecipe(Parameters):
    """How a classifier learns from labels; stored in its card."""

    steps: int = Setting(120, ge=1, le=2000, title="Batches; each shows every label once")
    learning_rate: float = Setting(1e-3, gt=0, le=0.1, title="Adam, cosine schedule")
    replay_weight: float = Setting(
        0.5, gt=0, le=10, title="Weight of an unlabelled candidate against that of a label"
    )
    replay_count: int = Setting(
        150, ge=1, le=2000, title="Most unlabelled candidates of a micrograph"
    )
    shift_px: int = Setting(1, ge=0, le=4, title="Labels are shifted by this, network pixels")
    folds: int = Setting(4, ge=2, le=10, title="Parts of the labels, each held out once")
    margin: float = Setting(
        0.02, ge=0, le=1, title="Loss on held-out labels must fall by this part"
    )
    seed: int = Setting(1, title="Of the order, the shifts and the parts")


@dataclass(frozen=True, eq=False)
class LabelledView:
    """Places on one micrograph, and whether they are particles.

    Parameters
    ----------
    image : (h, w) float32 array
        The micrograph as the classifier sees it.
    centers_yx : (n, 2) float array
        Network pixels.
    accepted : (n,) bool array
        A person's verdicts; those of the present model where the view is for replay.
    context : (n,) float array, optional
        Log-odds that the candidates around give each, to be added to those of its patch;
        default: 0.
    """

    image: Image
    centers_yx: Floats
    accepted: Bools
    context: Floats | None = None

    @property
    def context_odds(self) -> Floats:
        """Those of `context`, (n,)."""
        return np.zeros(len(self.centers_yx)) if self.context is None else self.context

    def where(self, rows: Bools | NDArray[np.intp]) -> "LabelledView":
        """Keep some rows, given as a mask or as indices."""
        return LabelledView(
            self.image, self.centers_yx[rows], self.accepted[rows], self.context_odds[rows]
        )


def choose_replay(
    view: LabelledView, labels_yx: Floats, reach_px: float, recipe: AdaptRecipe
) -> LabelledView:
    """Choose candidates of a micrograph that no label is about, evenly down the list.

    Parameters
    ----------
    view : LabelledView
        All candidates that the classifier judges, best first, with its verdicts.
    labels_yx : (m, 2) float array
        Where labels are, network pixels.
    reach_px : float
        Candidates as near to a label are about the same thing, network pixels.
    recipe : AdaptRecipe
        Says how many.
    """
    free = np.flatnonzero(far_from(view.centers_yx, labels_yx, reach_px))
    count = min(len(free), recipe.replay_count)
    rows = free[np.linspace(0, len(free) - 1, count).round().astype(int)] if count else free
    return view.where(rows)


def recommend_threshold(height: Floats, threshold: float) -> float:
    """Return the threshold that finds what a person accepted below it.

    Parameters
    ----------
    height : (n,) float array
        Of accepted labels, map units; NaN where there is no candidate.
    threshold : float
        That applies now.

    Returns
    -------
    float
        The median height of those below it, but at least half of the old threshold. The old one,
        where fewer than five, or fewer than half of all, lie below: a few faint particles are
        no reason to look at all that is faint.
    """
    below = height[height < threshold]  # a NaN is not
    if len(below) < max(_LEAST_BELOW, len(height) / 2):
        return threshold
    return round(max(float(np.median(below)), _LOWEST_THRESHOLD * threshold), 3)
