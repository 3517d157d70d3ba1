"""Teach a detector the labels of a person, without letting it forget what it knows."""

import copy
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from napari_drpnet.base.jobs import Job, SilentJob
from napari_drpnet.picking.detectors.distance_map import predict_distance_map
from napari_drpnet.picking.networks.card import ClassifierNetwork, DetectorNetwork
from napari_drpnet.training.common.fields import Field, random_fields
from napari_drpnet.training.from_labels.classifier import Verdict, require_labels
from napari_drpnet.training.from_labels.cross_validation import JobOfParts, deal_folds
from napari_drpnet.training.from_labels.head import AdaptReport
from napari_drpnet.training.from_labels.held_out import HeldOutLabels, add_mistakes
from napari_drpnet.training.from_labels.targets import (
    LabelledImage,
    TrainingImage,
    TuneRecipe,
    draw_batches,
    label_targets,
    replay_targets,
)
from napari_drpnet.training.from_labels.together import find_right, sees_the_same

__all__ = ["LabelledImage", "TuneRecipe", "Tuned", "tune_detector"]

Bools = NDArray[np.bool_]
Map = NDArray[np.float32]

#: Reports of a training, each with a look at what is held out.
_REPORTS = 8
#: Of the simulated fields.
_FIRST_SEED = 500
#: Loss on labels of which nothing is known: what is learned must be better than that.
_LOSS_OF_A_COIN = float(np.log(2))


@dataclass(frozen=True, eq=False)
class Tuned:
    """What came of it.

    Parameters
    ----------
    state : dict of str to Tensor
        New weights, trained on all labels.
    threshold : float
        To go with them, map units: that of the old weights, unless the labels say otherwise.
    before, after : Verdict
        Of the old weights, and of new ones on labels that they were not trained on.
    improved : bool
        Whether the new ones judge more labels rightly, with a loss less by the recipe's margin.
    """

    state: dict[str, Tensor]
    threshold: float
    before: Verdict
    after: Verdict
    improved: bool


def tune_detector(
    detector: DetectorNetwork,
    labelled: Sequence[LabelledImage],
    recipe: TuneRecipe,
    job: Job | None = None,
    replay: Sequence[Field] = (),
    classifier: ClassifierNetwork | None = None,
) -> Generator[AdaptReport, None, Tuned]:
    """Fit a copy of a detector to labels; the one given stays as it is.

    Parameters
    ----------
    detector : DetectorNetwork
        In use, with an absolute map.
    labelled : sequence of LabelledImage
        What a person said, as this detector sees the micrographs.
    recipe : TuneRecipe
        How.
    job : Job, optional
        Told after each batch; may cancel.
    replay : sequence of Field
        Others whose maps shall stay as they are, besides the simulated ones of the recipe.
    classifier : ClassifierNetwork, optional
        The one that is in use. Together with it the new detector must not be worse than the old
        one, since the classifier depends on the heights of the map.

    Yields
    ------
    AdaptReport
        Eight or so, with the loss on what is held out.

    Returns
    -------
    Tuned
        With its verdicts by cross-validation: whole micrographs are held out where there are two
        or more, else single labels.

    Raises
    ------
    Cancelled
        Between batches, when the job says so.
    ValueError
        With fewer than `LEAST_LABELS` labels, or when the detector has no absolute scale.

    Notes
    -----
    About labels the map shall be as in `label_targets`; everywhere else, and on a few simulated
    micrographs, it shall stay what it is, so that labels move little but what looks like them, and
    labels of one kind serve too. Batch normalisation keeps its statistics, for a few windows could
    only spoil them.
    """
    if detector.card.map_units != "absolute":
        raise ValueError("a detector without an absolute scale cannot learn from labels")
    # What is unlabelled stands for both kinds.
    verdicts = [image.verdicts for image in labelled] or [np.zeros(0, bool)]
    require_labels(np.concatenate(verdicts), [np.array([True, False])])
    job = job or SilentJob()
    old_maps = [predict_distance_map(image.image, detector, job=job) for image in labelled]
    labelled = [
        add_mistakes(image, old_map, detector.card)
        for image, old_map in zip(labelled, old_maps, strict=True)
    ]
    kept = [
        replay_targets(
            field, predict_distance_map(field.image.astype(np.float32), detector), recipe
        )
        for field in [*replay, *_simulate(detector, recipe, job)]
    ]
    exam = HeldOutLabels(labelled, detector.card)
    for number, old_map in enumerate(old_maps):
        exam.answer(number, np.ones(len(labelled[number].verdicts), bool), old_map)
    before = exam.judge(detector.card.threshold)

    parts = _hold_out(labelled, recipe)
    nothing = [np.zeros(len(image.verdicts), bool) for image in labelled]
    modules = [copy.deepcopy(detector.module) for _ in range(len(parts) + 1)]
    shared = JobOfParts(job, len(modules) * recipe.steps)
    fits = [
        _fit(
            module, [*_mark(labelled, held_out, old_maps, detector, recipe), *kept], recipe, shared
        )
        for module, held_out in zip(modules, [*parts, nothing], strict=True)
    ]
    for step, losses in enumerate(zip(*fits, strict=True), 1):
        if step % max(1, recipe.steps // _REPORTS) and step != recipe.steps:
            continue
        for module, held_out in zip(modules, parts, strict=False):
            _examine(exam, labelled, held_out, replace(detector, module=module))
        held_out_loss = exam.judge(detector.card.threshold).log_loss
        yield AdaptReport(step, recipe.steps, losses[-1], held_out_loss)
    threshold = exam.recommend_threshold()
    after = exam.judge(threshold)
    state = {name: tensor.cpu() for name, tensor in modules[-1].state_dict().items()}
    less_loss = after.log_loss < min((1 - recipe.margin) * before.log_loss, _LOSS_OF_A_COIN)
    improved = less_loss and after.right > before.right
    if improved and classifier is not None and sees_the_same(classifier, detector.card):
        pairs = [replace(detector, module=module) for module in modules]
        improved = _is_no_worse(labelled, parts, old_maps, pairs, classifier)
    return Tuned(state, threshold, before, after, improved)


def _is_no_worse(
    labelled: Sequence[LabelledImage],
    parts: Sequence[Sequence[Bools]],
    old_maps: Sequence[Map],
    tuned: Sequence[DetectorNetwork],
    classifier: ClassifierNetwork,
) -> bool:
    """Return whether a classifier gets no fewer held-out labels right with the tuned detectors."""
    old = new = 0
    for detector, held_out in zip(tuned, parts, strict=False):
        for image, rows, old_map in zip(labelled, held_out, old_maps, strict=True):
            if rows.any():
                new_map = predict_distance_map(image.image, detector)
                old += int(find_right(image, old_map, detector.card, classifier)[rows].sum())
                new += int(find_right(image, new_map, detector.card, classifier)[rows].sum())
    return new >= old


def _simulate(detector: DetectorNetwork, recipe: TuneRecipe, job: Job) -> list[Field]:
    """Make fields as those that detectors learn from, of simple shapes."""
    fields: list[Field] = []
    for number in range(recipe.replay_fields):
        seed, card = _FIRST_SEED + number, detector.card
        fields += random_fields(seed, [], card.particle_px, looks=1, spectrum=card.spectrum)
        job.advance(number + 1, recipe.replay_fields, "simulating")
    return fields


def _hold_out(labelled: Sequence[LabelledImage], recipe: TuneRecipe) -> list[list[Bools]]:
    """Deal whole micrographs out, or the labels of a single one, so that each is held out once."""
    counts = [len(image.verdicts) for image in labelled]
    if len(labelled) > 1:
        of_images = deal_folds(np.ones(len(labelled), bool), recipe.folds, recipe.seed)
        held_out = [np.repeat(part, counts) for part in of_images]
    else:
        held_out = deal_folds(labelled[0].verdicts, recipe.folds, recipe.seed)
    return [np.split(rows, np.cumsum(counts)[:-1]) for rows in held_out]


def _mark(
    labelled: Sequence[LabelledImage],
    held_out: Sequence[Bools],
    old_maps: Sequence[Map],
    detector: DetectorNetwork,
    recipe: TuneRecipe,
) -> list[TrainingImage]:
    """Make lectures of all micrographs but those that are held out whole."""
    return [
        label_targets(image, ~rows, old_map, detector.card.particle_px, recipe)
        for image, rows, old_map in zip(labelled, held_out, old_maps, strict=True)
        if not (len(rows) and rows.all())
    ]


def _fit(
    module: nn.Module, lectures: Sequence[TrainingImage], recipe: TuneRecipe, job: Job
) -> Iterator[float]:
    """Follow the gradient of the weighted squared error; yields the loss of each batch."""
    rng = np.random.default_rng(recipe.seed)
    device = next(module.parameters()).device
    adam = torch.optim.Adam(module.parameters(), lr=recipe.learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(adam, recipe.steps)
    batches = draw_batches(lectures, recipe.window_px, recipe.batch, rng)
    for step, windows in zip(range(1, recipe.steps + 1), batches, strict=False):
        image, target, weight = torch.from_numpy(windows[:, :, None]).to(device)
        predicted = module(image.contiguous(memory_format=torch.channels_last))
        loss = (weight * (predicted - target) ** 2).sum() / weight.sum()
        adam.zero_grad()
        loss.backward()
        adam.step()
        schedule.step()
        job.advance(step, recipe.steps, "training")
        yield float(loss.detach())


def _examine(
    exam: HeldOutLabels,
    labelled: Sequence[LabelledImage],
    held_out: Sequence[Bools],
    detector: DetectorNetwork,
) -> None:
    """Show weights the labels that they have not learned from."""
    for number, (image, rows) in enumerate(zip(labelled, held_out, strict=True)):
        if rows.any():
            exam.answer(number, rows, predict_distance_map(image.image, detector))
