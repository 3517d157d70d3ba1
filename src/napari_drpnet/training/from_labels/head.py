"""Training of the fully connected layers of a classifier on the features of its convolutions."""

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
from napari_drpnet.training.common.descent import descend
from napari_drpnet.training.from_labels.replay import AdaptRecipe

Image = NDArray[np.float32]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Shifts = Sequence[tuple[int, int]]

#: Number of patches in a batch of the convolutions, and number of reports of a fit.
_BATCH, _REPORTS = 128, 20


@dataclass(frozen=True)
class AdaptReport:
    """Progress of a training.

    Parameters
    ----------
    step, steps : int
        Number of batches that are done, and number of all batches.
    loss : float
        Loss of the fit to all labels.
    held_out_loss : float
        Loss on held-out labels; NaN if unknown.
    """

    step: int
    steps: int
    loss: float
    held_out_loss: float = float("nan")


@dataclass(frozen=True, eq=False)
class Examples:
    """Features of n patches in several variants each, with targets and weights.

    Parameters
    ----------
    features : (m, f) float32 Tensor
        Features of all variants of all patches.
    first, variants : (n,) int64 Tensor
        Row of the first variant of each patch, and number of its variants; the first variant is
        the patch itself.
    offset : (n,) float32 Tensor
        Log-odds of a particle from the context, which are added to those of the patch.
    target, weight : (n,) float32 Tensor
        P(particle) to be learned, and weight in the loss.
    """

    features: Tensor
    first: Tensor
    variants: Tensor
    offset: Tensor
    target: Tensor
    weight: Tensor

    @classmethod
    def of(cls, features: Tensor, offset: Tensor, target: Tensor, weight: Tensor) -> Self:
        """Make examples of features ``(n, v, f)``, with v variants of each patch."""
        count, variants = features.shape[:2]
        first = torch.arange(count) * variants
        counts = torch.full_like(first, variants)
        return cls(features.flatten(0, 1), first, counts, offset, target, weight)

    def __len__(self) -> int:
        return len(self.first)

    def where(self, rows: Bools) -> "Examples":
        """Select patches by a mask ``(n,)``; their features are not copied."""
        chosen = torch.from_numpy(np.flatnonzero(rows))
        columns = (self.first, self.variants, self.offset, self.target, self.weight)
        return Examples(self.features, *(column[chosen] for column in columns))

    def joined(self, other: "Examples") -> "Examples":
        """Return the examples of both."""
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
    """Return the features of patches that are rotated, mirrored and shifted.

    Parameters
    ----------
    module : PatchClassifier
        Classifier in evaluation mode.
    image : (h, w) float32 array
        Micrograph, preprocessed for this classifier.
    centers_yx : (n, 2) float array
        Centres of the patches ``(y, x)``, network pixels.
    shifts : sequence of tuple
        Shifts of the centres ``(y, x)``, network pixels; the first belongs to variant 0.
    job : Job
        Progress callback, called after each variant; it may cancel the work.

    Returns
    -------
    (n, 8 · len(shifts), f) float32 Tensor
        Features on the CPU. Variant 0 of a patch is neither rotated nor mirrored.

    Raises
    ------
    Cancelled
        If the work was cancelled.
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
    """Copy the layers that are trained, without dropout: each batch has all of the few labels."""
    return copy.deepcopy(module.head).cpu().eval().requires_grad_()


def fit_head(
    head: nn.Module, examples: Examples, recipe: AdaptRecipe, job: Job
) -> Generator[AdaptReport, None, None]:
    """Minimise the weighted cross-entropy in place; each batch has every patch once."""
    adam = torch.optim.Adam(head.parameters(), lr=recipe.learning_rate)
    rng = np.random.default_rng(recipe.seed)
    count, most = len(examples), int(examples.variants.max())

    def draw_loss() -> Tensor:
        drawn = torch.from_numpy(rng.integers(most, size=count)) % examples.variants
        odds = _odds(head, examples, drawn)
        losses = nn.functional.binary_cross_entropy_with_logits(
            odds, examples.target, reduction="none"
        )
        return (losses * examples.weight).sum() / examples.weight.sum()

    for step, loss in enumerate(descend(adam, draw_loss, recipe.steps, job), 1):
        if step % max(1, recipe.steps // _REPORTS) == 0 or step == recipe.steps:
            yield AdaptReport(step, recipe.steps, loss)


def classify_examples(head: nn.Module, examples: Examples) -> Floats:
    """Return P(particle) ``(n,)`` of the patches, neither rotated nor mirrored nor shifted."""
    with torch.no_grad():
        odds = _odds(head, examples, torch.zeros_like(examples.first))
    return np.asarray(odds.sigmoid().double().numpy())


def _odds(head: nn.Module, examples: Examples, variant: Tensor) -> Tensor:
    """Return the log-odds of a particle from one variant of each patch and its context."""
    logits: Tensor = head(examples.features[examples.first + variant])
    return logits[:, 1] - logits[:, 0] + examples.offset


def _convolve(module: PatchClassifier, patches: Image) -> Tensor:
    device = next(module.parameters()).device
    stack = torch.from_numpy(np.ascontiguousarray(patches)[:, None])
    with torch.no_grad():
        features = [
            module.features(batch.to(device, memory_format=torch.channels_last)).flatten(1).cpu()
            for batch in torch.split(stack, _BATCH)
        ]
    return torch.cat(features)
