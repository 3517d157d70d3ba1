"""Fit the detector to fields, and the classifier to labelled patches."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field as Setting
from torch import Tensor, nn

from napari_drpnet.jobs import Job, SilentJob
from napari_drpnet.networks.classifier import PatchClassifier
from napari_drpnet.networks.fcrn import FCRN
from napari_drpnet.parameters import Parameters
from napari_drpnet.training.fields import Field
from napari_drpnet.training.labels import LabelledPatches
from napari_drpnet.training.targets import distance_target


class DetectorRecipe(Parameters):
    """How a detector is trained; stored in its card."""

    particle_px: float = Setting(11.0, gt=4, title="Particle diameter, network pixels")
    fields: int = Setting(1600, ge=1, title="Simulated micrographs")
    looks: int = Setting(3, ge=1, title="Augmented views of each")
    steps: int = Setting(8000, ge=1, title="Batches")
    batch: int = Setting(16, ge=1, title="Patches per batch")
    patch_diameters: float = Setting(6.4, gt=1, title="Side of a patch, particle diameters")
    learning_rate: float = Setting(2e-3, gt=0, title="AdamW, cosine schedule")
    positive_weight: float = Setting(3.0, gt=0, title="Weight of pixels on particles")
    seed: int = Setting(1, title="Of fields, patches and initial weights")


class ClassifierRecipe(Parameters):
    """How a classifier is trained; stored in its card."""

    patch_px: int = Setting(40, ge=32, title="Side of a patch, network pixels")
    least_height: float = Setting(0.15, ge=0, title="Weaker candidates are not shown, map units")
    fields: int = Setting(2000, ge=1, title="Views of the detector's fields that are used")
    epochs: int = Setting(4, ge=1, title="Times that each patch is seen")
    batch: int = Setting(128, ge=2, title="Patches per batch")
    learning_rate: float = Setting(1e-3, gt=0, title="AdamW, cosine schedule")
    seed: int = Setting(1, title="Of the order of patches and initial weights")


Half = NDArray[np.float16]


@dataclass(frozen=True)
class Report:
    """Progress of a fit: the mean loss of the last batches."""

    step: int
    loss: float


def fit_detector(
    network: FCRN, fields: Sequence[Field], recipe: DetectorRecipe, job: Job | None = None
) -> Iterator[Report]:
    """Train `network` in place; yields a report every 100 batches.

    Squared error against `distance_target`; pixels on particles weigh more.

    Raises
    ------
    Cancelled
        Between batches, when the job says so.
    """
    job = job or SilentJob()
    rng = np.random.default_rng(recipe.seed)
    side = round(recipe.patch_diameters * recipe.particle_px)
    targets = [
        distance_target(field.centers_yx, field.image.shape, recipe.particle_px).astype(np.float16)
        for field in fields
    ]
    optimizer = _Optimizer(network, recipe.learning_rate, recipe.steps)
    losses: list[float] = []
    for step in range(1, recipe.steps + 1):
        chosen = rng.integers(len(fields), size=recipe.batch)
        patches = [_patch(fields[i].image, targets[i], side, rng) for i in chosen]
        images, wanted = (
            torch.from_numpy(np.stack(arrays)[:, None].astype(np.float32))
            for arrays in zip(*patches, strict=True)
        )
        predicted = network(images.contiguous(memory_format=torch.channels_last))
        weight = 1 + (recipe.positive_weight - 1) * (wanted > 0)
        loss = (weight * (predicted - wanted) ** 2).mean()
        losses.append(optimizer.descend(loss))
        job.advance(step, recipe.steps, "training")
        if step % 100 == 0 or step == recipe.steps:
            yield Report(step, float(np.mean(losses[-100:])))
    network.eval()


def fit_classifier(
    network: PatchClassifier,
    examples: LabelledPatches,
    recipe: ClassifierRecipe,
    job: Job | None = None,
) -> Iterator[Report]:
    """Train `network` in place by cross-entropy; yields a report every 100 batches.

    Raises
    ------
    Cancelled
        Between batches, when the job says so.
    """
    job = job or SilentJob()
    rng = np.random.default_rng(recipe.seed)
    per_epoch = len(examples.labels) // recipe.batch
    steps = recipe.epochs * per_epoch
    optimizer = _Optimizer(network, recipe.learning_rate, steps)
    losses: list[float] = []
    for step in range(1, steps + 1):
        if step % per_epoch == 1 % per_epoch:
            order = rng.permutation(len(examples.labels))
        start = (step - 1) % per_epoch * recipe.batch
        chosen = order[start : start + recipe.batch]
        patches = np.rot90(examples.patches[chosen], int(rng.integers(4)), axes=(1, 2))
        if rng.random() < 0.5:
            patches = patches[:, ::-1]
        images = torch.from_numpy(patches[:, None].astype(np.float32))
        wanted = torch.from_numpy(examples.labels[chosen].astype(np.int64))
        loss = torch.nn.functional.cross_entropy(network(images), wanted)
        losses.append(optimizer.descend(loss))
        job.advance(step, steps, "training")
        if step % 100 == 0 or step == steps:
            yield Report(step, float(np.mean(losses[-100:])))
    network.eval()


class _Optimizer:
    """AdamW with a cosine schedule, and the network in training mode."""

    def __init__(self, network: nn.Module, learning_rate: float, steps: int) -> None:
        network.to(memory_format=torch.channels_last).train()  # type: ignore[call-overload]
        self._adam = torch.optim.AdamW(network.parameters(), lr=learning_rate)
        self._schedule = torch.optim.lr_scheduler.CosineAnnealingLR(self._adam, steps)

    def descend(self, loss: Tensor) -> float:
        """Take one step down the gradient of `loss`; return its value."""
        self._adam.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._adam.step()
        self._schedule.step()
        return float(loss.detach())


def _patch(image: Half, target: Half, side: int, rng: np.random.Generator) -> list[Half]:
    """Cut the same random square out of image and target, turned and mirrored at random."""
    low = [int(rng.integers(max(1, length - side + 1))) for length in image.shape]
    window = tuple(slice(start, start + side) for start in low)
    turn, mirror = int(rng.integers(4)), bool(rng.random() < 0.5)
    cuts = [np.rot90(array[window], turn) for array in (image, target)]
    return [np.flipud(cut) if mirror else cut for cut in cuts]
