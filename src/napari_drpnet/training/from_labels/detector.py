"""Train a detector on labels while keeping its map elsewhere."""

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
from napari_drpnet.training.common.descent import descend
from napari_drpnet.training.common.fields import Field, random_fields
from napari_drpnet.training.common.progress import SharedJob
from napari_drpnet.training.common.trained import require_detector
from napari_drpnet.training.from_labels.classifier import require_labels
from napari_drpnet.training.from_labels.cross_validation import deal_folds
from napari_drpnet.training.from_labels.head import AdaptReport
from napari_drpnet.training.from_labels.held_out import HeldOutLabels, add_mistakes
from napari_drpnet.training.from_labels.label_scores import LabelScore
from napari_drpnet.training.from_labels.targets import (
    LabelledImage,
    TrainingImage,
    TuneRecipe,
    draw_batches,
    label_targets,
    replay_targets,
)
from napari_drpnet.training.from_labels.together import find_correct_labels, is_compatible

__all__ = ["LabelledImage", "TuneRecipe", "Tuned", "tune_detector"]

Bools = NDArray[np.bool_]
Map = NDArray[np.float32]
#: Labels of each micrograph that are held out together.
Fold = list[Bools]

#: Number of reports of a training, each with the loss on held-out labels.
_REPORTS = 8
#: Seed of the first simulated field.
_FIRST_SEED = 500
#: Log loss of P(particle) = 0.5 everywhere, which trained weights must improve upon.
_CHANCE_LOSS = float(np.log(2))


@dataclass(frozen=True, eq=False)
class Tuned:
    """Result of `tune_detector`.

    Parameters
    ----------
    state : dict of str to Tensor
        New weights, trained on all labels.
    threshold : float
        Threshold for the new weights, map units: that of the old weights, unless most of the
        accepted labels lie below it.
    before, after : LabelScore
        Scores of the old weights, and of new weights on labels that they were not trained on.
    improved : bool
        Whether the new weights classify more labels correctly, and with a loss that is lower by
        the margin of the recipe.
    """

    state: dict[str, Tensor]
    threshold: float
    before: LabelScore
    after: LabelScore
    improved: bool


@dataclass(frozen=True, eq=False)
class _TrainingData:
    """Micrographs with labels, their present maps, and fields whose maps should not change."""

    labelled: list[LabelledImage]
    old_maps: list[Map]
    replay: list[TrainingImage]
    folds: list[Fold]


def tune_detector(
    detector: DetectorNetwork,
    labelled: Sequence[LabelledImage],
    recipe: TuneRecipe,
    job: Job | None = None,
    replay: Sequence[Field] = (),
    classifier: ClassifierNetwork | None = None,
) -> Generator[AdaptReport, None, Tuned]:
    """Train a copy of a detector on labels; the given detector is not changed.

    Parameters
    ----------
    detector : DetectorNetwork
        Detector in use, with an absolute map.
    labelled : sequence of LabelledImage
        Micrographs with labels, preprocessed for this detector.
    recipe : TuneRecipe
        Recipe of the training.
    job : Job, optional
        Progress callback, called after each batch; it may cancel the work.
    replay : sequence of Field
        Further fields whose maps should not change, besides the simulated ones of the recipe.
    classifier : ClassifierNetwork, optional
        Classifier in use. It depends on the heights of the map, so the new detector must be no
        worse than the old one together with it.

    Yields
    ------
    AdaptReport
        About eight reports, with the loss on held-out labels.

    Returns
    -------
    Tuned
        New weights, with scores from cross-validation: whole micrographs are held out where there
        are two or more, otherwise single labels.

    Raises
    ------
    Cancelled
        If the work was cancelled between batches.
    InputFileError
        If the weights are those of a segmenter.
    ValueError
        If there are fewer than `LEAST_LABELS` labels, or the detector has no absolute scale.

    Notes
    -----
    Around labels the target is that of `label_targets`. Everywhere else, and on a few simulated
    micrographs, it is the map of the old weights. So labels change little but what looks like
    them, and labels of only one kind suffice. Batch normalisation keeps its statistics, which a
    few windows would only make worse.
    """
    job = job or SilentJob()
    data = _prepare(detector, labelled, replay, recipe, job)
    held_out, threshold = HeldOutLabels(data.labelled, detector.card), detector.card.threshold
    for number, old_map in enumerate(data.old_maps):
        everything = np.ones(len(data.labelled[number].accepted), bool)
        held_out.note_heights(number, everything, old_map)
    before = held_out.score(threshold)
    copies = [
        replace(detector, module=copy.deepcopy(detector.module)) for _ in range(len(data.folds) + 1)
    ]
    yield from _train(copies, data, held_out, recipe, job)
    threshold = held_out.recommend_threshold()
    after = held_out.score(threshold)
    state = {name: tensor.cpu() for name, tensor in copies[-1].module.state_dict().items()}
    less_loss = after.log_loss < min((1 - recipe.margin) * before.log_loss, _CHANCE_LOSS)
    improved = less_loss and after.right > before.right
    if improved and classifier is not None and is_compatible(classifier, detector.card):
        improved = _is_no_worse(data, copies, classifier)
    return Tuned(state, threshold, before, after, improved)


def _prepare(
    detector: DetectorNetwork,
    labelled: Sequence[LabelledImage],
    replay: Sequence[Field],
    recipe: TuneRecipe,
    job: Job,
) -> _TrainingData:
    """Check the labels, predict the present maps and simulate fields.

    Raises
    ------
    ValueError
        If there are too few labels, or the detector has no absolute scale.
    """
    require_detector(detector)
    if detector.card.map_units != "absolute":
        raise ValueError("a detector without an absolute scale cannot learn from labels")
    accepted = [image.accepted for image in labelled] or [np.zeros(0, bool)]
    # Unlabelled pixels stand for both kinds.
    require_labels(np.concatenate(accepted), [np.array([True, False])])
    old_maps = [predict_distance_map(image.image, detector, job=job) for image in labelled]
    complete = [
        add_mistakes(image, old_map, detector.card)
        for image, old_map in zip(labelled, old_maps, strict=True)
    ]
    kept = [
        replay_targets(
            field, predict_distance_map(field.image.astype(np.float32), detector), recipe
        )
        for field in [*replay, *_simulate(detector, recipe, job)]
    ]
    return _TrainingData(complete, old_maps, kept, _make_folds(complete, recipe))


def _simulate(detector: DetectorNetwork, recipe: TuneRecipe, job: Job) -> list[Field]:
    """Simulate fields of simple shapes, at the scale of a detector."""
    fields: list[Field] = []
    for number in range(recipe.replay_fields):
        seed, card = _FIRST_SEED + number, detector.card
        fields += random_fields(seed, [], card.particle_px, looks=1, spectrum=card.spectrum)
        job.advance(number + 1, recipe.replay_fields, "simulating")
    return fields


def _make_folds(labelled: Sequence[LabelledImage], recipe: TuneRecipe) -> list[Fold]:
    """Split whole micrographs, or the labels of a single one, so that each is held out once."""
    counts = [len(image.accepted) for image in labelled]
    if len(labelled) > 1:
        of_images = deal_folds(np.ones(len(labelled), bool), recipe.folds, recipe.seed)
        folds = [np.repeat(part, counts) for part in of_images]
    else:
        folds = deal_folds(labelled[0].accepted, recipe.folds, recipe.seed)
    return [np.split(rows, np.cumsum(counts)[:-1]) for rows in folds]


def _train(
    copies: Sequence[DetectorNetwork],
    data: _TrainingData,
    held_out: HeldOutLabels,
    recipe: TuneRecipe,
    job: Job,
) -> Generator[AdaptReport, None, None]:
    """Train one copy without each fold, and the last one on all labels, step by step."""
    shared = SharedJob(job, len(copies) * recipe.steps)
    nothing = [np.zeros(len(image.accepted), bool) for image in data.labelled]
    fits = [
        _fit(
            each.module, _training_images(data, fold, each.card.particle_px, recipe), recipe, shared
        )
        for each, fold in zip(copies, [*data.folds, nothing], strict=True)
    ]
    for step, losses in enumerate(zip(*fits, strict=True), 1):
        if step % max(1, recipe.steps // _REPORTS) and step != recipe.steps:
            continue
        for each, fold in zip(copies, data.folds, strict=False):
            for number, (image, rows) in enumerate(zip(data.labelled, fold, strict=True)):
                if rows.any():
                    held_out.note_heights(number, rows, predict_distance_map(image.image, each))
        loss = held_out.score(copies[-1].card.threshold).log_loss
        yield AdaptReport(step, recipe.steps, losses[-1], loss)


def _training_images(
    data: _TrainingData, fold: Fold, particle_px: float, recipe: TuneRecipe
) -> list[TrainingImage]:
    """Make the training images of one fit; micrographs that are held out whole are left out."""
    labelled = [
        label_targets(image, ~rows, old_map, particle_px, recipe)
        for image, rows, old_map in zip(data.labelled, fold, data.old_maps, strict=True)
        if not (len(rows) and rows.all())
    ]
    return [*labelled, *data.replay]


def _fit(
    module: nn.Module, images: Sequence[TrainingImage], recipe: TuneRecipe, job: Job
) -> Iterator[float]:
    """Minimise the weighted squared error, and yield the loss of each batch."""
    rng = np.random.default_rng(recipe.seed)
    device = next(module.parameters()).device
    adam = torch.optim.Adam(module.parameters(), lr=recipe.learning_rate)
    batches = draw_batches(images, recipe.window_px, recipe.batch, rng)

    def draw_loss() -> Tensor:
        image, target, weight = torch.from_numpy(next(batches)[:, :, None]).to(device)
        predicted = module(image.contiguous(memory_format=torch.channels_last))
        loss: Tensor = (weight * (predicted - target) ** 2).sum() / weight.sum()
        return loss

    yield from descend(adam, draw_loss, recipe.steps, job)


def _is_no_worse(
    data: _TrainingData, copies: Sequence[DetectorNetwork], classifier: ClassifierNetwork
) -> bool:
    """Return whether a classifier gets no fewer held-out labels right with the new detectors."""
    old = new = 0
    for detector, fold in zip(copies, data.folds, strict=False):
        for image, rows, old_map in zip(data.labelled, fold, data.old_maps, strict=True):
            if rows.any():
                new_map = predict_distance_map(image.image, detector)
                before, after = (
                    find_correct_labels(image, distance_map, detector.card, classifier)[rows]
                    for distance_map in (old_map, new_map)
                )
                old, new = old + int(before.sum()), new + int(after.sum())
    return new >= old
