"""Fit the detector to fields, and the classifier to labelled patches."""

from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from napari_drpnet.base.jobs import Job, SilentJob
from napari_drpnet.training.common.fields import Field
from napari_drpnet.training.common.labels import LabelledPatches
from napari_drpnet.training.common.recipe import ClassifierRecipe, DetectorRecipe
from napari_drpnet.training.common.targets import distance_target

Half = NDArray[np.float16]
#: Scores the network as it is, which is then in evaluation mode; more is better.
Judge = Callable[[], float]

_REPORT_EVERY = 100


@dataclass(frozen=True)
class Report:
    """Progress of a fit.

    Parameters
    ----------
    step : int
        Batches done.
    loss : float
        Mean of the last batches.
    steps : int
        Batches in all.
    score : float or None
        On the fields that judge, where it has just been asked for.
    """

    step: int
    loss: float
    steps: int
    score: float | None = None


def fit_detector(
    network: nn.Module,
    fields: Sequence[Field],
    recipe: DetectorRecipe,
    job: Job | None = None,
    judge: Judge | None = None,
) -> Generator[Report, None, None]:
    """Train `network` in place, where it is; yields a report every 100 batches.

    Squared error against `distance_target`; pixels on particles weigh more. With a judge the
    network ends in the best of the states that were judged, also when the fit is cancelled; where
    the recipe starts from weights these are judged first.

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

    keeper = _Keeper(network, judge, recipe.validate_every)
    if recipe.weights is not None:
        keeper.look(0, recipe.steps)
    yield from _descend(network, draw_loss, recipe.steps, recipe.learning_rate, job, keeper)


def fit_classifier(
    network: nn.Module,
    examples: LabelledPatches,
    recipe: ClassifierRecipe,
    job: Job | None = None,
    judge: Judge | None = None,
) -> Generator[Report, None, None]:
    """Train `network` in place, where it is, by cross-entropy; reports every 100 batches.

    With a judge the network ends in the best of the states that were judged, as in `fit_detector`.

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
    keeper = _Keeper(network, judge, recipe.validate_every)
    if recipe.weights is not None:
        keeper.look(0, steps)
    yield from _descend(network, draw_loss, steps, recipe.learning_rate, job, keeper)


class _Keeper:
    """Asks the judge now and then, and keeps the best state of a network."""

    def __init__(self, network: nn.Module, judge: Judge | None, every: int) -> None:
        self._network, self._judge, self._every = network, judge, every
        self._best = -np.inf
        self._state: dict[str, Tensor] = {}

    def look(self, step: int, steps: int) -> float | None:
        """Return the score of the network as it is, where it is time for one."""
        if self._judge is None or (step % self._every and step != steps):
            return None
        self._network.eval()
        score = self._judge()
        self._network.train()
        if score > self._best:
            self._best = score
            state = self._network.state_dict()
            self._state = {name: tensor.detach().clone() for name, tensor in state.items()}
        return score

    def restore(self) -> None:
        """Put the network into its best state, ready for use."""
        if self._state:
            self._network.load_state_dict(self._state)
        self._network.eval()


def _descend(
    network: nn.Module,
    draw_loss: Callable[[], Tensor],
    steps: int,
    learning_rate: float,
    job: Job | None,
    keeper: _Keeper,
) -> Generator[Report, None, None]:
    """Follow the gradient of a loss, drawn anew at each step: AdamW with a cosine schedule."""
    job = job or SilentJob()
    network.to(memory_format=torch.channels_last).train()  # type: ignore[call-overload]
    adam = torch.optim.AdamW(network.parameters(), lr=learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(adam, steps)
    losses: deque[float] = deque(maxlen=_REPORT_EVERY)
    try:
        for step in range(1, steps + 1):
            loss = draw_loss()
            adam.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            adam.step()
            schedule.step()
            losses.append(float(loss.detach()))
            job.advance(step, steps, "training")
            score = keeper.look(step, steps)
            if score is not None or step % _REPORT_EVERY == 0 or step == steps:
                yield Report(step, float(np.mean(losses)), steps, score)
    finally:
        keeper.restore()


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
