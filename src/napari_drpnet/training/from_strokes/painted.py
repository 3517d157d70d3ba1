"""Training data from strokes: painted micrographs as the last layer of a segmenter sees them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from napari_drpnet.base.jobs import Job
from napari_drpnet.base.segmentation import CARBON, CLASSES, UNKNOWN
from napari_drpnet.picking.networks.tiles import run_tiled

ClassMap = NDArray[np.uint8]
Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

#: Least share of the area that a class is given, so that rare ones have a weight.
_LEAST_SHARE = 0.03


@dataclass(frozen=True, eq=False)
class PaintedImage:
    """Micrograph, preprocessed for a segmenter, with strokes.

    Parameters
    ----------
    inputs : (c, h, w) float32 array
        Channels of the input.
    strokes : (h, w) uint8 array
        Class of each painted pixel, numbered as in `napari_drpnet.base.segmentation`. Pixels of
        other values, such as `UNKNOWN` or `MIXED`, are not painted.
    valid : (h, w) bool array or None
        Mask of the pixels that are not blank; None if all are valid.
    """

    inputs: Floats
    strokes: ClassMap
    valid: Mask | None = None

    @property
    def painted(self) -> Mask:
        """Mask of the painted pixels ``(h, w)``."""
        return (self.strokes > UNKNOWN) & (self.strokes <= CARBON)


@dataclass(frozen=True, eq=False)
class PaintedPixels:
    """Painted pixels of a micrograph as the last layer of a segmenter sees them.

    Parameters
    ----------
    image : PaintedImage
        Micrograph.
    features : (n, c) float32 array
        Features of the painted pixels, in the order of `numpy.flatnonzero`.
    classes : (n,) uint8 array
        Their painted classes.
    mean, square : (c,) float64 array
        Mean of the features and of their squares over all valid pixels of the micrograph.
    shares : (4,) float64 array
        Mean probability of each class over these pixels, by the weights that training starts from.
    """

    image: PaintedImage
    features: Floats
    classes: ClassMap
    mean: NDArray[np.float64]
    square: NDArray[np.float64]
    shares: NDArray[np.float64]

    @classmethod
    def of(cls, image: PaintedImage, module: nn.Module, job: Job | None = None) -> Self:
        """Compute the features of a micrograph.

        Raises
        ------
        Cancelled
            If the work was cancelled.
        MemoryError
            If not even the smallest tile fits into memory.
        """
        features = run_tiled(_Features(module), image.inputs, job=job, what="strokes")
        shape = image.strokes.shape
        valid = np.ones(shape, bool) if image.valid is None else image.valid
        pixels = features[:, valid].astype(np.float64)
        out = cast(Any, module).out  # perhaps on a GPU, where it stays
        with torch.no_grad():
            scores = functional.conv2d(
                torch.from_numpy(features)[None], out.weight.cpu(), out.bias.cpu()
            )
            probability = scores[0].softmax(dim=0).numpy()
        return cls(
            image,
            np.ascontiguousarray(features[:, image.painted].T),
            image.strokes[image.painted],
            pixels.mean(axis=1),
            np.square(pixels).mean(axis=1),
            probability[:, valid].astype(np.float64).mean(axis=1),
        )

    def class_map(self, numbers: ClassMap, chosen: Mask) -> ClassMap:
        """Return a class map of numbers ``(n,)`` of the painted pixels, of the chosen ones only.

        Parameters
        ----------
        numbers : (n,) uint8 array
            Number of the class of each painted pixel.
        chosen : (h, w) bool array
            Mask of pixels.

        Returns
        -------
        (h, w) uint8 array
            Class map; `UNKNOWN` elsewhere.
        """
        classes = np.full(chosen.shape, UNKNOWN, np.uint8)
        classes[self.image.painted] = numbers
        return np.where(chosen, classes, np.uint8(UNKNOWN))


def class_weights(
    pixels: Sequence[PaintedPixels], painted: Sequence[ClassMap], power: float
) -> NDArray[np.float64]:
    """Return the weight ``(4,)`` of each class in the loss; 0 if it is not painted.

    Equal weights would teach that all classes are equally frequent, and far too many pixels would
    be taken for particles. So the weight of a class is its share of the area, as the old weights
    see it, to a power.

    Parameters
    ----------
    pixels : sequence of PaintedPixels
        Painted micrographs.
    painted : sequence of (n,) uint8 array
        Classes of the pixels to learn from.
    power : float
        0 for equal weights of the classes, 1 for weights as large as their areas.
    """
    shares = np.maximum(np.mean([each.shares for each in pixels], axis=0), _LEAST_SHARE)
    is_painted = np.isin(np.arange(len(CLASSES)) + 1, np.concatenate(painted))
    weights = np.where(is_painted, shares**power, 0.0)
    return np.asarray(weights / weights.sum())


class _Features(nn.Module):
    """Network whose outputs are the features before the last layer, for `run_tiled`."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module
        network = cast(Any, module)
        self.halo, self.stride, self.tile = network.halo, network.stride, network.tile

    def forward(self, image: Tensor) -> Tensor:
        features: Tensor = cast(Any, self.module).features(image)
        return features[..., : image.shape[-2], : image.shape[-1]]
