"""Train the last layer of a segmenter on strokes, and find out whether that is an improvement."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from torch import Tensor

from napari_drpnet.base.jobs import Job, SilentJob
from napari_drpnet.evaluation.class_scores import ClassEvaluation, evaluate_classes, pool_classes
from napari_drpnet.picking.networks.card import SegmenterNetwork
from napari_drpnet.training.from_strokes.fit import LastLayer, fit_last_layer
from napari_drpnet.training.from_strokes.painted import Mask, PaintedImage, PaintedPixels
from napari_drpnet.training.from_strokes.recipe import LEAST_CLASSES, StrokeRecipe


@dataclass(frozen=True, eq=False)
class TunedSegmenter:
    """Result of `tune_segmenter`.

    Parameters
    ----------
    state : dict of str to Tensor
        New weights, trained on all strokes.
    before, after : ClassEvaluation
        Agreement with strokes of the old weights, and of new weights that were trained without
        these strokes.
    improved : bool
        Whether the mean IoU of held-out strokes is higher, and the IoU of no class is lower by
        more than the recipe tolerates.
    """

    state: dict[str, Tensor]
    before: ClassEvaluation
    after: ClassEvaluation
    improved: bool


def tune_segmenter(
    segmenter: SegmenterNetwork,
    painted: Sequence[PaintedImage],
    recipe: StrokeRecipe,
    job: Job | None = None,
) -> TunedSegmenter:
    """Train the last layer of a segmenter on strokes; the given segmenter is not changed.

    Parameters
    ----------
    segmenter : SegmenterNetwork
        Segmenter in use.
    painted : sequence of PaintedImage
        Micrographs with strokes, preprocessed for this segmenter.
    recipe : StrokeRecipe
        Recipe of the training.
    job : Job, optional
        Progress callback, called for each micrograph and each fit; it may cancel the work.

    Returns
    -------
    TunedSegmenter
        New weights, with scores from cross-validation: whole micrographs are held out where there
        are two or more, otherwise half of the strokes. The same strokes give the same weights.

    Raises
    ------
    Cancelled
        If the work was cancelled.
    MemoryError
        If the features of a micrograph do not fit into memory.
    ValueError
        If strokes of fewer than `LEAST_CLASSES` classes are given.
    """
    job = job or SilentJob()
    painted = [image for image in painted if image.painted.any()]
    _require_classes(painted)
    parts = split_strokes(painted, recipe.seed)
    total = len(painted) + len(parts) + 1
    pixels: list[PaintedPixels] = []
    for image in painted:
        job.advance(len(pixels), total, "training")
        pixels.append(PaintedPixels.of(image, segmenter.module))
    old = LastLayer.of(cast(Any, segmenter.module).out)
    before: list[ClassEvaluation] = []
    after: list[ClassEvaluation] = []
    for number, part in enumerate(parts):
        job.advance(len(painted) + number, total, "training")
        learned = [
            ~held_out[each.image.painted] for each, held_out in zip(pixels, part, strict=True)
        ]
        if not any(mask.any() for mask in learned):
            continue  # a single stroke of each class
        new = fit_last_layer(old, pixels, learned, recipe)
        before += _evaluate(old, pixels, part)
        after += _evaluate(new, pixels, part)
    job.advance(total - 1, total, "training")
    new = fit_last_layer(old, pixels, [np.ones(len(each.classes), bool) for each in pixels], recipe)
    pooled = pool_classes(before), pool_classes(after)
    state = _state_with(segmenter, new)
    return TunedSegmenter(state, *pooled, _is_better(*pooled, recipe.greatest_fall))


def _require_classes(painted: Sequence[PaintedImage]) -> None:
    classes = {
        int(number) for image in painted for number in np.unique(image.strokes[image.painted])
    }
    if len(classes) < LEAST_CLASSES:
        raise ValueError(f"paint strokes of at least {LEAST_CLASSES} classes")


def split_strokes(painted: Sequence[PaintedImage], seed: int) -> list[list[Mask]]:
    """Split strokes into two parts, each to be held out once.

    Parameters
    ----------
    painted : sequence of PaintedImage
        Micrographs with strokes.
    seed : int
        Seed of the random order.

    Returns
    -------
    list of list of (h, w) bool array
        Masks of the held-out strokes on each micrograph, for each part. Whole micrographs are held
        out if there are two or more, otherwise every second stroke of each class.
    """
    rng = np.random.default_rng(seed)
    if len(painted) > 1:
        parts = rng.permutation(len(painted)) % 2
        return [
            [image.painted & (part == held_out) for image, part in zip(painted, parts, strict=True)]
            for held_out in (0, 1)
        ]
    from scipy.ndimage import label

    image = painted[0]
    odd = np.zeros(image.strokes.shape, bool)
    for number in np.unique(image.strokes[image.painted]).tolist():
        regions, count = label(image.strokes == number, np.ones((3, 3)))
        order = np.append(0, rng.permutation(count) + 1)
        odd |= order[regions] % 2 == 1
    return [[image.painted & odd], [image.painted & ~odd]]


def _evaluate(
    layer: LastLayer, pixels: Sequence[PaintedPixels], held_out: Sequence[Mask]
) -> list[ClassEvaluation]:
    """Compare the classes by a last layer with strokes, on each micrograph that has such ones."""
    return [
        evaluate_classes(
            each.class_map(layer.classify(each.features), mask),
            each.class_map(each.classes, mask),
        )
        for each, mask in zip(pixels, held_out, strict=True)
        if mask.any()
    ]


def _state_with(segmenter: SegmenterNetwork, layer: LastLayer) -> dict[str, Tensor]:
    """Return the weights of a segmenter with another last layer."""
    module = copy.deepcopy(segmenter.module).cpu()
    layer.put_into(cast(Any, module).out)
    return module.state_dict()


def _is_better(before: ClassEvaluation, after: ClassEvaluation, tolerance: float) -> bool:
    """Return whether the mean IoU is higher, and that of no class lower by more than tolerated."""
    pairs = ((before.scores[name].iou, after.scores[name].iou) for name in before.scores)
    is_no_worse = all(old is None or (new or 0.0) >= old - tolerance for old, new in pairs)
    return is_no_worse and (after.mean_iou or 0.0) > (before.mean_iou or 0.0)
