"""Fit of a segmenter to fields with the class of each pixel."""

from collections.abc import Generator, Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from napari_drpnet.base.jobs import Job
from napari_drpnet.base.segmentation import CARBON, CLASSES, ICE, PARTICLE, UNKNOWN
from napari_drpnet.training.common.class_fields import NO_PARTICLE, ClassField
from napari_drpnet.training.common.recipe import SegmenterRecipe
from napari_drpnet.training.from_truth.fit import Report, Validate, minimise

#: Greatest ratio of the weight of a class to that of the most frequent one.
_GREATEST_WEIGHT = 2.5
#: Number of pixels of each class of dirt in a field that patches may be centred on.
_PLACES = 64
#: Share of pixels with a class below which all patches of a field are centred on such pixels.
_FEW = 0.5
#: Number of patches in which the pixels of each class are counted.
_COUNTED = 500


def fit_segmenter(
    network: nn.Module,
    fields: Sequence[ClassField],
    recipe: SegmenterRecipe,
    particle_px: float,
    job: Job | None = None,
    validate: Validate | None = None,
) -> Generator[Report, None, None]:
    """Train a segmenter in place, on its device.

    Parameters
    ----------
    network : torch.nn.Module
        Module of the segmenter.
    fields : sequence of ClassField
        Fields for training.
    recipe : SegmenterRecipe
        Recipe of the training.
    particle_px : float
        Particle diameter, network pixels.
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

    Notes
    -----
    The loss is that of `segmentation_loss`. The weights of classes follow from their frequency in
    patches, of which a share is centred on dirt; weights by the frequency in fields would count
    the rarity of dirt twice. With `validate` the network ends in the validated
    state with the best score, also if the work was cancelled.
    """
    device = next(network.parameters()).device
    patches = _Patches(fields, round(recipe.patch_diameters * particle_px), recipe)
    weights = torch.from_numpy(class_weights(patches.count())).to(device)

    def draw_loss() -> Tensor:
        inputs, classes = patches.draw()
        images = torch.from_numpy(inputs).to(device)
        scores = network(images.contiguous(memory_format=torch.channels_last))
        return segmentation_loss(scores, torch.from_numpy(classes).to(device), weights)

    yield from minimise(network, draw_loss, recipe.steps, recipe, job, validate)


def class_weights(counts: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the weights of classes with given numbers of pixels, of mean 1.

    They are proportional to the inverse square root of the frequency, and at most 2.5 times that of
    the most frequent class. The weight of a class without pixels is the greatest one.
    """
    relative = np.sqrt(counts.max() / np.maximum(counts, 1))
    weights = np.minimum(relative, _GREATEST_WEIGHT)
    return np.asarray(weights / weights.mean(), np.float32)


def segmentation_loss(scores: Tensor, classes: Tensor, weights: Tensor) -> Tensor:
    """Return the loss of the scores of classes.

    Parameters
    ----------
    scores : (n, 4, h, w) float tensor
        Scores (logits) of the classes.
    classes : (n, h, w) uint8 tensor
        True classes, as in `ClassField`.
    weights : (4,) float tensor
        Weights of the classes.

    Returns
    -------
    () float tensor
        Weighted cross-entropy, plus the soft Dice loss of the classes that the batch shows. For
        pixels `NO_PARTICLE` the cross-entropy is ``−log(1 − P(particle))``. Pixels `MIXED` do
        not count.
    """
    logarithm = functional.log_softmax(scores, dim=1)
    known = (classes >= 1) & (classes <= CARBON)
    target = torch.where(known, classes, 1).long() - 1
    weight = weights[target] * known
    entropy = -(weight * logarithm.gather(1, target[:, None])[:, 0]).sum()
    empty = (classes == NO_PARTICLE).float()
    others = [number for number in range(len(CLASSES)) if number != PARTICLE - 1]
    no_particle = -(empty * torch.logsumexp(logarithm[:, others], dim=1)).sum()
    mean = (entropy + no_particle) / (weight.sum() + empty.sum()).clamp(min=1)
    return mean + _dice_loss(logarithm.exp(), target, known)


def _dice_loss(probability: Tensor, target: Tensor, known: Tensor) -> Tensor:
    """Return the mean of 1 − soft Dice coefficient over the classes that known pixels show."""
    truth = functional.one_hot(target, len(CLASSES)).permute(0, 3, 1, 2) * known[:, None]
    axes = (0, 2, 3)
    areas = truth.sum(axes)
    common = (probability * truth).sum(axes)
    predicted = (probability * known[:, None]).sum(axes)
    dice = (2 * common + 1) / (predicted + areas + 1)
    shown = (areas > 0).float()
    return ((1 - dice) * shown).sum() / shown.sum().clamp(min=1)


class _Patches:
    """Random square patches of fields, a share of them centred on dirt.

    Patches of fields with few known pixels, as from strokes, are centred on these.
    """

    def __init__(self, fields: Sequence[ClassField], side: int, recipe: SegmenterRecipe) -> None:
        self._fields, self._side = [_padded(field, side) for field in fields], side
        self._count, self._dirt_share = recipe.batch, recipe.dirt_share
        self._rng = np.random.default_rng(recipe.seed)
        # A field with ice and carbon has one entry for each, so that the rarer one is shown too.
        self._dirty = [
            (number, places)
            for number, field in enumerate(self._fields)
            for kind in (ICE, CARBON)
            if len(places := self._sample(field.classes == kind))
        ]
        known = ((number, field.classes != UNKNOWN) for number, field in enumerate(self._fields))
        self._painted = {
            number: self._sample(mask) for number, mask in known if 0 < mask.mean() < _FEW
        }

    def draw(self) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        """Return the inputs ``(n, c, side, side)`` and classes ``(n, side, side)`` of a batch."""
        patches = [self._patch(*self._place()) for _ in range(self._count)]
        inputs, classes = zip(*patches, strict=True)
        return np.stack(inputs).astype(np.float32), np.stack(classes)

    def count(self) -> NDArray[np.int64]:
        """Return the number of pixels ``(4,)`` of each class in a sample of patches."""
        classes = [self._patch(*self._place())[1].ravel() for _ in range(_COUNTED)]
        return np.bincount(np.concatenate(classes), minlength=CARBON + 1)[1 : CARBON + 1]

    def _sample(self, mask: NDArray[np.bool_]) -> NDArray[np.intp]:
        pixels = np.flatnonzero(mask)
        if len(pixels):
            pixels = self._rng.choice(pixels, _PLACES)
        return np.column_stack(np.divmod(pixels, mask.shape[1]))

    def _place(self) -> tuple[ClassField, NDArray[np.intp]]:
        """Return a field and the first row and column of a patch in it."""
        rng, side = self._rng, self._side
        places: NDArray[np.intp] | None
        if self._dirty and rng.random() < self._dirt_share:
            number, places = self._dirty[int(rng.integers(len(self._dirty)))]
        else:
            number = int(rng.integers(len(self._fields)))
            places = self._painted.get(number)
        field = self._fields[number]
        last = np.array(field.classes.shape) - side
        if places is None:
            return field, rng.integers(0, last + 1)
        return field, np.clip(places[int(rng.integers(len(places)))] - side // 2, 0, last)

    def _patch(
        self, field: ClassField, low: NDArray[np.intp]
    ) -> tuple[NDArray[np.float16], NDArray[np.uint8]]:
        """Cut a patch, rotated and mirrored at random."""
        rows, columns = (slice(start, start + self._side) for start in low.tolist())
        turn, mirror = int(self._rng.integers(4)), bool(self._rng.random() < 0.5)
        step = -1 if mirror else 1
        inputs = np.rot90(field.inputs[:, rows, columns], turn, axes=(1, 2))[:, ::step]
        return inputs, np.rot90(field.classes[rows, columns], turn)[::step]


def _padded(field: ClassField, side: int) -> ClassField:
    """Return a field with sides of at least `side` pixels; pixels of unknown class are added."""
    height, width = field.classes.shape
    missing = (0, max(0, side - height)), (0, max(0, side - width))
    if not missing[0][1] and not missing[1][1]:
        return field
    return replace(
        field,
        inputs=np.pad(field.inputs, ((0, 0), *missing)),
        classes=np.pad(field.classes, missing, constant_values=UNKNOWN),
    )
