"""The layers of a classifier that judge, trained alone on what the layers before them see."""

import copy
from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from napari_drpnet.classify import extract_patches
from napari_drpnet.jobs import Job
from napari_drpnet.networks.classifier import PatchClassifier
from napari_drpnet.training.feedback import AdaptRecipe

Image = NDArray[np.float32]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Shifts = Sequence[tuple[int, int]]

#: Patches at once, and reports of a fit.
_BATCH, _REPORTS = 128, 20


@dataclass(frozen=True)
class AdaptReport:
    """Progress: the loss of the final fit at a step, of so many."""

    step: int
    steps: int
    loss: float


@dataclass(frozen=True, eq=False)
class Examples:
    """Features of n patches in v variants each, what they are, and how much they count."""

    features: Tensor
    target: Tensor
    weight: Tensor

    def where(self, rows: Bools) -> "Examples":
        """Take some of the patches."""
        chosen = torch.from_numpy(np.flatnonzero(rows))
        return Examples(self.features[chosen], self.target[chosen], self.weight[chosen])

    def joined(self, other: "Examples") -> "Examples":
        """Take both; the variants of the one that has fewer are repeated."""
        both = (self.features, other.features)
        variants = torch.arange(max(features.shape[1] for features in both))
        return Examples(
            torch.cat([features[:, variants % features.shape[1]] for features in both]),
            torch.cat([self.target, other.target]),
            torch.cat([self.weight, other.weight]),
        )


def convolve_variants(
    module: PatchClassifier, image: Image, centers_yx: Floats, shifts: Shifts, job: Job
) -> Tensor:
    """Return what the convolutions see of patches, turned, mirrored and shifted.

    Parameters
    ----------
    module : PatchClassifier
        In evaluation mode.
    image : (h, w) float32 array
        As it sees the micrograph.
    centers_yx : (n, 2) float array
        Network pixels.
    shifts : sequence of tuple
        Of the centres ``(y, x)``, network pixels; the first is taken for the patch as it is.
    job : Job
        Told after each variant; may cancel.

    Returns
    -------
    (n, 8 · len(shifts), f) float32 Tensor
        On the CPU; of each patch the variant 0 is neither turned nor mirrored.
    """
    variants = []
    for shift in shifts:
        patches = extract_patches(image, centers_yx + np.array(shift), module.patch_px)
        for turn in range(4):
            turned = np.rot90(patches, turn, axes=(1, 2))
            variants += [_convolve(module, turned), _convolve(module, turned[:, ::-1])]
            job.advance(len(variants), 8 * len(shifts), "looking at labels")
    return torch.stack(variants, dim=1)


def copy_head(module: PatchClassifier) -> nn.Module:
    """Copy the layers that are trained. No random dropout: few labels are shown all at once."""
    return copy.deepcopy(module.head).cpu().eval().requires_grad_()


def fit_head(
    head: nn.Module, examples: Examples, recipe: AdaptRecipe, job: Job
) -> Generator[AdaptReport, None, None]:
    """Follow the gradient of the weighted cross-entropy; each batch is everything, once."""
    adam = torch.optim.Adam(head.parameters(), lr=recipe.learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(adam, recipe.steps)
    rng = np.random.default_rng(recipe.seed)
    count, variants = examples.features.shape[:2]
    target = torch.stack([1 - examples.target, examples.target], dim=1)
    rows = torch.arange(count)
    for step in range(1, recipe.steps + 1):
        shown = examples.features[rows, torch.from_numpy(rng.integers(variants, size=count))]
        losses = nn.functional.cross_entropy(head(shown), target, reduction="none")
        loss = (losses * examples.weight).sum() / examples.weight.sum()
        adam.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        adam.step()
        schedule.step()
        job.advance(step, recipe.steps, "training")
        if step % max(1, recipe.steps // _REPORTS) == 0 or step == recipe.steps:
            yield AdaptReport(step, recipe.steps, float(loss.detach()))


def judge_examples(head: nn.Module, examples: Examples) -> Floats:
    """Return P(particle) of each patch as it is: neither turned nor shifted."""
    with torch.no_grad():
        logits: Tensor = head(examples.features[:, 0])
    return np.asarray(logits.softmax(dim=1)[:, 1].double().numpy())


def _convolve(module: PatchClassifier, patches: Image) -> Tensor:
    device = next(module.parameters()).device
    stack = torch.from_numpy(np.ascontiguousarray(patches)[:, None])
    with torch.no_grad():
        seen = [
            module.features(batch.to(device, memory_format=torch.channels_last)).flatten(1).cpu()
            for batch in torch.split(stack, _BATCH)
        ]
    return torch.cat(seen)
