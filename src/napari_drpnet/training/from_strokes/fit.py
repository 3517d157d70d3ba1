"""Fit of the last layer of a segmenter to strokes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from napari_drpnet.training.from_strokes.painted import (
    ClassMap,
    Floats,
    Mask,
    PaintedPixels,
    class_weights,
)
from napari_drpnet.training.from_strokes.recipe import StrokeRecipe

#: Greatest number of pixels of a class on a micrograph that are learned from.
_MOST_PIXELS = 4000
#: Least standard deviation of a feature.
_LEAST_SPREAD = 1e-3
_ITERATIONS = 60


@dataclass(frozen=True, eq=False)
class LastLayer:
    """Last layer of a segmenter: a 1×1 convolution.

    Parameters
    ----------
    weight : (4, c) float64 array
        Weights.
    bias : (4,) float64 array
        Biases.
    """

    weight: NDArray[np.float64]
    bias: NDArray[np.float64]

    @classmethod
    def of(cls, layer: nn.Conv2d) -> Self:
        """Read the layer of a module."""
        assert layer.bias is not None
        weight, bias = (each.detach().cpu().double() for each in (layer.weight, layer.bias))
        return cls(weight[:, :, 0, 0].numpy(), bias.numpy())

    @torch.no_grad()
    def put_into(self, layer: nn.Conv2d) -> None:
        """Write the weights into the layer of a module."""
        assert layer.bias is not None
        layer.weight.copy_(torch.from_numpy(self.weight[:, :, None, None]))
        layer.bias.copy_(torch.from_numpy(self.bias))

    def scores(self, features: Floats) -> NDArray[np.float64]:
        """Return the scores ``(n, 4)`` of pixels from their features ``(n, c)``."""
        return features.astype(np.float64) @ self.weight.T + self.bias

    def classify(self, features: Floats) -> ClassMap:
        """Return the number of the most probable class ``(n,)`` of pixels."""
        return np.asarray(self.scores(features).argmax(axis=1) + 1, np.uint8)


def fit_last_layer(
    layer: LastLayer,
    pixels: Sequence[PaintedPixels],
    learned: Sequence[Mask],
    recipe: StrokeRecipe,
) -> LastLayer:
    """Fit the last layer of a segmenter to strokes.

    Parameters
    ----------
    layer : LastLayer
        Layer with the old weights.
    pixels : sequence of PaintedPixels
        Painted micrographs.
    learned : sequence of (n,) bool array
        Mask of the painted pixels of each micrograph to learn from. At least one is.
    recipe : StrokeRecipe
        Recipe of the training.

    Returns
    -------
    LastLayer
        Layer with new weights; the only minimum of the loss, found by L-BFGS.

    Notes
    -----
    This is a logistic regression that begins with the scores of the old weights. The loss is the
    weighted mean over the classes of their mean cross-entropy, times the number of micrographs,
    plus the penalty times the squared changes of the weights, for features of mean 0 and standard
    deviation 1. So the more micrographs are painted, the more can change.
    """
    mean = np.mean([each.mean for each in pixels], axis=0)
    square = np.mean([each.square for each in pixels], axis=0)
    spread = np.sqrt(np.maximum(square - mean**2, 0)) + _LEAST_SPREAD
    chosen = _choose(pixels, learned, recipe.seed)
    features = np.concatenate([each.features[k] for each, k in zip(pixels, chosen, strict=True)])
    classes = [each.classes[k] for each, k in zip(pixels, chosen, strict=True)]
    shares = class_weights(pixels, classes, recipe.area_power)
    numbers = np.concatenate(classes).astype(np.intp) - 1
    counts = np.maximum(np.bincount(numbers, minlength=len(shares)), 1)
    micrographs = sum(mask.any() for mask in learned)
    old = torch.from_numpy(layer.scores(features))
    ones = np.ones((len(features), 1))
    inputs = torch.from_numpy(np.hstack([(features - mean) / spread, ones]))
    weights = torch.from_numpy(micrographs * (shares / counts)[numbers])
    change = _regress(inputs, old, torch.from_numpy(numbers), weights, recipe.penalty)
    weight = change[:-1].T / spread
    return LastLayer(layer.weight + weight, layer.bias + change[-1] - weight @ mean)


def _regress(
    inputs: torch.Tensor,
    old: torch.Tensor,
    numbers: torch.Tensor,
    weights: torch.Tensor,
    penalty: float,
) -> NDArray[np.float64]:
    """Return the changes ``(c + 1, 4)`` of the weights for standardised features and a bias."""
    change = torch.zeros(inputs.shape[1], old.shape[1], dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS(
        [change], max_iter=_ITERATIONS, history_size=10, line_search_fn="strong_wolfe"
    )

    def loss() -> float:
        optimiser.zero_grad()
        entropy = functional.cross_entropy(old + inputs @ change, numbers, reduction="none")
        total = (weights * entropy).sum() + penalty * change.square().sum()
        total.backward()  # type: ignore[no-untyped-call]
        return float(total.detach())

    optimiser.step(loss)  # type: ignore[no-untyped-call]
    return np.asarray(change.detach().numpy())


def _choose(
    pixels: Sequence[PaintedPixels], learned: Sequence[Mask], seed: int
) -> list[NDArray[np.intp]]:
    """Return the indices of the painted pixels to learn from, at most so many of each class."""
    rng = np.random.default_rng(seed)
    chosen = []
    for each, mask in zip(pixels, learned, strict=True):
        places = [
            np.flatnonzero(mask & (each.classes == number)) for number in np.unique(each.classes)
        ]
        some = [rng.permutation(place)[:_MOST_PIXELS] for place in places]
        chosen.append(np.sort(np.concatenate(some)))
    return chosen
