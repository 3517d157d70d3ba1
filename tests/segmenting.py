"""Segmentations that are drawn instead of predicted, for tests."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_drpnet.base.geometry import Frame
from napari_drpnet.base.segmentation import BACKGROUND, CLASSES, Segmentation

#: Shape in network pixels, unbinned pixels per network pixel, and particle diameter.
SHAPE, BINNING, DIAMETER_PX = (120, 150), 3, 12.0


def background() -> NDArray[np.uint8]:
    """Return a class map without particles and dirt."""
    return np.full(SHAPE, BACKGROUND, np.uint8)


def disc(center_yx: ArrayLike, radius: float) -> NDArray[np.bool_]:
    """Return the mask of a disc in an image of `SHAPE`."""
    grid = np.moveaxis(np.indices(SHAPE), 0, -1)
    return np.asarray(np.linalg.norm(grid - np.asarray(center_yx), axis=-1) <= radius)


def segmented(classes: NDArray[np.uint8], certainty: float = 0.9) -> Segmentation:
    """Return a segmentation in which the class of each pixel has the probability `certainty`."""
    others = (1 - certainty) / (len(CLASSES) - 1)
    probability = [np.where(classes == index + 1, certainty, others) for index in range(4)]
    rows, columns = classes.shape
    frame = Frame((rows * BINNING, columns * BINNING), (rows, columns))
    known = classes > 0
    return Segmentation(
        np.array(probability, np.float32),
        frame,
        DIAMETER_PX,
        "hash",
        None if known.all() else known,
    )
