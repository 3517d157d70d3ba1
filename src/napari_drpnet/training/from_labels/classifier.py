"""Teach a classifier the labels of a person, without letting it forget what it knows."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_drpnet.base.jobs import Job, SilentJob
from napari_drpnet.evaluation.precision_recall import Rates, Tally
from napari_drpnet.picking.networks.card import ClassifierNetwork
from napari_drpnet.picking.networks.patch_classifier import PatchClassifier
from napari_drpnet.training.from_labels.cross_validation import cross_validate, log_loss
from napari_drpnet.training.from_labels.head import (
    AdaptReport,
    Examples,
    Shifts,
    classify_examples,
    convolve_variants,
    copy_head,
)
from napari_drpnet.training.from_labels.replay import LEAST_LABELS, AdaptRecipe, LabelledView

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

#: Accept of an adapted classifier whose parent recommends none.
NATURAL_ACCEPT = 0.5
#: More labels than this need not be shifted to be many.
_FEW = 300


@dataclass(frozen=True)
class LabelScore:
    """How a classifier judges labels that it was not trained on.

    Parameters
    ----------
    right, labels : int
        How many it judges as the person does, of how many.
    rates : Rates
        Of accepted labels.
    log_loss : float
        Mean of −log of the probability that it gives to what the person said.
    """

    right: int
    labels: int
    rates: Rates
    log_loss: float


@dataclass(frozen=True, eq=False)
class Adapted:
    """What came of it.

    Parameters
    ----------
    state : dict of str to Tensor
        New weights, trained on all labels.
    accept : float or None
        Least P(particle) to go with them: that of the old weights, since P keeps its scale; 0.5
        where those recommend none; None where it is automatic.
    before, after : LabelScore
        Of the old weights, and of new ones on labels that they were not trained on.
    improved : bool
        Whether the new ones are better by the recipe's margin.
    """

    state: dict[str, Tensor]
    accept: float | None
    before: LabelScore
    after: LabelScore
    improved: bool


def adapt_classifier(
    classifier: ClassifierNetwork,
    labelled: Sequence[LabelledView],
    replay: Sequence[LabelledView],
    recipe: AdaptRecipe,
    job: Job | None = None,
    automatic: Sequence[LabelledView] = (),
) -> Generator[AdaptReport, None, Adapted]:
    """Fit a copy of a classifier to labels; the one given stays as it is.

    Parameters
    ----------
    classifier : ClassifierNetwork
        In use.
    labelled : sequence of LabelledView
        What a person said.
    replay : sequence of LabelledView
        From `choose_replay`: what the classifier shall not forget.
    recipe : AdaptRecipe
        How.
    job : Job, optional
        Told after each batch; may cancel.
    automatic : sequence of LabelledView
        Labels that no person has given: learned from, and never judged by.

    Yields
    ------
    AdaptReport
        Twenty or so.

    Returns
    -------
    Adapted
        With its scores by cross-validation.

    Raises
    ------
    Cancelled
        Between batches, when the job says so.
    ValueError
        With fewer than `LEAST_LABELS` labels, or with nothing to tell them from.

    Notes
    -----
    The convolutions and their batch normalisation stay as they are, for a few labels could only
    spoil them; the two layers that judge their features are trained. An unlabelled candidate is
    to keep the P(particle) that it has, so that labels move the verdict on what looks like them
    and on little else, whichever places a person chose to label. All labels of one kind serve too:
    the candidates that the old weights reject then stand for the other kind.
    """
    module = classifier.module
    assert isinstance(module, PatchClassifier)
    accepted = np.concatenate([view.accepted for view in labelled] or [np.zeros(0, bool)])
    require_labels(accepted, [view.accepted for view in replay])
    job = job or SilentJob()
    labels = _label_examples(module, labelled, accepted, recipe, job)
    given = classifier.card.accept
    cut = given or NATURAL_ACCEPT
    others = labels.where(np.zeros_like(accepted))
    if replay:
        others = others.joined(_replay_examples(module, replay, cut, recipe, job))
    if automatic:
        others = others.joined(_automatic_examples(module, automatic, recipe, job))
    head, probability = yield from cross_validate(module, labels, accepted, others, recipe, job)

    old = classify_examples(copy_head(module), labels)
    before = score_labels(old, accepted, cut if given is None else given)
    after = score_labels(probability, accepted, cut)
    less_loss = after.log_loss < (1 - recipe.margin) * before.log_loss
    new = {f"head.{name}": tensor for name, tensor in head.state_dict().items()}
    return Adapted(
        {name: new.get(name, tensor).cpu() for name, tensor in module.state_dict().items()},
        None if given is None else cut,
        before,
        after,
        improved=less_loss and after.rates.f1 >= before.rates.f1,
    )


def require_labels(accepted: Bools, replayed: Sequence[Bools] = ()) -> None:
    """See that labels can be learned from.

    Raises
    ------
    ValueError
        With fewer than `LEAST_LABELS`, or when they and all that is replayed are of one kind.
    """
    if len(accepted) < LEAST_LABELS:
        counted = "1 label is" if len(accepted) == 1 else f"{len(accepted)} labels are"
        raise ValueError(f"{counted} too few to learn from: give at least {LEAST_LABELS}")
    seen = np.concatenate([accepted, *replayed])
    if seen.all() or not seen.any():
        kind, other = ("accepted", "reject") if seen.all() else ("rejected", "accept")
        raise ValueError(f"everything is {kind}: {other} some points too")


def _label_examples(
    module: PatchClassifier,
    views: Sequence[LabelledView],
    accepted: Bools,
    recipe: AdaptRecipe,
    job: Job,
) -> Examples:
    """Turn, mirror and shift labels; both kinds weigh the same where both are there."""
    step = recipe.shift_px if len(accepted) <= _FEW else 0
    shifts = [(0, 0), (step, 0), (-step, 0), (0, step), (0, -step)] if step else [(0, 0)]
    seen = _extract_features(module, views, shifts, job)
    return Examples.of(*seen, _tensor(accepted), _tensor(_balance(accepted)))


def _automatic_examples(
    module: PatchClassifier, views: Sequence[LabelledView], recipe: AdaptRecipe, job: Job
) -> Examples:
    """Take them as they are, and each for no more than an unlabelled candidate."""
    accepted = np.concatenate([view.accepted for view in views])
    weight = recipe.replay_weight * _balance(accepted)
    seen = _extract_features(module, views, [(0, 0)], job)
    return Examples.of(*seen, _tensor(accepted), _tensor(weight))


def _replay_examples(
    module: PatchClassifier,
    views: Sequence[LabelledView],
    cut: float,
    recipe: AdaptRecipe,
    job: Job,
) -> Examples:
    """Take what the classifier says of unlabelled candidates for their truth.

    What was accepted shall be so still, also where the classifier had no say.
    """
    features, context = _extract_features(module, views, [(0, 0)], job)
    weight = torch.full_like(context, recipe.replay_weight)
    unlabelled = Examples.of(features, context, torch.zeros_like(context), weight)
    probability = classify_examples(copy_head(module), unlabelled)
    accepted = np.concatenate([view.accepted for view in views])
    target = np.where(accepted, np.maximum(probability, cut), probability)
    return replace(unlabelled, target=_tensor(target))


def _extract_features(
    module: PatchClassifier, views: Sequence[LabelledView], shifts: Shifts, job: Job
) -> tuple[Tensor, Tensor]:
    """Return what the convolutions see of all places, and what their context says."""
    features = [
        convolve_variants(module, view.image, view.centers_yx, shifts, job) for view in views
    ]
    return torch.cat(features), _tensor(np.concatenate([view.context_odds for view in views]))


def _balance(accepted: Bools) -> Floats:
    """Return weights with which both kinds matter the same, where both are there."""
    if accepted.all() or not accepted.any():
        return np.ones(len(accepted))
    share = np.where(accepted, accepted.mean(), 1 - accepted.mean())
    return np.asarray(np.clip(0.5 / share, 0.5, 2.0))


def score_labels(probability: Floats, accepted: Bools, accept: float) -> LabelScore:
    """Hold the probabilities of labels, (n,), against what they say, (n,)."""
    picked = probability >= accept
    tally = Tally(
        int((picked & accepted).sum()),
        int((picked & ~accepted).sum()),
        int((~picked & accepted).sum()),
    )
    right = int((picked == accepted).sum())
    return LabelScore(right, len(accepted), tally.rates, log_loss(probability, accepted))


def _tensor(values: NDArray[np.generic]) -> Tensor:
    return torch.from_numpy(np.asarray(values, np.float32))
