"""A detector from a few examples of particles, without examples of anything else.

Each pixel is described by the means of the image and of the distance map in rings around it, which
do not depend on the orientation of a particle. The filter is Fisher's linear discriminant between
the examples and all pixels of their micrographs: where the detector sees nothing, the distance map
has no weight. The threshold is where the posterior of a particle is one half in a mixture of two
normal distributions, fitted to the scores of the unlabelled maxima and of the examples.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from napari_drpnet.base.geometry import far_from, inside
from napari_drpnet.picking.detectors.distance_map import predict_distance_map
from napari_drpnet.picking.detectors.peaks import find_candidates, separate_candidates, smooth
from napari_drpnet.picking.networks.card import EXAMPLES, DetectorCard, DetectorNetwork
from napari_drpnet.picking.networks.example_detector import REACH

Floats = NDArray[np.float64]
Image = NDArray[np.float32]

#: Least number of examples.
LEAST_EXAMPLES = 5
#: Outer radii of the rings, particle diameters; the distance map is averaged in the first ones.
_RINGS = (0.11, 0.21, 0.3, 0.39, 0.48, 0.57, 0.68, 0.82, 1.0)
_RINGS_OF_MAP = 7
#: Smoothing of the likeness, network pixels.
_SIGMA_PX = 0.5
#: Weight of the identity in the correlation matrix, so that few examples determine few directions.
_SHRINKAGE = 0.5
#: Distance from an example within which its maximum is searched, particle diameters.
_SLACK = 0.25
#: Weight of an example in the mixture, relative to an unlabelled maximum.
_EXAMPLE_WEIGHT = 2.0
_ITERATIONS = 60
#: Posterior of a particle at the recommended threshold.
_LEAST_PROBABILITY = 0.5


@dataclass(frozen=True, eq=False)
class ExampleView:
    """Examples on one micrograph.

    Parameters
    ----------
    image : (h, w) float32 array
        Micrograph, preprocessed for the detector.
    centers_yx : (n, 2) float array
        Positions ``(y, x)`` of examples, network pixels.
    """

    image: Image
    centers_yx: Floats


@dataclass(frozen=True, eq=False)
class LearnedDetector:
    """Weights of an `ExampleDetector` with their card."""

    state: dict[str, Tensor]
    card: DetectorCard


@dataclass(frozen=True, eq=False)
class _Described:
    """Features ``(h, w, k)`` of all pixels of a micrograph, and the pixels near each example."""

    features: Floats
    near_examples: list[Floats]


def learn_from_examples(detector: DetectorNetwork, views: Sequence[ExampleView]) -> LearnedDetector:
    """Make a detector of what looks like examples.

    Parameters
    ----------
    detector : DetectorNetwork
        Detector whose distance map is used; of architecture ``fcrn`` or ``multiscale``.
    views : sequence of ExampleView
        Micrographs with examples.

    Returns
    -------
    LearnedDetector
        Detector with a recommended threshold.

    Raises
    ------
    ValueError
        If there are fewer than `LEAST_EXAMPLES` examples.
    """
    count = sum(len(view.centers_yx) for view in views)
    if count < LEAST_EXAMPLES:
        raise ValueError(f"{count} examples are too few: add at least {LEAST_EXAMPLES} particles")
    diameter = detector.card.particle_px
    rings = _ring_kernels(diameter)
    described = [_describe(view, detector, rings) for view in views]
    weights, offset = _discriminate(described)
    likeness = [np.asarray(one.features @ weights + offset, np.float32) for one in described]
    threshold = _recommend_threshold(views, described, likeness, diameter)
    kernels = [rings, rings[:_RINGS_OF_MAP]]
    split = np.split(weights, [len(rings)])
    kernel = [np.tensordot(part, stack, 1) for part, stack in zip(split, kernels, strict=True)]
    state = {f"base.{name}": tensor.cpu() for name, tensor in detector.module.state_dict().items()}
    state["filter.weight"] = torch.from_numpy(np.asarray(kernel, np.float32)[None])
    state["filter.bias"] = torch.tensor([offset], dtype=torch.float32)
    return LearnedDetector(state, _card(detector, threshold, count, len(views)))


def _ring_kernels(diameter_px: float) -> Floats:
    """Return averages over the rings as kernels ``(k, 2·REACH + 1, 2·REACH + 1)``."""
    y, x = np.mgrid[-REACH : REACH + 1, -REACH : REACH + 1]
    ring = np.digitize(np.hypot(y, x) / diameter_px, _RINGS)
    masks = np.stack([ring == k for k in range(len(_RINGS))]).astype(float)
    return np.asarray(masks / masks.sum(axis=(1, 2), keepdims=True).clip(1))


def _describe(view: ExampleView, detector: DetectorNetwork, rings: Floats) -> _Described:
    distance_map = predict_distance_map(view.image, detector)
    parts = [
        _ring_means(view.image, rings),
        _ring_means(distance_map, rings[:_RINGS_OF_MAP]),
    ]
    features = np.concatenate(parts, axis=-1)
    slack = _SLACK * detector.card.particle_px
    return _Described(features, [_around(features, center, slack) for center in view.centers_yx])


def _ring_means(image: Image, rings: Floats) -> Floats:
    """Return the means in the rings around each pixel, ``(h, w, k)``."""
    padded = functional.pad(torch.from_numpy(image)[None, None], [REACH] * 4, mode="replicate")
    kernels = torch.from_numpy(np.asarray(rings, np.float32))[:, None]
    with torch.inference_mode():
        means = functional.conv2d(padded, kernels)[0]
    return np.moveaxis(means.numpy().astype(float), 0, -1)


def _around(features: Floats, center_yx: Floats, slack_px: float) -> Floats:
    """Return the features ``(p, k)`` of the pixels near a position, the nearest one first."""
    height, width, _ = features.shape
    reach = int(np.ceil(slack_px))
    y, x = np.round(center_yx).astype(int)
    rows, columns = np.mgrid[y - reach : y + reach + 1, x - reach : x + reach + 1]
    distance = np.hypot(rows - center_yx[0], columns - center_yx[1])
    rows, columns = rows.clip(0, height - 1), columns.clip(0, width - 1)
    order = np.argsort(distance, axis=None)
    order = order[: max(1, int((distance <= slack_px).sum()))]
    return np.asarray(features[rows.ravel()[order], columns.ravel()[order]])


def _discriminate(described: Sequence[_Described]) -> tuple[Floats, float]:
    """Return weights and offset of the likeness: 0 for the mean pixel, 1 for the mean example."""
    examples = np.stack([near[0] for one in described for near in one.near_examples])
    return _fisher(examples, *_background(described))


def _background(described: Sequence[_Described]) -> tuple[Floats, Floats]:
    """Return mean ``(k,)`` and covariance ``(k, k)`` of the features of all pixels."""
    pixels = np.concatenate([one.features.reshape(-1, one.features.shape[-1]) for one in described])
    return pixels.mean(axis=0), np.cov(pixels.T)


def _fisher(examples: Floats, mean: Floats, covariance: Floats) -> tuple[Floats, float]:
    deviation = np.sqrt(np.diag(covariance)).clip(1e-6)
    correlation = covariance / np.outer(deviation, deviation)
    difference = (examples.mean(axis=0) - mean) / deviation
    solved = np.linalg.solve(correlation + _SHRINKAGE * np.eye(len(mean)), difference)
    weights = solved / deviation / max(float(difference @ solved), 1e-9)
    return weights, -float(mean @ weights)


def _recommend_threshold(
    views: Sequence[ExampleView],
    described: Sequence[_Described],
    likeness: Sequence[Image],
    diameter_px: float,
) -> float:
    unlabelled = [
        _unlabelled_scores(view, map_, diameter_px)
        for view, map_ in zip(views, likeness, strict=True)
    ]
    scores = np.concatenate(unlabelled)
    probability = _posterior(scores, _held_out_scores(described))
    accepted = scores[probability >= _LEAST_PROBABILITY]
    return round(max(float(accepted.min(initial=1.0)), 0.0), 3)


def _unlabelled_scores(view: ExampleView, likeness: Image, diameter_px: float) -> Floats:
    """Return the heights of the maxima that are not near examples, and not at the border."""
    candidates = find_candidates(smooth(likeness, _SIGMA_PX))
    clear = inside(candidates.centers_yx, likeness.shape, diameter_px / 2)
    clear &= candidates.height > 0
    best = separate_candidates(candidates, clear, candidates.height, diameter_px / 2)
    far = far_from(best.centers_yx, view.centers_yx, diameter_px / 2)
    return np.asarray(best.height[far])


def _held_out_scores(described: Sequence[_Described]) -> Floats:
    """Return the likeness ``(n,)`` of each example to the other ones, at its maximum."""
    near = [pixels for one in described for pixels in one.near_examples]
    examples = np.stack([pixels[0] for pixels in near])
    background = _background(described)
    scores = []
    for k, pixels in enumerate(near):
        weights, offset = _fisher(np.delete(examples, k, axis=0), *background)
        scores.append(float((pixels @ weights + offset).max()))
    return np.array(scores)


def _posterior(unlabelled: Floats, examples: Floats) -> Floats:
    """Return P(particle) of unlabelled scores from a mixture of two normal distributions."""
    from scipy.stats import norm

    if not len(unlabelled):
        return unlabelled
    least = 0.05
    center = np.array([np.median(unlabelled), examples.mean()])
    spread = np.array([unlabelled.std() / 2, examples.std()]).clip(least)
    share = 0.5
    weight = np.concatenate([np.ones(len(unlabelled)), np.full(len(examples), _EXAMPLE_WEIGHT)])
    scores, probability = np.concatenate([unlabelled, examples]), np.empty(0)
    for _ in range(_ITERATIONS):
        noise, signal = norm.pdf(unlabelled[:, None], center, spread).T * [[1 - share], [share]]
        probability = signal / (noise + signal).clip(1e-300)
        share = float(probability.mean().clip(0.01, 0.99))
        member = np.concatenate([probability, np.ones(len(examples))])
        for k, part in enumerate(((1 - member) * weight, member * weight)):
            total = max(float(part.sum()), 1e-9)
            center[k] = (part @ scores) / total
            spread[k] = max(np.sqrt((part @ (scores - center[k]) ** 2) / total), least)
    order = np.argsort(unlabelled)
    probability[order] = np.maximum.accumulate(probability[order])
    return probability


def _card(
    detector: DetectorNetwork, threshold: float, count: int, micrographs: int
) -> DetectorCard:
    about = f"{detector.card.trained_on}; then {count} examples (micrographs: {micrographs})"
    update = {
        "architecture": EXAMPLES + detector.card.architecture,
        "threshold": threshold,
        "sigma_px": _SIGMA_PX,
        "score": "height",
        "trained_on": about,
        "recipe": {
            "examples": count,
            "parent_sha256": detector.sha256,
            "parent_threshold": detector.card.threshold,
        },
    }
    return detector.card.model_copy(update=update)
