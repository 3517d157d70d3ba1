"""Fit the detector to fields, and the classifier to labelled patches."""

from collections.abc import Callable, Iterator, Sequence
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
    """Train `network` in place, where it is; yields a report every 100 batches.

    Squared error against `distance_target`; pixels on particles weigh more.

    Raises
    ------
    Cancelled
        Between batches, when the job says so.
    """
    rng = np.random.default_rng(recipe.seed)
    device = next(network.parameters()).device
    side = round(recipe.patch_diameters * recipe.particle_px)
    targets = [
        distance_target(field.centers_yx, field.image.shape, recipe.particle_px).astype(np.float16)
        for field in fields
    ]

    def draw_loss() -> Tensor:
        chosen = rng.integers(len(fields), size=recipe.batch)
        patches = [_patch(fields[i].image, targets[i], side, rng) for i in chosen]
        images, wanted = (
            torch.from_numpy(np.stack(arrays)[:, None].astype(np.float32)).to(device)
            for arrays in zip(*patches, strict=True)
        )
        predicted = network(images.contiguous(memory_format=torch.channels_last))
        weight = 1 + (recipe.positive_weight - 1) * (wanted > 0)
        loss: Tensor = (weight * (predicted - wanted) ** 2).mean()
        return loss

    yield from _descend(network, draw_loss, recipe.steps, recipe.learning_rate, job)


def fit_classifier(
    network: PatchClassifier,
    examples: LabelledPatches,
    recipe: ClassifierRecipe,
    job: Job | None = None,
) -> Iterator[Report]:
    """Train `network` in place, where it is, by cross-entropy; reports every 100 batches.

    Raises
    ------
    Cancelled
        Between batches, when the job says so.
    ValueError
        With fewer than two examples: batch normalisation needs two.
    """
    count = len(examples.labels)
    if count < 2:
        raise ValueError(f"a classifier cannot be trained on {count} patches")
    rng = np.random.default_rng(recipe.seed)
    device = next(network.parameters()).device
    batch = min(recipe.batch, count)
    per_epoch = count // batch
    chosen = _shuffled_batches(count, batch, rng)

    def draw_loss() -> Tensor:
        rows = next(chosen)
        patches = np.rot90(examples.patches[rows], int(rng.integers(4)), axes=(1, 2))
        if rng.random() < 0.5:
            patches = patches[:, ::-1]
        images = torch.from_numpy(patches[:, None].astype(np.float32)).to(device)
        wanted = torch.from_numpy(examples.labels[rows].astype(np.int64)).to(device)
        return torch.nn.functional.cross_entropy(network(images), wanted)

    steps = recipe.epochs * per_epoch
    yield from _descend(network, draw_loss, steps, recipe.learning_rate, job)


def _descend(
    network: nn.Module,
    draw_loss: Callable[[], Tensor],
    steps: int,
    learning_rate: float,
    job: Job | None,
) -> Iterator[Report]:
    """Follow the gradient of a loss, drawn anew at each step: AdamW with a cosine schedule."""
    job = job or SilentJob()
    network.to(memory_format=torch.channels_last).train()  # type: ignore[call-overload]
    adam = torch.optim.AdamW(network.parameters(), lr=learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(adam, steps)
    losses: list[float] = []
    for step in range(1, steps + 1):
        loss = draw_loss()
        adam.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        adam.step()
        schedule.step()
        losses.append(float(loss.detach()))
        job.advance(step, steps, "training")
        if step % 100 == 0 or step == steps:
            yield Report(step, float(np.mean(losses[-100:])))
    network.eval()


def _shuffled_batches(
    count: int, batch: int, rng: np.random.Generator
) -> Iterator[NDArray[np.intp]]:
    """Yield rows in a new order for each pass, without end; what fills no batch is left out."""
    while True:
        order = rng.permutation(count)
        for start in range(0, count - batch + 1, batch):
            yield order[start : start + batch]


def _patch(image: Half, target: Half, side: int, rng: np.random.Generator) -> list[Half]:
    """Cut the same random square out of image and target, turned and mirrored at random."""
    low = [int(rng.integers(max(1, length - side + 1))) for length in image.shape]
    window = tuple(slice(start, start + side) for start in low)
    turn, mirror = int(rng.integers(4)), bool(rng.random() < 0.5)
    cuts = [np.rot90(array[window], turn) for array in (image, target)]
    return [np.flipud(cut) if mirror else cut for cut in cuts]
