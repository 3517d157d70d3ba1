"""Fits of a detector and of a classifier, and the loop of all fits."""

from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from napari_drpnet.base.jobs import Job, SilentJob
from napari_drpnet.training.common.descent import descend
from napari_drpnet.training.common.fields import Field
from napari_drpnet.training.common.labels import LabelledPatches
from napari_drpnet.training.common.recipe import AnyRecipe, ClassifierRecipe, DetectorRecipe
from napari_drpnet.training.common.targets import distance_target

Half = NDArray[np.float16]
#: Returns the score of the network in its present state, in evaluation mode; higher is better.
Validate = Callable[[], float]

_REPORT_EVERY = 100


@dataclass(frozen=True)
class Report:
    """Progress of a fit.

    Parameters
    ----------
    step : int
        Number of batches that are done.
    loss : float
        Mean loss of the last batches.
    steps : int
        Number of all batches.
    score : float or None
        Validation score, if the network has just been validated.
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
    validate: Validate | None = None,
) -> Generator[Report, None, None]:
    """Train a detector in place, on its device.

    Parameters
    ----------
    network : torch.nn.Module
        Module of the detector.
    fields : sequence of Field
        Fields for training.
    recipe : DetectorRecipe
        Recipe of the training.
    job : Job, optional
        Progress callback, called after each batch; it may cancel the work.
    validate : callable, optional
        Returns the score of the network in its present state. It is called at the intervals of
        the recipe, and first of all if the recipe starts from weights.

    Yields
    ------
    Report
        A report every 100 batches and after each validation.

    Raises
    ------
    Cancelled
        If the work was cancelled between batches.

    Notes
    -----
    The loss is the weighted squared error against `distance_target`; pixels on particles have a
    greater weight. With `validate` the network ends in the validated state with the best score,
    also if the work was cancelled.
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

    yield from minimise(network, draw_loss, recipe.steps, recipe, job, validate)


def fit_classifier(
    network: nn.Module,
    examples: LabelledPatches,
    recipe: ClassifierRecipe,
    job: Job | None = None,
    validate: Validate | None = None,
) -> Generator[Report, None, None]:
    """Train a classifier in place, on its device, by cross-entropy.

    Parameters
    ----------
    network : torch.nn.Module
        Module of the classifier.
    examples : LabelledPatches
        Patches for training.
    recipe : ClassifierRecipe
        Recipe of the training.
    job, validate
        Progress callback and validation, as for `fit_detector`.

    Yields
    ------
    Report
        A report every 100 batches and after each validation.

    Raises
    ------
    Cancelled
        If the work was cancelled between batches.
    ValueError
        If there are fewer than two examples, which batch normalisation needs.
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
    yield from minimise(network, draw_loss, steps, recipe, job, validate)


class _BestState:
    """Best state of a network among those that were validated."""

    def __init__(self, network: nn.Module, validate: Validate | None, every: int) -> None:
        self._network, self._validate, self._every = network, validate, every
        self._best = -np.inf
        self._state: dict[str, Tensor] = {}

    def validate(self, step: int, steps: int) -> float | None:
        """Validate the network if it is due at this step, and return the score."""
        if self._validate is None or (step % self._every and step != steps):
            return None
        self._network.eval()
        score = self._validate()
        self._network.train()
        if score > self._best:
            self._best = score
            state = self._network.state_dict()
            self._state = {name: tensor.detach().clone() for name, tensor in state.items()}
        return score

    def restore(self) -> None:
        """Put the network into its best state and into evaluation mode."""
        if self._state:
            self._network.load_state_dict(self._state)
        self._network.eval()


def minimise(
    network: nn.Module,
    draw_loss: Callable[[], Tensor],
    steps: int,
    recipe: AnyRecipe,
    job: Job | None,
    validate: Validate | None,
) -> Generator[Report, None, None]:
    """Minimise a loss that is drawn at each step, by AdamW with a cosine schedule.

    Parameters
    ----------
    network : torch.nn.Module
        Module to train in place. With `validate` it ends in its best validated state.
    draw_loss : callable
        Returns the loss of the network on a random batch.
    steps : int
        Number of batches.
    recipe : DetectorRecipe, ClassifierRecipe or SegmenterRecipe
        Recipe of the training.
    job, validate
        Progress callback and validation, as for `fit_detector`.

    Yields
    ------
    Report
        A report every 100 batches and after each validation.

    Raises
    ------
    Cancelled
        If the work was cancelled between batches.
    """
    job = job or SilentJob()
    best = _BestState(network, validate, recipe.validate_every)
    if recipe.weights is not None:
        best.validate(0, steps)
    network.to(memory_format=torch.channels_last).train()  # type: ignore[call-overload]
    adam = torch.optim.AdamW(network.parameters(), lr=recipe.learning_rate)
    losses: deque[float] = deque(maxlen=_REPORT_EVERY)
    try:
        for step, loss in enumerate(descend(adam, draw_loss, steps, job), 1):
            losses.append(loss)
            score = best.validate(step, steps)
            if score is not None or step % _REPORT_EVERY == 0 or step == steps:
                yield Report(step, float(np.mean(losses)), steps, score)
    finally:
        best.restore()


def _shuffled_batches(
    count: int, batch: int, rng: np.random.Generator
) -> Iterator[NDArray[np.intp]]:
    """Yield batches of rows without end, in a new order for each pass, without incomplete ones."""
    while True:
        order = rng.permutation(count)
        for start in range(0, count - batch + 1, batch):
            yield order[start : start + batch]


def _patch(image: Half, target: Half, side: int, rng: np.random.Generator) -> list[Half]:
    """Cut the same random square from image and target, rotated and mirrored at random."""
    low = [int(rng.integers(max(1, length - side + 1))) for length in image.shape]
    window = tuple(slice(start, start + side) for start in low)
    turn, mirror = int(rng.integers(4)), bool(rng.random() < 0.5)
    cuts = [np.rot90(array[window], turn) for array in (image, target)]
    return [np.flipud(cut) if mirror else cut for cut in cuts]
