"""Fit of the last layers of a segmenter to strokes, while the rest of its map is kept."""

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from napari_drpnet.base.jobs import Job
from napari_drpnet.training.common.descent import descend
from napari_drpnet.training.from_strokes.painted import Floats, TrainingImage, Window
from napari_drpnet.training.from_strokes.recipe import StrokeRecipe

_EPSILON = 1e-6


def fit_strokes(
    module: nn.Module,
    painted: Sequence[TrainingImage],
    replayed: Sequence[TrainingImage],
    shares: Floats,
    trust: Floats,
    recipe: StrokeRecipe,
    job: Job,
) -> None:
    """Train the last layers of a segmenter in place.

    Parameters
    ----------
    module : torch.nn.Module
        Module of the segmenter in evaluation mode, so that batch normalisation keeps its
        statistics.
    painted, replayed : sequence of TrainingImage
        Painted micrographs, and simulated ones whose probabilities should not change.
    shares, trust : (4,) float32 array
        Weight of each class; trust in each class of the old weights, from `class_trust`.
    recipe : StrokeRecipe
        Recipe of the training.
    job : Job
        Progress callback, called after each batch; it may cancel the work.

    Raises
    ------
    Cancelled
        If the work was cancelled between batches.
    """
    rng = np.random.default_rng(recipe.seed)
    device = next(module.parameters()).device
    weights, trusted = torch.from_numpy(shares).to(device), torch.from_numpy(trust).to(device)
    adam = torch.optim.Adam(_free_tail(module), lr=recipe.learning_rate)
    side = _window_side([*painted, *replayed], recipe)

    def draw_loss() -> Tensor:
        drawn = rng.integers(len(painted), size=recipe.batch)
        windows = [painted[k].window(side, rng) for k in drawn]
        if replayed:
            windows.append(replayed[int(rng.integers(len(replayed)))].window(side, rng))
        return stroke_loss(module, windows, weights, trusted, recipe)

    for _ in descend(adam, draw_loss, recipe.steps, job):
        pass


def stroke_loss(
    module: nn.Module,
    windows: Sequence[Window],
    weights: Tensor,
    trust: Tensor,
    recipe: StrokeRecipe,
) -> Tensor:
    """Return the loss of a batch: painted windows, then perhaps one that is replayed.

    Returns
    -------
    () float32 Tensor
        Loss of the painted pixels, plus the weighted divergences of the other pixels from their
        old probabilities.
    """
    features = [torch.cat(part) for part in zip(*(each.features for each in windows), strict=True)]
    old, classes, kept = (
        torch.cat(part)
        for part in zip(*((each.old, each.classes, each.kept) for each in windows), strict=True)
    )
    logarithm = functional.log_softmax(cast(Any, module).scores(features), dim=1)
    hold = kept * trust[old.argmax(dim=1)]
    hold[recipe.batch :] = kept[recipe.batch :].float()
    fall = _divergence(logarithm, old, hold)
    loss = class_loss(logarithm, classes, weights)
    loss = loss + recipe.unpainted_weight * fall[: recipe.batch].mean()
    if len(windows) > recipe.batch:
        loss = loss + recipe.replay_weight * fall[recipe.batch :].mean()
    return loss


def class_loss(logarithm: Tensor, classes: Tensor, weights: Tensor) -> Tensor:
    """Return the loss of painted pixels.

    Parameters
    ----------
    logarithm : (n, 4, h, w) float32 Tensor
        Logarithm of the probability of each class.
    classes : (n, h, w) uint8 Tensor
        Painted classes, 0 where nothing is painted.
    weights : (4,) float32 Tensor
        Weight of each class.

    Returns
    -------
    () float32 Tensor
        Weighted mean, over the classes that are painted here, of their mean cross-entropy.
    """
    loss = total = weights.new_zeros(())
    for number, weight in enumerate(weights):
        painted = classes == number + 1
        if weight > 0 and painted.any():
            loss = loss - weight * logarithm[:, number][painted].mean()
            total = total + weight
    return loss / total.clamp(min=_EPSILON)


def _divergence(logarithm: Tensor, wanted: Tensor, kept: Tensor) -> Tensor:
    """Return the mean Kullback-Leibler divergence from wanted probabilities, of each window."""
    each = (wanted * (wanted.clamp(min=_EPSILON).log() - logarithm)).sum(dim=1)
    return (each * kept).sum(dim=(1, 2)) / (kept > 0).sum(dim=(1, 2)).clamp(min=1)


def _free_tail(module: nn.Module) -> list[nn.Parameter]:
    """Let only the last layers be trained, and return their parameters."""
    module.requires_grad_(False)
    for part in cast("list[nn.Module]", module.tail):
        part.requires_grad_(True)
    return [parameter for parameter in module.parameters() if parameter.requires_grad]


def _window_side(images: Sequence[TrainingImage], recipe: StrokeRecipe) -> int:
    """Return the side of the windows: that of the recipe, or less if a micrograph is smaller."""
    stride = images[0].stride
    shortest = min(int(length) for image in images for length in image.classes.shape)
    return min(recipe.window_px, shortest) // stride * stride
