"""Cross-validation: one head trained on all labels, and one for each part that is held out."""

import copy
from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from napari_drpnet.base.jobs import Job
from napari_drpnet.picking.networks.patch_classifier import PatchClassifier
from napari_drpnet.training.common.progress import SharedJob
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
    accepted: Bools,
    others: Examples,
    recipe: AdaptRecipe,
    job: Job,
    steps: Sequence[float] = (1.0,),
) -> Generator[AdaptReport, None, tuple[nn.Module, Floats]]:
    """Train one head on all examples, and others without a part of the labels, step by step.

    Parameters
    ----------
    module : PatchClassifier
        Classifier that the heads are copied from.
    labels : Examples
        Examples of n labels.
    accepted : (n,) bool array
        Whether each label is accepted.
    others : Examples
        Further examples, which are never held out.
    recipe : AdaptRecipe
        Recipe of the training.
    job : Job
        Progress callback, called after each batch; it may cancel the work.
    steps : sequence of float
        How far the heads may be from the old one, as shares of what they have learned. That with
        the least loss on held-out labels is taken.

    Yields
    ------
    AdaptReport
        About twenty reports, with the mean loss on held-out labels.

    Returns
    -------
    head : torch.nn.Module
        Head that was trained on all examples.
    probability : (n,) float array
        P(particle) of each label, by the head that was trained without it.

    Raises
    ------
    Cancelled
        If the work was cancelled between batches.
    """
    parts = deal_folds(accepted, recipe.folds, recipe.seed)
    shared = SharedJob(job, (len(parts) + 1) * recipe.steps)
    held_out = [labels.where(part) for part in parts]
    heads = [copy_head(module) for _ in range(len(parts) + 1)]
    everything = labels.joined(others)
    kept = np.ones(len(others), bool)
    without_part = [everything.where(np.concatenate([~part, kept])) for part in parts]
    fits = [
        fit_head(head, examples, recipe, shared)
        for head, examples in zip(heads, [*without_part, everything], strict=True)
    ]
    probability = np.empty(len(accepted))
    for reports in zip(*fits, strict=True):
        for head, part, examples in zip(heads, parts, held_out, strict=False):
            probability[part] = classify_examples(head, examples)
        yield replace(reports[-1], held_out_loss=log_loss(probability, accepted))
    found = [_at_step(copy_head(module), heads, parts, held_out, step) for step in steps]
    return min(found, key=lambda each: log_loss(each[1], accepted))


def _at_step(
    old: nn.Module,
    heads: Sequence[nn.Module],
    parts: Sequence[Bools],
    held_out: Sequence[Examples],
    step: float,
) -> tuple[nn.Module, Floats]:
    """Return the last head at a step between the old and the new one, and P of held-out labels."""
    start, probability = copy.deepcopy(old.state_dict()), np.empty(len(parts[0]))
    for head, part, examples in zip(heads, parts, held_out, strict=False):
        old.load_state_dict(interpolate(start, head.state_dict(), step))
        probability[part] = classify_examples(old, examples)
    old.load_state_dict(interpolate(start, heads[-1].state_dict(), step))
    return old, probability


def interpolate(
    old: Mapping[str, Tensor], new: Mapping[str, Tensor], step: float
) -> dict[str, Tensor]:
    """Return weights between old and new ones, as far from the old as `step`, at most 1, says."""
    return {
        name: torch.lerp(tensor, new[name], step) if tensor.is_floating_point() else tensor
        for name, tensor in old.items()
    }


def log_loss(probability: Floats, accepted: Bools) -> float:
    """Return the mean of −log of the probability that each label ``(n,)`` is given."""
    given = np.where(accepted, probability, 1 - probability)
    return float(-np.log(np.maximum(given, _EPSILON)).mean())


def deal_folds(accepted: Bools, folds: int, seed: int) -> list[Bools]:
    """Split labels at random into parts, each to be held out once.

    Parameters
    ----------
    accepted : (n,) bool array
        Whether each label is accepted. Both kinds are spread evenly over the parts.
    folds : int
        Largest number of parts.
    seed : int
        Seed of the random order.

    Returns
    -------
    list of (n,) bool array
        Masks of the labels in each part; no part is empty.
    """
    rng = np.random.default_rng(seed)
    part = np.empty(len(accepted), np.intp)
    dealt = np.concatenate([rng.permutation(np.flatnonzero(accepted == kind)) for kind in (1, 0)])
    part[dealt] = np.arange(len(accepted)) % folds
    return [part == k for k in np.unique(part)]
