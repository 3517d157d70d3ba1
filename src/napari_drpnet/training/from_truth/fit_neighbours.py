"""Fit of the context network of a patch classifier, after the fit to patches."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from napari_drpnet.base.jobs import Job
from napari_drpnet.picking.networks.neighbours import describe_context
from napari_drpnet.picking.networks.patch_classifier import ContextNet, PatchClassifier
from napari_drpnet.training.common.fields import Field
from napari_drpnet.training.common.labels import LabelledCandidates
from napari_drpnet.training.common.recipe import ClassifierRecipe

_BATCH, _LEARNING_RATE, _WEIGHT_DECAY = 1024, 3e-3, 0.02
#: All fields have the same weight, except those with fewer candidates than this.
_LEAST_CANDIDATES = 30
_LEAST_DEVIATION = 1e-6


@dataclass(frozen=True, eq=False)
class _Candidates:
    """Tensors of all n candidates: context, log-odds of the patch, 1 for particles, weight."""

    context: Tensor
    patch_odds: Tensor
    right: Tensor
    weight: Tensor


def fit_context(
    module: PatchClassifier,
    fields: Sequence[Field],
    candidates: Sequence[LabelledCandidates],
    patch_odds: Sequence[NDArray[np.float32]],
    particle_px: float,
    recipe: ClassifierRecipe,
    job: Job,
) -> None:
    """Train a `ContextNet` for a patch classifier, and add it in place.

    The log-odds of patch and context together are fitted by cross-entropy. Those of the patch are
    first multiplied by `recipe.patch_weight`, which is moved into the last layer of the head.

    Parameters
    ----------
    module : PatchClassifier
        Classifier that was trained on patches.
    fields : sequence of Field
        Fields for training.
    candidates : sequence of LabelledCandidates
        Candidates of each field.
    patch_odds : sequence of (n,) float32 array
        Log-odds that `module` gives to the patches of the candidates of each field.
    particle_px : float
        Particle diameter, network pixels.
    recipe : ClassifierRecipe
        Recipe of the training.
    job : Job
        Progress callback, called after each pass; it may cancel the work.

    Raises
    ------
    Cancelled
        If the work was cancelled between passes; the module is not changed then.
    """
    device = next(module.parameters()).device
    net = ContextNet().to(device)
    rows = [
        describe_context(found.centers_yx, found.height, field.extent, particle_px)
        for field, found in zip(fields, candidates, strict=True)
    ]
    counts = [len(found.height) for found in candidates]
    weight = _join([np.full(n, 1 / max(n, _LEAST_CANDIDATES)) for n in counts], device)
    examples = _Candidates(
        _join(rows, device),
        _join(patch_odds, device),
        _join([found.right for found in candidates], device),
        weight / weight.mean(),
    )
    _minimise(net, examples, recipe, job)
    last = module.head[-1]
    assert isinstance(last, nn.Linear)
    with torch.no_grad():
        last.weight.mul_(recipe.patch_weight)
        last.bias.mul_(recipe.patch_weight)
    module.context = net.eval()


def _minimise(net: ContextNet, examples: _Candidates, recipe: ClassifierRecipe, job: Job) -> None:
    """Minimise the weighted cross-entropy of a context network in place, pass by pass."""
    context, right = examples.context, examples.right
    net.mean, net.deviation = context.mean(0), context.std(0).clamp_min(_LEAST_DEVIATION)
    generator = torch.Generator().manual_seed(recipe.seed)
    adam = torch.optim.AdamW(net.parameters(), lr=_LEARNING_RATE, weight_decay=_WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(adam, recipe.context_epochs)
    for epoch in range(1, recipe.context_epochs + 1):
        order = torch.randperm(len(right), generator=generator).to(right.device)
        for chosen in torch.split(order, _BATCH):
            odds = recipe.patch_weight * examples.patch_odds[chosen] + net(context[chosen])
            loss = nn.functional.binary_cross_entropy_with_logits(
                odds, right[chosen], examples.weight[chosen]
            )
            adam.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            adam.step()
        schedule.step()
        job.advance(epoch, recipe.context_epochs, "learning contexts")


def _join(arrays: Sequence[NDArray[np.generic]], device: torch.device) -> Tensor:
    """Concatenate arrays to a float32 tensor on a device."""
    return torch.from_numpy(np.concatenate(arrays).astype(np.float32)).to(device)
