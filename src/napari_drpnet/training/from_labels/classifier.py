"""Train a classifier on labels while keeping its other predictions."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_drpnet.base.jobs import Job, SilentJob
from napari_drpnet.base.wording import counted
from napari_drpnet.picking.networks.card import ClassifierNetwork
from napari_drpnet.picking.networks.patch_classifier import PatchClassifier
from napari_drpnet.training.from_labels.cross_validation import cross_validate
from napari_drpnet.training.from_labels.head import (
    AdaptReport,
    Examples,
    Shifts,
    classify_examples,
    convolve_variants,
    copy_head,
)
from napari_drpnet.training.from_labels.label_scores import (
    LabelScore,
    automatic_cuts,
    is_clearly_more,
    score_labels,
)
from napari_drpnet.training.from_labels.replay import LEAST_LABELS, AdaptRecipe, LabelledView

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

#: Least P(particle) of an adapted classifier whose old weights recommend none.
NATURAL_ACCEPT = 0.5
#: How far new weights may be from the old ones, if there are enough labels to choose.
_STEPS = (0.25, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
#: Labels are augmented by shifts only up to this number.
_FEW = 300


@dataclass(frozen=True, eq=False)
class Adapted:
    """Result of `adapt_classifier`.

    Parameters
    ----------
    state : dict of str to Tensor
        New weights, trained on all labels.
    accept : float or None
        Least P(particle) for the new weights: that of the old weights, since P keeps its scale;
        0.5 if those recommend none; None if it is automatic.
    before, after : LabelScore
        Scores of the old weights, and of new weights on labels that they were not trained on.
    improved : bool
        Whether the new weights are better by the margin of the recipe.
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
    *,
    whole: bool = False,
) -> Generator[AdaptReport, None, Adapted]:
    """Train a copy of a classifier on labels; the given classifier is not changed.

    Parameters
    ----------
    classifier : ClassifierNetwork
        Classifier in use.
    labelled : sequence of LabelledView
        Labels to learn from and to validate on.
    replay : sequence of LabelledView
        Unlabelled candidates from `choose_replay`, whose P(particle) should not change.
    recipe : AdaptRecipe
        Recipe of the training.
    job : Job, optional
        Progress callback, called after each batch; it may cancel the work.
    automatic : sequence of LabelledView
        Automatic labels, which are learned from but not used for validation.
    whole : bool
        Whether the labels are a fair sample of the picks, as those of 2D classes are, and not of
        those that a user has looked for. There are many of them and they are less reliable, so the
        new weights stay as near to the old ones as suits held-out labels. An automatic cut is then
        found among them for validation, as among picks; otherwise it is 0.5. And the new weights
        are better only if clearly more of these labels are right, see `is_clearly_more`.

    Yields
    ------
    AdaptReport
        About twenty reports.

    Returns
    -------
    Adapted
        New weights, with scores from cross-validation.

    Raises
    ------
    Cancelled
        If the work was cancelled between batches.
    ValueError
        If there are fewer than `LEAST_LABELS` labels, or if all labels and replayed candidates
        are of one kind.

    Notes
    -----
    Only the two fully connected layers are trained. The convolutions and their batch
    normalisation are kept, since a few labels would only make them worse. The target of an
    unlabelled candidate is the P(particle) of the old weights. So labels change little but the
    candidates that look like them, whichever candidates were labelled. Labels of only one kind
    suffice: the candidates that the old weights reject then stand for the other kind.
    """
    module = classifier.module
    assert isinstance(module, PatchClassifier)
    accepted = np.concatenate([view.accepted for view in labelled] or [np.zeros(0, bool)])
    require_labels(accepted, [view.accepted for view in replay])
    job = job or SilentJob()
    labels = _label_examples(module, labelled, accepted, recipe, job)
    given = classifier.card.accept
    cut = given or NATURAL_ACCEPT
    others = replayed = labels.where(np.zeros_like(accepted))
    if replay:
        others = replayed = _replay_examples(module, replay, cut, recipe, job)
    if automatic:
        others = others.joined(_automatic_examples(module, automatic, recipe, job))
    steps = _STEPS if whole else (1.0,)
    head, probability = yield from cross_validate(
        module, labels, accepted, others, recipe, job, steps
    )

    heads = copy_head(module), head
    known = classify_examples(heads[0], labels), probability
    cuts: Sequence[float | Floats] = cut if given is None else given, cut
    if whole and given is None:
        cuts = [
            automatic_cuts(labelled, p, replay, classify_examples(each, replayed))
            for each, p in zip(heads, known, strict=True)
        ]
    before, after = (score_labels(p, accepted, at) for p, at in zip(known, cuts, strict=True))
    improved = after.log_loss < (1 - recipe.margin) * before.log_loss
    improved &= after.rates.f1 >= before.rates.f1
    if whole:
        right = [(p >= at) == accepted for p, at in zip(known, cuts, strict=True)]
        improved &= is_clearly_more(*right)
    new = {f"head.{name}": tensor for name, tensor in head.state_dict().items()}
    return Adapted(
        {name: new.get(name, tensor).cpu() for name, tensor in module.state_dict().items()},
        None if given is None else cut,
        before,
        after,
        improved,
    )


def require_labels(accepted: Bools, replayed: Sequence[Bools] = ()) -> None:
    """Check that there are enough labels, of both kinds.

    Parameters
    ----------
    accepted : (n,) bool array
        Whether each label is accepted.
    replayed : sequence of (m,) bool array
        Whether each replayed candidate is accepted by the old weights, for each micrograph.

    Raises
    ------
    ValueError
        If there are fewer than `LEAST_LABELS` labels, or if all labels and replayed candidates
        are of one kind.
    """
    if len(accepted) < LEAST_LABELS:
        verb = "is" if len(accepted) == 1 else "are"
        labels = f"{counted(len(accepted), 'label')} {verb}"
        raise ValueError(f"{labels} too few to learn from: give at least {LEAST_LABELS}")
    everything = np.concatenate([accepted, *replayed])
    if everything.all() or not everything.any():
        kind, other = ("accepted", "reject") if everything.all() else ("rejected", "accept")
        raise ValueError(f"everything is {kind}: {other} some points too")


def _label_examples(
    module: PatchClassifier,
    views: Sequence[LabelledView],
    accepted: Bools,
    recipe: AdaptRecipe,
    job: Job,
) -> Examples:
    """Make examples of labels, rotated, mirrored and shifted; both kinds have equal weight."""
    step = recipe.shift_px if len(accepted) <= _FEW else 0
    shifts = [(0, 0), (step, 0), (-step, 0), (0, step), (0, -step)] if step else [(0, 0)]
    features = _extract_features(module, views, shifts, job)
    return Examples.of(*features, _tensor(accepted), _tensor(_balance(accepted)))


def _automatic_examples(
    module: PatchClassifier, views: Sequence[LabelledView], recipe: AdaptRecipe, job: Job
) -> Examples:
    """Make examples of automatic labels, each with the weight of an unlabelled candidate."""
    accepted = np.concatenate([view.accepted for view in views])
    weight = recipe.replay_weight * _balance(accepted)
    features = _extract_features(module, views, [(0, 0)], job)
    return Examples.of(*features, _tensor(accepted), _tensor(weight))


def _replay_examples(
    module: PatchClassifier,
    views: Sequence[LabelledView],
    cut: float,
    recipe: AdaptRecipe,
    job: Job,
) -> Examples:
    """Make examples of unlabelled candidates, with the present P(particle) as target.

    The target of an accepted candidate is at least `cut`, whatever its P(particle) is.
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
    """Return the features of the patches of all views, and the log-odds of their contexts."""
    features = [
        convolve_variants(module, view.image, view.centers_yx, shifts, job) for view in views
    ]
    return torch.cat(features), _tensor(np.concatenate([view.context_odds for view in views]))


def _balance(accepted: Bools) -> Floats:
    """Return weights ``(n,)`` that balance the two kinds of labels, if both are present."""
    if accepted.all() or not accepted.any():
        return np.ones(len(accepted))
    share = np.where(accepted, accepted.mean(), 1 - accepted.mean())
    return np.asarray(np.clip(0.5 / share, 0.5, 2.0))


def _tensor(values: NDArray[np.generic]) -> Tensor:
    return torch.from_numpy(np.asarray(values, np.float32))
