"""Training run of a segmenter by a recipe."""

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import torch

from napari_drpnet.base.jobs import Cancelled, Job, SilentJob
from napari_drpnet.evaluation.class_scores import ClassEvaluation, evaluate_classes, pool_classes
from napari_drpnet.picking.networks.build import SEGMENTERS
from napari_drpnet.picking.networks.card import (
    DetectorNetwork,
    Network,
    SegmenterCard,
    SegmenterNetwork,
)
from napari_drpnet.training.common.class_fields import INPUTS, ClassField
from napari_drpnet.training.common.recipe import SegmenterRecipe
from napari_drpnet.training.common.trained import Trained
from napari_drpnet.training.from_truth.class_pool import ClassPool
from napari_drpnet.training.from_truth.cuts import BestSoFar, Cuts
from napari_drpnet.training.from_truth.fit_segmenter import fit_segmenter
from napari_drpnet.training.from_truth.runs import (
    Listener,
    finish_run,
    follow_fit,
    history_of,
    load_start,
    origin_of,
)
from napari_drpnet.training.from_truth.segmenter_cuts import choose_values, predict


class _Progress:
    """Progress of work that is done even if the training was cancelled.

    Parameters
    ----------
    job : Job
        Receiver of the reports, whose cancellation is ignored.
    """

    def __init__(self, job: Job) -> None:
        self._job = job

    def advance(self, done: int, total: int, stage: str) -> None:
        with suppress(Cancelled):
            self._job.advance(done, total, stage)


def train_segmenter(
    recipe: SegmenterRecipe,
    pool: ClassPool,
    detector: DetectorNetwork,
    start: SegmenterNetwork | None = None,
    device: str = "cpu",
    job: Job | None = None,
    on_report: Listener | None = None,
) -> Trained:
    """Train a segmenter, and choose the values that it recommends on the validation fields.

    The score of each validation is the mean IoU of the classes; see `validate`. The values are
    chosen once, for the best state.

    Parameters
    ----------
    recipe : SegmenterRecipe
        Recipe of the training; the same recipe gives the same weights on the same device.
    pool : ClassPool
        Fields of this recipe at the scale of the detector; see `make_class_pool`.
    detector : DetectorNetwork
        Detector that the recipe names.
    start : SegmenterNetwork, optional
        Network to start from, which is changed in place. Default: loaded by `load_start`.
    device, job, on_report
        Device and callbacks, as for `train_detector`.

    Returns
    -------
    Trained
        Best state of the run, as from `train_detector`.

    Raises
    ------
    Cancelled, InputFileError, NotBetterError
        As for `train_detector`.
    """
    start = start or load_start(recipe, device)
    torch.manual_seed(recipe.seed)
    card = SegmenterCard(
        architecture=recipe.architecture,
        particle_px=detector.card.particle_px,
        spectrum=pool.spectrum,
        inputs=INPUTS,
        **origin_of(pool.description, start),
    )
    build = SEGMENTERS[recipe.architecture]
    module = start.module if start else build(len(card.inputs), len(card.classes)).to(device)
    network = Network(module, card, "in training", "")
    best = BestSoFar(network, partial(validate, pool), recipe.weights is not None)
    reports = fit_segmenter(module, pool.fields, recipe, card.particle_px, job, best.validate)
    interrupted = follow_fit(reports, on_report, best)
    history = history_of(start) | {"detector_sha256": detector.sha256} | _held_out(pool, network)
    recommend = partial(
        choose_values, pool.validation, network, detector, _Progress(job or SilentJob())
    )
    return finish_run(network, recipe, best, interrupted, history, recommend)


def validate(pool: ClassPool, segmenter: SegmenterNetwork) -> Cuts:
    """Return the score of a segmenter on the validation fields of a pool.

    It is the mean IoU of the classes. Held-out strokes, where there are any, have half of the
    weight, because they are few pixels beside many.
    """
    groups = [fields for fields in (pool.validation, pool.held_out) if fields]
    scores = [_evaluate(fields, segmenter).mean_iou or 0.0 for fields in groups]
    return Cuts(sum(scores) / len(scores))


def _held_out(pool: ClassPool, segmenter: SegmenterNetwork) -> dict[str, Any]:
    """Return the IoU of each class on held-out strokes for the card, if there are any."""
    if not pool.held_out:
        return {}
    iou = _evaluate(pool.held_out, segmenter).shown_iou
    return {"held_out_strokes": {name: round(value, 4) for name, value in iou.items()}}


def _evaluate(fields: Sequence[ClassField], segmenter: SegmenterNetwork) -> ClassEvaluation:
    return pool_classes(
        [evaluate_classes(predict(field, segmenter).class_map, field.classes) for field in fields]
    )
