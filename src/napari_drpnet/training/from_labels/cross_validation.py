"""One head trained on all labels, and beside it one for each part of them that is held out."""

from collections.abc import Generator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from torch import nn

from napari_drpnet.base.jobs import Job
from napari_drpnet.picking.networks.patch_classifier import PatchClassifier
from napari_drpnet.training.from_labels.head import (
    AdaptReport,
    Examples,
    classify_examples,
    copy_head,
    fit_head,
)
from napari_drpnet.training.from_labels.replay import AdaptRecipe

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

_EPSILON = 1e-6


def cross_validate(
    module: PatchClassifier,
    labels: Examples,
    verdicts: Bools,
    others: Examples,
    recipe: AdaptRecipe,
    job: Job,
) -> Generator[AdaptReport, None, tuple[nn.Module, Floats]]:
    """Train a head on everything, and others on all but a part of the labels, step by step.

    Parameters
    ----------
    module : PatchClassifier
        Whose head they all start from.
    labels : Examples
        n of them.
    verdicts : (n,) bool array
        What the labels say.
    others : Examples
        Learned from in any case.
    recipe : AdaptRecipe
        How.
    job : Job
        Told after each batch; may cancel.

    Yields
    ------
    AdaptReport
        Twenty or so, with the mean loss on the parts that were held out.

    Returns
    -------
    head : torch.nn.Module
        Trained on everything.
    probability : (n,) float array
        P(particle) of each label, from the head that has not seen it.
    """
    parts = deal_folds(verdicts, recipe.folds, recipe.seed)
    shared = JobOfParts(job, (len(parts) + 1) * recipe.steps)
    held_out = [labels.where(part) for part in parts]
    heads = [copy_head(module) for _ in range(len(parts) + 1)]
    everything = labels.joined(others)
    kept = np.ones(len(others), bool)
    seen = [everything.where(np.concatenate([~part, kept])) for part in parts]
    fits = [
        fit_head(head, examples, recipe, shared)
        for head, examples in zip(heads, [*seen, everything], strict=True)
    ]
    probability = np.empty(len(verdicts))
    for reports in zip(*fits, strict=True):
        for head, part, examples in zip(heads, parts, held_out, strict=False):
            probability[part] = classify_examples(head, examples)
        yield replace(reports[-1], held_out_loss=log_loss(probability, verdicts))
    return heads[-1], probability


def log_loss(probability: Floats, verdicts: Bools) -> float:
    """Return the mean of −log of the probability that is given to what the labels say."""
    given = np.where(verdicts, probability, 1 - probability)
    return float(-np.log(np.maximum(given, _EPSILON)).mean())


def deal_folds(verdicts: Bools, folds: int, seed: int) -> list[Bools]:
    """Deal labels out into parts, each to be held out once.

    Parameters
    ----------
    verdicts : (n,) bool array
        Each part gets as many of both kinds as there are.
    folds : int
        How many parts, at most.
    seed : int
        Of the random order.

    Returns
    -------
    list of (n,) bool array
        Which labels are in each part; none is empty.
    """
    rng = np.random.default_rng(seed)
    part = np.empty(len(verdicts), np.intp)
    dealt = np.concatenate([rng.permutation(np.flatnonzero(verdicts == kind)) for kind in (1, 0)])
    part[dealt] = np.arange(len(verdicts)) % folds
    return [part == k for k in np.unique(part)]


@dataclass
class JobOfParts:
    """The job of several fits: it reports for all of them."""

    job: Job
    total: int
    done: int = 0

    def advance(self, done: int, total: int, stage: str) -> None:
        """Count one more batch of any of them."""
        self.done += 1
        self.job.advance(self.done, self.total, stage)
