"""Segmentations that are drawn instead of predicted, and a toy segmenter, for tests."""

from pathlib import Path
from typing import Any

import mrcfile
import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_drpnet.base.geometry import Frame
from napari_drpnet.base.segmentation import BACKGROUND, CLASSES, ICE, PARTICLE, Segmentation
from napari_drpnet.picking.networks.card import SegmenterCard
from napari_drpnet.picking.networks.weights import save_network

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


def darken(path: Path) -> None:
    """Make a corner of a micrograph dark, as thick ice is: rows and columns 0 to 70."""
    with mrcfile.open(path, "r+") as file:
        file.data[:70, :70] -= 20


def write_segmenter(path: Path) -> str:
    """Write weights of the architecture ``"toy"``, and return their file.

    Bright pixels of the view are particles, large dark areas of the grey values are ice.
    """
    import torch

    module = toy_segmenter(2, 4)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.zero_()
        module.weight[PARTICLE - 1, 0, 7, 7] = 4
        module.weight[ICE - 1, 1] = -60 / 15**2
        module.bias[:] = torch.tensor([0.0, -6.0, -36.0, -99.0])
    card = SegmenterCard(architecture="toy", particle_px=9, licence="none", trained_on="nothing")
    save_network(path, module.state_dict(), card)
    return str(path)


def toy_segmenter(inputs: int, outputs: int) -> Any:
    """Return the module of the architecture ``"toy"``: one convolution."""
    from torch import nn

    module = nn.Conv2d(inputs, outputs, 15, padding="same")
    module.halo, module.stride, module.tile = 7, 1, 128
    return module
