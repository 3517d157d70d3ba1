"""Fit what a classifier makes of the candidates around one, once it knows patches."""

from collections.abc import Sequence

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
#: A field counts as much as any other, unless it has fewer candidates than this.
_LEAST_CANDIDATES = 30
_LEAST_DEVIATION = 1e-6


def fit_context(
    module: PatchClassifier,
    fields: Sequence[Field],
    candidates: Sequence[LabelledCandidates],
    patch_odds: Sequence[NDArray[np.float32]],
    particle_px: float,
    recipe: ClassifierRecipe,
    job: Job,
) -> None:
    """Give a patch classifier a `ContextNet`, in place.

    The log-odds of patch and context together are fitted by cross-entropy. The patches' own are
    first multiplied by `recipe.patch_weight`, which goes into the last layer of the head.

    Parameters
    ----------
    module : PatchClassifier
        Trained on patches.
    fields : sequence of Field
        To learn from.
    candidates : sequence of LabelledCandidates
        Of each.
    patch_odds : sequence of (n,) float32 array
        What `module` makes of their patches.
    particle_px : float
        Particle diameter, network pixels.
    recipe : ClassifierRecipe
        Says how long, and the seed.
    job : Job
        Told after each pass; may cancel.

    Raises
    ------
    Cancelled
        Between passes, when the job says so; the module is then as it was.
    """
    device = next(module.parameters()).device
    net, scale = ContextNet().to(device), recipe.patch_weight
    rows = [
        describe_context(found.centers_yx, found.height, field.extent, particle_px)
        for field, found in zip(fields, candidates, strict=True)
    ]
    context = _join(rows, device)
    net.mean, net.deviation = context.mean(0), context.std(0).clamp_min(_LEAST_DEVIATION)
    patch = _join(patch_odds, device)
    right = _join([found.right for found in candidates], device)
    counts = [len(found.height) for found in candidates]
    weight = _join([np.full(n, 1 / max(n, _LEAST_CANDIDATES)) for n in counts], device)
    weight = weight / weight.mean()

    generator = torch.Generator().manual_seed(recipe.seed)
    adam = torch.optim.AdamW(net.parameters(), lr=_LEARNING_RATE, weight_decay=_WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(adam, recipe.context_epochs)
    for epoch in range(1, recipe.context_epochs + 1):
        order = torch.randperm(len(right), generator=generator).to(device)
        for chosen in torch.split(order, _BATCH):
            odds = scale * patch[chosen] + net(context[chosen])
            loss = nn.functional.binary_cross_entropy_with_logits(
                odds, right[chosen], weight[chosen]
            )
            adam.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            adam.step()
        schedule.step()
        job.advance(epoch, recipe.context_epochs, "learning contexts")
    last = module.head[-1]
    assert isinstance(last, nn.Linear)
    with torch.no_grad():
        last.weight.mul_(scale)
        last.bias.mul_(scale)
    module.context = net.eval()


def _join(arrays: Sequence[NDArray[np.generic]], device: torch.device) -> Tensor:
    return torch.from_numpy(np.concatenate(arrays).astype(np.float32)).to(device)
