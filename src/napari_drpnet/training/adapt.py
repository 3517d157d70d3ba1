"""Teach a classifier the labels of a person, without letting it forget what it knows."""

from collections import deque
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_drpnet.jobs import Job, SilentJob
from napari_drpnet.networks.classifier import PatchClassifier
from napari_drpnet.networks.weights import Network
from napari_drpnet.precision_recall import Rates, Tally
from napari_drpnet.training.feedback import LEAST_LABELS, AdaptRecipe, LabelledView
from napari_drpnet.training.head import (
    AdaptReport,
    Examples,
    convolve_variants,
    copy_head,
    fit_head,
    judge_examples,
)

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

#: Accept of an adapted classifier whose parent recommends none.
NATURAL_ACCEPT = 0.5
#: More labels than this need not be shifted to be many.
_FEW = 300
_EPSILON = 1e-6


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
    accept : float
        Least P(particle) to go with them: that of the old weights, since P keeps its scale; 0.5
        where those recommend none.
    before, after : Verdict
        Of the old weights, and of new ones on labels that they were not trained on.
    improved : bool
        Whether the new ones are better by the recipe's margin.
    """

    state: dict[str, Tensor]
    accept: float
    before: Verdict
    after: Verdict
    improved: bool


def adapt_classifier(
    classifier: Network,
    labelled: Sequence[LabelledView],
    replay: Sequence[LabelledView],
    recipe: AdaptRecipe,
    job: Job | None = None,
) -> Generator[AdaptReport, None, Adapted]:
    """Fit a copy of a classifier to labels; the one given stays as it is.

    Parameters
    ----------
    classifier : Network
        In use.
    labelled : sequence of LabelledView
        What a person said.
    replay : sequence of LabelledView
        From `choose_replay`: what the classifier shall not forget.
    recipe : AdaptRecipe
        How.
    job : Job, optional
        Told after each batch; may cancel.

    Yields
    ------
    AdaptReport
        Twenty or so, while the final weights are fitted.

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
    _require_enough(verdicts, replay)
    job = job or SilentJob()
    labels = _label_examples(module, labelled, verdicts, recipe, job)
    nothing = labels.where(np.zeros_like(verdicts))
    cut = classifier.card.accept or NATURAL_ACCEPT
    kept = _replay_examples(module, replay, cut, recipe, job) if replay else nothing
    folds = _folds(verdicts, recipe)
    parts = _Parts(job, (len(folds) + 1) * recipe.steps)

    probability = np.empty(len(verdicts))
    for held_out in folds:
        head = copy_head(module)
        deque(fit_head(head, labels.where(~held_out).joined(kept), recipe, parts), maxlen=0)
        probability[held_out] = judge_examples(head, labels.where(held_out))
    yield from fit_head(head := copy_head(module), labels.joined(kept), recipe, parts)

    old = judge_examples(copy_head(module), labels)
    before = _judge(old, verdicts, classifier.card.accept)
    after = _judge(probability, verdicts, cut)
    less_loss = after.log_loss < (1 - recipe.margin) * before.log_loss
    new = {f"head.{name}": tensor for name, tensor in head.state_dict().items()}
    return Adapted(
        {name: new.get(name, tensor).cpu() for name, tensor in module.state_dict().items()},
        cut,
        before,
        after,
        improved=less_loss and after.rates.f1 >= before.rates.f1,
    )


def _require_enough(verdicts: Bools, replay: Sequence[LabelledView]) -> None:
    if len(verdicts) < LEAST_LABELS:
        counted = "1 label is" if len(verdicts) == 1 else f"{len(verdicts)} labels are"
        raise ValueError(f"{counted} too few to learn from: give at least {LEAST_LABELS}")
    seen = np.concatenate([verdicts, *(view.accepted for view in replay)])
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
    features = torch.cat(
        [convolve_variants(module, view.image, view.centers_yx, shifts, job) for view in views]
    )
    weight = np.ones(len(verdicts))
    if verdicts.any() and not verdicts.all():
        share = np.where(verdicts, verdicts.mean(), 1 - verdicts.mean())
        weight = np.clip(0.5 / share, 0.5, 2.0)
    return Examples(features, _tensor(verdicts), _tensor(weight))


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
    features = torch.cat(
        [convolve_variants(module, view.image, view.centers_yx, [(0, 0)], job) for view in views]
    )
    count = len(features)
    untold = Examples(features, torch.zeros(count), torch.full((count,), recipe.replay_weight))
    probability = judge_examples(copy_head(module), untold)
    accepted = np.concatenate([view.accepted for view in views])
    target = np.where(accepted, np.maximum(probability, cut), probability)
    return replace(untold, target=_tensor(target))


def _folds(verdicts: Bools, recipe: AdaptRecipe) -> list[Bools]:
    """Deal the labels of each kind out, in random order, so that each is held out once."""
    rng = np.random.default_rng(recipe.seed)
    part = np.empty(len(verdicts), np.intp)
    dealt = np.concatenate([rng.permutation(np.flatnonzero(verdicts == kind)) for kind in (1, 0)])
    part[dealt] = np.arange(len(verdicts)) % recipe.folds
    return [part == k for k in np.unique(part)]


def _judge(probability: Floats, verdicts: Bools, accept: float) -> Verdict:
    picked = probability >= accept
    given = np.where(verdicts, probability, 1 - probability)
    tally = Tally(
        int((picked & verdicts).sum()),
        int((picked & ~verdicts).sum()),
        int((~picked & verdicts).sum()),
    )
    right, loss = int((picked == verdicts).sum()), -np.log(np.maximum(given, _EPSILON)).mean()
    return Verdict(right, len(verdicts), tally.rates, float(loss))


@dataclass
class _Parts:
    """The job of several fits, one after another: it reports for all."""

    job: Job
    total: int
    done: int = 0

    def advance(self, done: int, total: int, stage: str) -> None:
        self.done += 1
        self.job.advance(self.done, self.total, stage)


def _tensor(values: NDArray[np.generic]) -> Tensor:
    return torch.from_numpy(np.asarray(values, np.float32))
