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
class Verdict:
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
    before, after : Verdict
        Of the old weights, and of new ones on labels that they were not trained on.
    improved : bool
        Whether the new ones are better by the recipe's margin.
    """

    state: dict[str, Tensor]
    accept: float | None
    before: Verdict
    after: Verdict
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
        With its verdicts by cross-validation.

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
    verdicts = np.concatenate([view.accepted for view in labelled] or [np.zeros(0, bool)])
    require_labels(verdicts, [view.accepted for view in replay])
    job = job or SilentJob()
    labels = _label_examples(module, labelled, verdicts, recipe, job)
    given = classifier.card.accept
    cut = given or NATURAL_ACCEPT
    others = labels.where(np.zeros_like(verdicts))
    if replay:
        others = others.joined(_replay_examples(module, replay, cut, recipe, job))
    if automatic:
        others = others.joined(_automatic_examples(module, automatic, recipe, job))
    head, probability = yield from cross_validate(module, labels, verdicts, others, recipe, job)

    old = classify_examples(copy_head(module), labels)
    before = score_labels(old, verdicts, cut if given is None else given)
    after = score_labels(probability, verdicts, cut)
    less_loss = after.log_loss < (1 - recipe.margin) * before.log_loss
    new = {f"head.{name}": tensor for name, tensor in head.state_dict().items()}
    return Adapted(
        {name: new.get(name, tensor).cpu() for name, tensor in module.state_dict().items()},
        None if given is None else cut,
        before,
        after,
        improved=less_loss and after.rates.f1 >= before.rates.f1,
    )


def require_labels(verdicts: Bools, replayed: Sequence[Bools] = ()) -> None:
    """See that labels can be learned from.

    Raises
    ------
    ValueError
        With fewer than `LEAST_LABELS`, or when they and all that is replayed are of one kind.
    """
    if len(verdicts) < LEAST_LABELS:
        counted = "1 label is" if len(verdicts) == 1 else f"{len(verdicts)} labels are"
        raise ValueError(f"{counted} too few to learn from: give at least {LEAST_LABELS}")
    seen = np.concatenate([verdicts, *replayed])
    if seen.all() or not seen.any():
        kind, other = ("accepted", "reject") if seen.all() else ("rejected", "accept")
        raise ValueError(f"everything is {kind}: {other} some points too")


def _label_examples(
    module: PatchClassifier,
    views: Sequence[LabelledView],
    verdicts: Bools,
    recipe: AdaptRecipe,
    job: Job,
) -> Examples:
    """Turn, mirror and shift labels; both kinds weigh the same where both are there."""
    step = recipe.shift_px if len(verdicts) <= _FEW else 0
    shifts = [(0, 0), (step, 0), (-step, 0), (0, step), (0, -step)] if step else [(0, 0)]
    seen = _look(module, views, shifts, job)
    return Examples.of(*seen, _tensor(verdicts), _tensor(_balance(verdicts)))


def _automatic_examples(
    module: PatchClassifier, views: Sequence[LabelledView], recipe: AdaptRecipe, job: Job
) -> Examples:
    """Take them as they are, and each for no more than an unlabelled candidate."""
    verdicts = np.concatenate([view.accepted for view in views])
    weight = recipe.replay_weight * _balance(verdicts)
    seen = _look(module, views, [(0, 0)], job)
    return Examples.of(*seen, _tensor(verdicts), _tensor(weight))


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
    features, context = _look(module, views, [(0, 0)], job)
    weight = torch.full_like(context, recipe.replay_weight)
    untold = Examples.of(features, context, torch.zeros_like(context), weight)
    probability = classify_examples(copy_head(module), untold)
    accepted = np.concatenate([view.accepted for view in views])
    target = np.where(accepted, np.maximum(probability, cut), probability)
    return replace(untold, target=_tensor(target))


def _look(
    module: PatchClassifier, views: Sequence[LabelledView], shifts: Shifts, job: Job
) -> tuple[Tensor, Tensor]:
    """Return what the convolutions see of all places, and what their context says."""
    features = [
        convolve_variants(module, view.image, view.centers_yx, shifts, job) for view in views
    ]
    return torch.cat(features), _tensor(np.concatenate([view.context_odds for view in views]))


def _balance(verdicts: Bools) -> Floats:
    """Return weights with which both kinds matter the same, where both are there."""
    if verdicts.all() or not verdicts.any():
        return np.ones(len(verdicts))
    share = np.where(verdicts, verdicts.mean(), 1 - verdicts.mean())
    return np.asarray(np.clip(0.5 / share, 0.5, 2.0))


def score_labels(probability: Floats, verdicts: Bools, accept: float) -> Verdict:
    """Hold the probabilities of labels, (n,), against what they say, (n,)."""
    picked = probability >= accept
    tally = Tally(
        int((picked & verdicts).sum()),
        int((picked & ~verdicts).sum()),
        int((~picked & verdicts).sum()),
    )
    right = int((picked == verdicts).sum())
    return Verdict(right, len(verdicts), tally.rates, log_loss(probability, verdicts))


def _tensor(values: NDArray[np.generic]) -> Tensor:
    return torch.from_numpy(np.asarray(values, np.float32))
