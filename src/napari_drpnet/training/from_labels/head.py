"""The layers of a classifier that judge, trained alone on what the layers before them see."""

import copy
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from napari_drpnet.base.jobs import Job
from napari_drpnet.picking.classification.patches import extract_patches
from napari_drpnet.picking.networks.patch_classifier import PatchClassifier
from napari_drpnet.training.from_labels.replay import AdaptRecipe

Image = NDArray[np.float32]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Shifts = Sequence[tuple[int, int]]

#: Patches at once, and reports of a fit.
_BATCH, _REPORTS = 128, 20


@dataclass(frozen=True)
class AdaptReport:
    """Progress at a step, of so many: the loss of the final fit, and that on what is held out."""

    step: int
    steps: int
    loss: float
    held_out_loss: float = float("nan")


@dataclass(frozen=True, eq=False)
class Examples:
    """Features of n patches in some variants each, what they are, and how much they count.

    Parameters
    ----------
    features : (m, f) float32 Tensor
        Of all variants.
    first, variants : (n,) int64 Tensor
        Where those of a patch begin, and how many it has; the first is the patch as it is.
    offset : (n,) float32 Tensor
        Log-odds of a particle that are known without the patch.
    target, weight : (n,) float32 Tensor
        P(particle) to be learned, and how much that matters.
    """

    features: Tensor
    first: Tensor
    variants: Tensor
    offset: Tensor
    target: Tensor
    weight: Tensor

    @classmethod
    def of(cls, features: Tensor, offset: Tensor, target: Tensor, weight: Tensor) -> Self:
        """Take features ``(n, v, f)`` of as many variants of each patch."""
        count, variants = features.shape[:2]
        first = torch.arange(count) * variants
        counts = torch.full_like(first, variants)
        return cls(features.flatten(0, 1), first, counts, offset, target, weight)

    def __len__(self) -> int:
        return len(self.first)

    def where(self, rows: Bools) -> "Examples":
        """Take some of the patches; their features are not copied."""
        chosen = torch.from_numpy(np.flatnonzero(rows))
        columns = (self.first, self.variants, self.offset, self.target, self.weight)
        return Examples(self.features, *(column[chosen] for column in columns))

    def joined(self, other: "Examples") -> "Examples":
        """Take both."""
        return Examples(
            torch.cat([self.features, other.features]),
            torch.cat([self.first, other.first + len(self.features)]),
            torch.cat([self.variants, other.variants]),
            torch.cat([self.offset, other.offset]),
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
    count, most = len(examples), int(examples.variants.max())
    for step in range(1, recipe.steps + 1):
        drawn = torch.from_numpy(rng.integers(most, size=count)) % examples.variants
        odds = _odds(head, examples, drawn)
        losses = nn.functional.binary_cross_entropy_with_logits(
            odds, examples.target, reduction="none"
        )
        loss = (losses * examples.weight).sum() / examples.weight.sum()
        adam.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        adam.step()
        schedule.step()
        job.advance(step, recipe.steps, "training")
        if step % max(1, recipe.steps // _REPORTS) == 0 or step == recipe.steps:
            yield AdaptReport(step, recipe.steps, float(loss.detach()))


def classify_examples(head: nn.Module, examples: Examples) -> Floats:
    """Return P(particle) of each patch as it is: neither turned nor shifted."""
    with torch.no_grad():
        odds = _odds(head, examples, torch.zeros_like(examples.first))
    return np.asarray(odds.sigmoid().double().numpy())


def _odds(head: nn.Module, examples: Examples, variant: Tensor) -> Tensor:
    """Return the log-odds of a particle, from one variant of each patch and what is known."""
    logits: Tensor = head(examples.features[examples.first + variant])
    return logits[:, 1] - logits[:, 0] + examples.offset


def _convolve(module: PatchClassifier, patches: Image) -> Tensor:
    device = next(module.parameters()).device
    stack = torch.from_numpy(np.ascontiguousarray(patches)[:, None])
    with torch.no_grad():
        seen = [
            module.features(batch.to(device, memory_format=torch.channels_last)).flatten(1).cpu()
            for batch in torch.split(stack, _BATCH)
        ]
    return torch.cat(seen)
