"""Training run of a segmenter by a recipe."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from napari_drpnet.base.geometry import Frame
from napari_drpnet.base.jobs import Job
from napari_drpnet.base.segmentation import CARBON, Segmentation
from napari_drpnet.images.preprocess import NetworkImage
from napari_drpnet.picking.networks.build import SEGMENTERS
from napari_drpnet.picking.networks.card import (
    DetectorNetwork,
    Network,
    SegmenterCard,
    SegmenterNetwork,
)
from napari_drpnet.picking.networks.weights import load_segmenter
from napari_drpnet.picking.segmentation.segment import segment
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
    origin_of,
    require_same,
)

#: Recommended threshold of the scores of components.
_THRESHOLD = 0.3
_LEAST_AREA = 0.2


def load_segmenter_start(recipe: SegmenterRecipe, device: str = "cpu") -> SegmenterNetwork | None:
    """Load the weights that a recipe starts from; None if it starts from random weights.

    Raises
    ------
    InputFileError
        If the weights cannot be used, or their architecture is not that of the recipe.
    """
    if recipe.weights is None:
        return None
    segmenter = load_segmenter(recipe.weights, device)
    require_same(recipe.weights, "architecture", segmenter.card.architecture, recipe.architecture)
    return segmenter


def train_segmenter(
    recipe: SegmenterRecipe,
    pool: ClassPool,
    detector: DetectorNetwork,
    start: SegmenterNetwork | None = None,
    device: str = "cpu",
    job: Job | None = None,
    on_report: Listener | None = None,
) -> Trained:
    """Train a segmenter; the score is the mean IoU of the classes on the validation fields.

    Parameters
    ----------
    recipe : SegmenterRecipe
        Recipe of the training; the same recipe gives the same weights on the same device.
    pool : ClassPool
        Fields of this recipe at the scale of the detector; see `make_class_pool`.
    detector : DetectorNetwork
        Detector that the recipe names.
    start : SegmenterNetwork, optional
        Network to start from, which is changed in place. Default: loaded by
        `load_segmenter_start`.
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
    start = start or load_segmenter_start(recipe, device)
    torch.manual_seed(recipe.seed)
    card = SegmenterCard(
        architecture=recipe.architecture,
        particle_px=detector.card.particle_px,
        spectrum=pool.spectrum,
        inputs=INPUTS,
        least_area=_LEAST_AREA,
        **origin_of(pool.description, start),
    )
    build = SEGMENTERS[recipe.architecture]
    module = start.module if start else build(len(card.inputs), len(card.classes)).to(device)
    network = Network(module, card, "in training", "")
    best = BestSoFar(network, partial(validate, pool.validation), recipe.weights is not None)
    reports = fit_segmenter(module, pool.fields, recipe, card.particle_px, job, best.validate)
    interrupted = follow_fit(reports, on_report, best)
    history = history_of(start) | {"detector_sha256": detector.sha256}
    return finish_run(network, recipe, best, interrupted, history)


def validate(fields: Sequence[ClassField], segmenter: SegmenterNetwork) -> Cuts:
    """Return the mean IoU of the classes on fields as the score, and fixed recommended values."""
    confusion = sum(
        (confusion_of(field.classes, predict(field, segmenter).class_map) for field in fields),
        start=np.zeros((CARBON, CARBON), np.int64),
    )
    return Cuts(float(np.nanmean(class_iou(confusion))), _THRESHOLD)


def predict(field: ClassField, segmenter: SegmenterNetwork) -> Segmentation:
    """Segment a field."""
    image, grey = field.inputs.astype(np.float32)
    shape = (image.shape[0], image.shape[1])
    view = NetworkImage(image, Frame(shape, shape), "dark", "robust", field.valid, grey=grey)
    return segment(view, segmenter)


def confusion_of(truth: NDArray[np.uint8], found: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Count the pixels of each class by their predicted class.

    Parameters
    ----------
    truth, found : (h, w) uint8 array
        True and predicted class numbers; pixels that are not of one of the four classes do not
        count.

    Returns
    -------
    (4, 4) int array
        Numbers of pixels by true class (rows) and predicted class (columns).
    """
    known = (truth >= 1) & (truth <= CARBON) & (found >= 1)
    pairs = (truth[known].astype(np.intp) - 1) * CARBON + found[known] - 1
    return np.bincount(pairs, minlength=CARBON**2).reshape(CARBON, CARBON)


def class_iou(confusion: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the IoU ``(4,)`` of each class; NaN for one that is neither true nor predicted."""
    common = np.diag(confusion)
    union = confusion.sum(axis=0) + confusion.sum(axis=1) - common
    return np.where(union > 0, common / np.maximum(union, 1), np.nan)
