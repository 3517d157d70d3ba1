"""Agreement of P(particle) with labels, at the cut at which picks are accepted."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.evaluation.precision_recall import Rates, Tally
from napari_drpnet.picking.expected import automatic_cut
from napari_drpnet.training.from_labels.cross_validation import log_loss
from napari_drpnet.training.from_labels.replay import LabelledView

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

#: Standard deviations of a change that is no chance.
_SURE = 2.0


@dataclass(frozen=True)
class LabelScore:
    """Agreement of a network with labels that it was not trained on.

    Parameters
    ----------
    right, labels : int
        Number of labels that are classified correctly, and number of all labels.
    rates : Rates
        Precision, recall and F1 of the accepted labels.
    log_loss : float
        Mean of −log of the probability that the network gives to each label.
    """

    right: int
    labels: int
    rates: Rates
    log_loss: float


def automatic_cuts(
    labelled: Sequence[LabelledView],
    probability: Floats,
    replay: Sequence[LabelledView],
    unlabelled: Floats,
) -> Floats:
    """Return the automatic cut ``(n,)`` of the micrograph of each label, as picking finds it.

    Parameters
    ----------
    labelled, replay : sequence of LabelledView
        Labels and unlabelled candidates of the same micrographs; `replay` may be empty.
    probability, unlabelled : (n,), (m,) float array
        P(particle) of all labels, and of all unlabelled candidates.
    """
    counts = [len(view.accepted) for view in labelled]
    others = [len(view.accepted) for view in replay] or [0] * len(counts)
    parts = (
        np.split(known, np.cumsum(sizes)[:-1])
        for known, sizes in ((probability, counts), (unlabelled, others))
    )
    cuts = [automatic_cut(np.concatenate(both), 0).accept for both in zip(*parts, strict=True)]
    return np.repeat(cuts, counts)


def score_labels(probability: Floats, accepted: Bools, accept: float | Floats) -> LabelScore:
    """Compare the P(particle) of labels with the labels.

    Parameters
    ----------
    probability : (n,) float array
        P(particle) of each label.
    accepted : (n,) bool array
        Whether each label is accepted.
    accept : float or (n,) float array
        Least P(particle) of a pick, the same for all labels or one for each.
    """
    picked = probability >= accept
    tally = Tally(
        int((picked & accepted).sum()),
        int((picked & ~accepted).sum()),
        int((~picked & accepted).sum()),
    )
    right = int((picked == accepted).sum())
    return LabelScore(right, len(accepted), tally.rates, log_loss(probability, accepted))


def is_clearly_more(before: Bools, after: Bools) -> bool:
    """Return whether more labels are right than before, beyond chance.

    Parameters
    ----------
    before, after : (n,) bool array
        Whether each label is right.

    Notes
    -----
    Of the labels that changed, as many became right as wrong if nothing was learned. The
    difference must be more than two standard deviations of that (McNemar 1947).
    """
    gained, lost = int((after & ~before).sum()), int((before & ~after).sum())
    return gained - lost > _SURE * math.sqrt(gained + lost)
