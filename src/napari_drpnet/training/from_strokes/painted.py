"""Training data from strokes: windows of painted micrographs, with targets and weights."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Self, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from napari_drpnet.base.segmentation import CARBON, CLASSES, UNKNOWN

ClassMap = NDArray[np.uint8]
Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

#: Least share of the area that a class is given, so that rare ones have a weight.
_LEAST_SHARE = 0.03
#: Rows and columns without weight at the cut edges of a window, network pixels.
_MARGIN = 16


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
        return is_painted(self.strokes)


@dataclass(frozen=True, eq=False)
class Features:
    """Micrograph as the last layers of a segmenter see it, padded to multiples of its stride.

    Parameters
    ----------
    features : list of (1, c, h / s, w / s) float32 Tensor
        Features before the last layers, at one or several strides s.
    old : (1, 4, h, w) float32 Tensor
        Probability of each class by the weights that the training starts from.
    kept : (h, w) bool array
        Mask of the pixels that are not blank, and not padded.
    """

    features: list[Tensor]
    old: Tensor
    kept: Mask

    @classmethod
    def of(cls, inputs: Floats, valid: Mask | None, module: nn.Module) -> Self:
        """Compute the features of channels ``(c, h, w)``; see `PaintedImage`."""
        network = cast(Any, module)
        device = next(module.parameters()).device
        with torch.no_grad():
            features = network.features(torch.from_numpy(inputs)[None].to(device))
            old = network.scores(features).softmax(dim=1)
        valid = np.ones(inputs.shape[1:], bool) if valid is None else valid
        return cls(features, old, _padded(valid, old.shape))

    def old_classes(self, shape: tuple[int, ...]) -> ClassMap:
        """Return the most probable class of each pixel by the old weights, cropped to a shape."""
        return _class_map(self.old, shape)

    def classify(self, module: nn.Module, shape: tuple[int, ...]) -> ClassMap:
        """Return the most probable class of each pixel by last layers that have been trained."""
        with torch.no_grad():
            return _class_map(cast(Any, module).scores(self.features), shape)

    @property
    def share(self) -> Floats:
        """Share of the area of each class ``(4,)``."""
        return np.asarray(self.old[0].cpu()[:, torch.from_numpy(self.kept)].mean(dim=1).numpy())


class Window(NamedTuple):
    """Window of a micrograph: parts of `Features`, and the painted class of each pixel.

    Parameters
    ----------
    features, old : Tensor
        As in `Features`.
    classes : (1, h, w) uint8 Tensor
        Painted class; `UNKNOWN` where nothing is painted, and at the edges of the window, whose
        surroundings are cut off.
    kept : (1, h, w) bool Tensor
        Mask of the pixels whose probabilities should not change.
    """

    features: list[Tensor]
    old: Tensor
    classes: Tensor
    kept: Tensor


@dataclass(frozen=True, eq=False)
class TrainingImage:
    """Micrograph from which windows are cut.

    Parameters
    ----------
    seen : Features
        Micrograph as the last layers see it.
    classes : (h, w) uint8 array
        Painted class of each pixel, padded; `UNKNOWN` where nothing is painted.
    stride : int
        Windows begin at multiples of it.
    """

    seen: Features
    classes: ClassMap
    stride: int

    @classmethod
    def of(cls, seen: Features, stride: int, strokes: ClassMap | None = None) -> Self:
        """Make an image of features and strokes ``(h, w)``; without strokes nothing may change."""
        nothing = np.zeros(seen.kept.shape, np.uint8)
        if strokes is None:
            return cls(seen, nothing, stride)
        known = np.where(is_painted(strokes), strokes, np.uint8(UNKNOWN))
        return cls(seen, _padded(known, seen.old.shape), stride)

    @cached_property
    def places(self) -> list[NDArray[np.intp]]:
        """Painted pixels ``(n, 2)`` of each painted class."""
        numbers = np.unique(self.classes[self.classes != UNKNOWN])
        return [np.argwhere(self.classes == number) for number in numbers]

    def window(self, side: int, rng: np.random.Generator) -> Window:
        """Cut a window around a painted pixel, or anywhere if there is none.

        Parameters
        ----------
        side : int
            Side of the window, network pixels, a multiple of the stride; no side of the
            micrograph is shorter.
        rng : Generator
            Random number generator. All painted classes are equally frequent.
        """
        shape = np.array(self.classes.shape)
        middle = rng.integers(shape)
        if self.places:
            place = rng.choice(self.places[int(rng.integers(len(self.places)))])
            middle = place + rng.integers(-side // 3, side // 3 + 1, 2)
        first = np.clip(middle - side // 2, 0, shape - side) // self.stride * self.stride
        window = tuple(slice(start, start + side) for start in first.tolist())
        inside = _inside(first, side, shape)
        device = self.seen.old.device
        classes = np.where(inside, self.classes[window], np.uint8(UNKNOWN))
        kept = inside & self.seen.kept[window] & (self.classes[window] == UNKNOWN)
        width = self.classes.shape[1]
        return Window(
            [_cut(part, window, width // part.shape[-1]) for part in self.seen.features],
            _cut(self.seen.old, window, 1),
            torch.from_numpy(classes)[None].to(device),
            torch.from_numpy(kept)[None].to(device),
        )


def is_painted(strokes: ClassMap) -> Mask:
    """Return the mask of the pixels that have a class."""
    return (strokes > UNKNOWN) & (strokes <= CARBON)


def class_shares(images: Sequence[PaintedImage], seen: Sequence[Features], power: float) -> Floats:
    """Return the weight ``(4,)`` of each class in the loss; 0 if it is not painted.

    Equal weights would teach that all classes are equally frequent, and far too many pixels would
    be taken for particles. So the weight of a class is its share of the area, as the old weights
    see it, to a power.

    Parameters
    ----------
    images : sequence of PaintedImage
        Painted micrographs.
    seen : sequence of Features
        The same micrographs as the last layers see them.
    power : float
        0 for equal weights of the classes, 1 for weights as large as their areas.
    """
    painted = {number for image in images for number in np.unique(image.strokes[image.painted])}
    shares = np.mean([features.share for features in seen], axis=0)
    is_known = np.isin(np.arange(len(CLASSES)) + 1, list(painted))
    weights = np.where(is_known, np.maximum(shares, _LEAST_SHARE) ** power, 0)
    return np.asarray(weights / weights.sum(), np.float32)


def class_trust(images: Sequence[TrainingImage]) -> Floats:
    """Return how far the old weights can be trusted where they find each class ``(4,)``, 0 to 1.

    It is the share of right pixels among the painted ones that they take for this class, where
    all painted classes count equally; 1 if there is none. Pixels without strokes are held to
    their old probabilities only as far as these can be trusted.

    Parameters
    ----------
    images : sequence of TrainingImage
        Painted micrographs, with the strokes to learn from.
    """
    count = len(CLASSES)
    pairs = np.zeros((count, count))
    for image in images:
        painted = image.classes != UNKNOWN
        found = image.seen.old_classes(image.classes.shape)[painted]
        np.add.at(pairs, (image.classes[painted] - 1, found - 1), 1)
    shares = pairs / np.maximum(pairs.sum(axis=1, keepdims=True), 1)
    total = shares.sum(axis=0)
    trust = np.where(total > 0, np.diag(shares) / np.maximum(total, _LEAST_SHARE), 1)
    return np.minimum(trust, 1).astype(np.float32)


def _class_map(scores: Tensor, shape: tuple[int, ...]) -> ClassMap:
    classes = scores[0].argmax(dim=0).cpu().numpy()[: shape[0], : shape[1]]
    return np.asarray(classes + 1, np.uint8)


def _padded(plane: NDArray[Any], shape: Sequence[int]) -> NDArray[Any]:
    """Pad a plane ``(h, w)`` with zeros at the bottom and right to the last two of a shape."""
    more = np.array(shape[-2:]) - plane.shape
    return np.pad(plane, [(0, int(rows)) for rows in more])


def _cut(part: Tensor, window: tuple[slice, ...], stride: int) -> Tensor:
    rows, columns = (slice(each.start // stride, each.stop // stride) for each in window)
    return part[..., rows, columns]


def _inside(first: NDArray[np.intp], side: int, shape: NDArray[np.intp]) -> Mask:
    """Return the mask of the pixels of a window that are not near a cut edge."""
    rows, columns = (
        (np.arange(side) >= (_MARGIN if start > 0 else 0))
        & (np.arange(side) < (side - _MARGIN if start + side < length else side))
        for start, length in zip(first, shape, strict=True)
    )
    return np.asarray(rows[:, None] & columns)
