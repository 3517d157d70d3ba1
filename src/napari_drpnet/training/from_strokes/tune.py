"""Train a segmenter on strokes while keeping its probabilities elsewhere."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from torch import nn

from napari_drpnet.base.jobs import Job, SilentJob
from napari_drpnet.base.segmentation import UNKNOWN
from napari_drpnet.evaluation.class_scores import ClassEvaluation, evaluate_classes, pool_classes
from napari_drpnet.picking.networks.card import SegmenterNetwork
from napari_drpnet.training.common.class_fields import ClassField
from napari_drpnet.training.common.interpolation import State, interpolate
from napari_drpnet.training.common.progress import SharedJob
from napari_drpnet.training.from_strokes.fit import fit_strokes
from napari_drpnet.training.from_strokes.painted import (
    Features,
    Mask,
    PaintedImage,
    TrainingImage,
    class_shares,
    class_trust,
)
from napari_drpnet.training.from_strokes.recipe import LEAST_CLASSES, StrokeRecipe
from napari_drpnet.training.from_strokes.replay import inputs_of

#: Steps from the old weights to the trained ones, of which the largest harmless one is taken.
_STEPS = (1.0, 0.75, 0.5, 0.25)


@dataclass(frozen=True, eq=False)
class TunedSegmenter:
    """Result of `tune_segmenter`.

    Parameters
    ----------
    state : dict of str to Tensor
        New weights, trained on all strokes.
    step : float
        Step from the old weights to those of the training, at most 1. It is the largest one with
        which no class of the simulated micrographs gets worse.
    before, after : ClassEvaluation
        Agreement with strokes of the old weights, and of new weights that were trained without
        these strokes.
    improved : bool
        Whether the mean IoU of held-out strokes is higher, and the IoU of no class is lower by
        more than the recipe tolerates, neither on strokes nor on simulated micrographs.
    """

    state: State
    step: float
    before: ClassEvaluation
    after: ClassEvaluation
    improved: bool


def tune_segmenter(
    segmenter: SegmenterNetwork,
    painted: Sequence[PaintedImage],
    recipe: StrokeRecipe,
    replay: Sequence[ClassField] = (),
    job: Job | None = None,
) -> TunedSegmenter:
    """Train a copy of a segmenter on strokes; the given segmenter is not changed.

    Parameters
    ----------
    segmenter : SegmenterNetwork
        Segmenter in use.
    painted : sequence of PaintedImage
        Micrographs with strokes, preprocessed for this segmenter.
    recipe : StrokeRecipe
        Recipe of the training.
    replay : sequence of ClassField
        Fields from `simulate_replay`.
    job : Job, optional
        Progress callback, called after each batch; it may cancel the work.

    Returns
    -------
    TunedSegmenter
        New weights, with scores from cross-validation: whole micrographs are held out where there
        are two or more, otherwise half of the strokes.

    Raises
    ------
    Cancelled
        If the work was cancelled between batches.
    ValueError
        If strokes of fewer than `LEAST_CLASSES` classes are given.

    Notes
    -----
    Only the last layers are trained, and batch normalisation keeps its statistics. Pixels without
    strokes, and those of simulated micrographs, are held to their old probabilities. At the end
    the weights are interpolated between the old and the trained ones (Wortsman et al. 2022), so
    that what was known is kept.
    """
    job = job or SilentJob()
    painted = [image for image in painted if image.painted.any()]
    require_classes(painted)
    training = _Training(segmenter, painted, recipe, replay, job)
    training.run()
    return training.finish()


def require_classes(painted: Sequence[PaintedImage]) -> None:
    """Check that there are strokes of enough classes.

    Raises
    ------
    ValueError
        If there are fewer than `LEAST_CLASSES`.
    """
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


class _Training:
    """Copies of a segmenter in training: one without each part of the strokes, and one with all."""

    def __init__(
        self,
        segmenter: SegmenterNetwork,
        painted: Sequence[PaintedImage],
        recipe: StrokeRecipe,
        replay: Sequence[ClassField],
        job: Job,
    ) -> None:
        self._segmenter, self._painted, self._recipe = segmenter, painted, recipe
        module = segmenter.module
        self._seen = [Features.of(image.inputs, image.valid, module) for image in painted]
        self._stride = int(cast(Any, module).stride)
        self._fields = replay
        self._simulated = [
            Features.of(inputs_of(field, segmenter.card), field.valid, module) for field in replay
        ]
        nothing = [np.zeros(image.strokes.shape, bool) for image in painted]
        self._fits = [
            _Fit(replace(segmenter, module=copy.deepcopy(segmenter.module)), held_out)
            for held_out in [*split_strokes(painted, recipe.seed), nothing]
        ]
        self._job = SharedJob(job, len(self._fits) * recipe.steps)

    def run(self) -> None:
        """Train all copies."""
        recipe = self._recipe
        replayed = [TrainingImage.of(each, self._stride) for each in self._simulated]
        shares = class_shares(self._painted, self._seen, recipe.area_power)
        for fit in self._fits:
            images = self._images(fit)
            trust = class_trust(images)
            fit_strokes(fit.segmenter.module, images, replayed, shares, trust, recipe, self._job)

    def finish(self) -> TunedSegmenter:
        """Choose the step, and score the weights."""
        old = self._segmenter.module.state_dict()
        trained = [copy.deepcopy(fit.segmenter.module.state_dict()) for fit in self._fits]
        kept_before = self._check_classes(self._segmenter.module)
        last = self._fits[-1].segmenter
        for step in _STEPS:
            last.module.load_state_dict(interpolate(old, trained[-1], step))
            kept_after = self._check_classes(last.module)
            is_kept = _is_no_worse(kept_before, kept_after, self._recipe.greatest_fall)
            if is_kept:
                break
        before, after = self._score_held_out(old, trained, step)
        improved = (after.mean_iou or 0.0) > (before.mean_iou or 0.0)
        is_no_worse = _is_no_worse(before, after, self._recipe.greatest_fall)
        state = {name: tensor.cpu() for name, tensor in last.module.state_dict().items()}
        return TunedSegmenter(state, step, before, after, improved and is_no_worse and is_kept)

    def _score_held_out(
        self, old: State, trained: Sequence[State], step: float
    ) -> tuple[ClassEvaluation, ClassEvaluation]:
        """Score the old weights, and each copy on the strokes that it was trained without."""
        before, after = [], []
        for fit, state in zip(self._fits[:-1], trained, strict=False):
            fit.segmenter.module.load_state_dict(interpolate(old, state, step))
            for image, seen, held_out in zip(self._painted, self._seen, fit.held_out, strict=True):
                if held_out.any():
                    truth = np.where(held_out, image.strokes, np.uint8(UNKNOWN))
                    new_map = seen.classify(fit.segmenter.module, truth.shape)
                    before.append(evaluate_classes(seen.old_classes(truth.shape), truth))
                    after.append(evaluate_classes(new_map, truth))
        return pool_classes(before), pool_classes(after)

    def _images(self, fit: "_Fit") -> list[TrainingImage]:
        """Return the painted micrographs without the strokes that a fit holds out."""
        return [
            TrainingImage.of(seen, self._stride, np.where(held_out, UNKNOWN, image.strokes))
            for image, seen, held_out in zip(self._painted, self._seen, fit.held_out, strict=True)
            if (image.painted & ~held_out).any()
        ]

    def _check_classes(self, module: nn.Module) -> ClassEvaluation:
        """Compare the class maps of the simulated micrographs with their truth."""
        return pool_classes(
            [
                evaluate_classes(seen.classify(module, field.classes.shape), field.classes)
                for seen, field in zip(self._simulated, self._fields, strict=True)
            ]
        )


@dataclass(frozen=True, eq=False)
class _Fit:
    """Copy of the segmenter, and the strokes on each micrograph that are held out from it."""

    segmenter: SegmenterNetwork
    held_out: Sequence[Mask]


def _is_no_worse(before: ClassEvaluation, after: ClassEvaluation, tolerance: float) -> bool:
    """Return whether the IoU of no class is lower by more than a tolerance."""
    pairs = ((before.scores[name].iou, after.scores[name].iou) for name in before.scores)
    return all(old is None or (new or 0.0) >= old - tolerance for old, new in pairs)
