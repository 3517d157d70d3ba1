"""Segmentation of a micrograph: the probability of each class in each pixel."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.jobs import Job
from napari_drpnet.base.segmentation import Segmentation
from napari_drpnet.images.preprocess import NetworkImage, stack_channels
from napari_drpnet.picking.networks.tiles import Precision, run_tiled

if TYPE_CHECKING:
    from napari_drpnet.picking.networks.card import SegmenterNetwork


def segment(
    view: NetworkImage,
    segmenter: "SegmenterNetwork",
    precision: Precision = "float32",
    tile: int | None = None,
    job: Job | None = None,
) -> Segmentation:
    """Segment the image of a micrograph.

    Parameters
    ----------
    view : NetworkImage
        Micrograph, preprocessed for this segmenter, with its grey values if the card names them.
    segmenter : SegmenterNetwork
        Segmenter from `load_segmenter`, on its device.
    precision : {'float32', 'bfloat16'}
        Arithmetic of the convolutions.
    tile : int, optional
        Side of the output of a tile; see `run_tiled`.
    job : Job, optional
        Progress callback, called after each tile; it may cancel the work.

    Returns
    -------
    Segmentation
        Probabilities in the frame of the view. They do not depend on the tiles.

    Raises
    ------
    Cancelled
        If the work was cancelled.
    MemoryError
        If not even the smallest tile fits into memory.
    """
    inputs = stack_channels(view, segmenter.card.inputs)
    probability = class_probabilities(inputs, segmenter, precision, tile, job)
    return Segmentation(
        probability, view.frame, segmenter.card.particle_px, segmenter.sha256, view.valid
    )


def class_probabilities(
    inputs: NDArray[np.float32],
    segmenter: "SegmenterNetwork",
    precision: Precision = "float32",
    tile: int | None = None,
    job: Job | None = None,
) -> NDArray[np.float32]:
    """Return the probability ``(4, h, w)`` of each class in channels ``(c, h, w)``; see `segment`.

    Raises
    ------
    Cancelled
        If the work was cancelled.
    MemoryError
        If not even the smallest tile fits into memory.
    """
    scores = run_tiled(segmenter.module, inputs, precision, tile, job, "classes")
    scores -= scores.max(axis=0)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=0)
    return scores
