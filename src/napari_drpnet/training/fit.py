"""Fit the detector to fields."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import Field as Setting

from napari_drpnet.jobs import Job, SilentJob
from napari_drpnet.networks.fcrn import FCRN
from napari_drpnet.parameters import Parameters
from napari_drpnet.training.fields import Field
from napari_drpnet.training.targets import distance_target


class DetectorRecipe(Parameters):
    """How a detector is trained; stored in its card."""

    particle_px: float = Setting(11.0, gt=4, title="Particle diameter, network pixels")
    fields: int = Setting(1200, ge=1, title="Simulated micrographs")
    looks: int = Setting(4, ge=1, title="Augmented views of each")
    steps: int = Setting(6000, ge=1, title="Batches")
    batch: int = Setting(16, ge=1, title="Patches per batch")
    patch_diameters: float = Setting(6.4, gt=1, title="Side of a patch, particle diameters")
    learning_rate: float = Setting(2e-3, gt=0, title="AdamW, cosine schedule")
    positive_weight: float = Setting(3.0, gt=0, title="Weight of pixels on particles")
    seed: int = Setting(1, title="Of fields, patches and initial weights")


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
    import torch

    job = job or SilentJob()
    rng = np.random.default_rng(recipe.seed)
    side = round(recipe.patch_diameters * recipe.particle_px)
    targets = [
        distance_target(field.centers_yx, field.image.shape, recipe.particle_px).astype(np.float16)
        for field in fields
    ]
    network.to(memory_format=torch.channels_last).train()  # type: ignore[call-overload]
    optimizer = torch.optim.AdamW(network.parameters(), lr=recipe.learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, recipe.steps)
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
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(float(loss.detach()))
        job.advance(step, recipe.steps, "training")
        if step % 100 == 0 or step == recipe.steps:
            yield Report(step, float(np.mean(losses[-100:])))
    network.eval()


def _patch(image: Half, target: Half, side: int, rng: np.random.Generator) -> list[Half]:
    """Cut the same random square out of image and target, turned and mirrored at random."""
    low = [int(rng.integers(max(1, length - side + 1))) for length in image.shape]
    window = tuple(slice(start, start + side) for start in low)
    turn, mirror = int(rng.integers(4)), bool(rng.random() < 0.5)
    cuts = [np.rot90(array[window], turn) for array in (image, target)]
    return [np.flipud(cut) if mirror else cut for cut in cuts]
