"""Reference-free class averages of boxes, by expectation maximisation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.jobs import Job, SilentJob
from napari_drpnet.evaluation.averages.polar import PolarBasis
from napari_drpnet.evaluation.averages.search import Comparison, Level, References, power
from napari_drpnet.images.boxes import BOX_DIAMETERS
from napari_drpnet.images.preprocess import Image

if TYPE_CHECKING:
    from torch import Tensor

Indices = NDArray[np.intp]
Flags = NDArray[np.bool_]

MOST_BOXES = 2000
"""Most boxes that should be averaged at once; more take longer than a person waits."""

_LEAST_CLASSES, _MOST_CLASSES, _BOXES_PER_CLASS = 10, 24, 60
#: Radius of the disc that is compared, and width of its soft edge, in particle diameters.
_RADIUS, _EDGE = 0.6, 0.15
#: Rings of the frequency plane: detail from 1.5 / 4 to 1.5 / 12 particle diameters.
_FIRST_RINGS, _LAST_RINGS = 4, 12
#: Expected deviation of a pick along an axis, greatest shift, and its fine step, in diameters.
_SPREAD, _REACH, _STEP = 0.06, 0.1, 0.05
#: Number of rounds, and of those with all detail.
_ROUNDS, _LAST_ROUNDS = 16, 4
#: Boxes in a round, and how much of the earlier rounds is kept. The last two use all boxes.
_PART, _MEMORY = 600, 0.5
#: Least noise as a share of the mean power, so that no class is believed without doubt.
_LEAST_NOISE = 0.05
#: Least power on a ring, so that blank boxes are averaged too.
_NO_POWER = 1e-9
#: Limits of junk: power off centre, and contrast as a share of the median.
_OFF_CENTRE, _CONTRAST = 0.35, 0.25
#: Radius of the middle of a particle in diameters.
_MIDDLE = 0.35
_BATCH = 64


@dataclass(frozen=True, eq=False)
class ClassAverages:
    """Averages of classes of boxes, the largest class first.

    Parameters
    ----------
    averages : (c, side, side) float32 array
        Averages with bright particles and zero mean; 0 outside a disc around the centre.
    classes : (n,) int array
        Class of each box.
    probability : (n,) float32 array
        Probability of that class.
    signal : (c, rings) float32 array
        Spectral signal-to-noise ratio of each average on rings of the frequency plane.
    off_centre : (c,) float32 array
        Share of the power of each average in harmonics of order 1, from 0 to 1: high for the edge
        of a film or a drop beside the centre, low for a centred particle.
    contrast : (c,) float32 array
        Mean of each average in its middle, where particles are bright.
    """

    averages: Image
    classes: Indices
    probability: Image
    signal: Image
    off_centre: Image
    contrast: Image

    @property
    def counts(self) -> Indices:
        """Number of boxes in each class, (c,)."""
        return np.bincount(self.classes, minlength=len(self.averages))

    @property
    def suspects(self) -> Flags:
        """Whether each class looks like junk, (c,): off centre, or without contrast.

        The contrast is compared with that of most boxes, so most of them must be particles. It is
        a suggestion for a person, who decides.
        """
        usual = np.median(self.contrast[self.classes])
        return (self.off_centre > _OFF_CENTRE) | (self.contrast < _CONTRAST * usual)


def average_classes(
    boxes: Image, classes: int | None = None, seed: int = 0, job: Job | None = None
) -> ClassAverages:
    """Sort boxes into classes of similar views, and average each class.

    Parameters
    ----------
    boxes : (n, side, side) float32 array
        Boxes of 1.5 particle diameters with bright particles, as cut by
        `napari_drpnet.images.boxes`. At least two.
    classes : int, optional
        Number of classes, at most n; by default one for 60 boxes, from 10 to 24. Classes that
        nothing fits stay empty and are left out.
    seed : int
        Seed of the random start. The same seed gives the same averages.
    job : Job, optional
        Receiver of progress reports between batches of boxes, which may cancel the work.

    Returns
    -------
    ClassAverages

    Raises
    ------
    ValueError
        If there are fewer than two boxes.
    Cancelled
        If the work was cancelled.
    """
    count, reports = len(boxes), job or SilentJob()
    if count < 2:
        raise ValueError("averages need at least two boxes")
    wanted = int(np.clip(count // _BOXES_PER_CLASS, _LEAST_CLASSES, _MOST_CLASSES))
    fit = _Fit(boxes, min(classes or wanted, count), seed)
    sizes = [min(count, _PART)] * (_ROUNDS - 2) + [count] * 2
    done = 0

    def advance(more: int) -> None:
        nonlocal done
        done += more
        reports.advance(done, sum(sizes), "averaging")

    for level, size in zip(_levels(boxes.shape[1]), sizes, strict=True):
        probability = fit.round(level, size, advance)
    return fit.result(probability)


def _levels(side: int) -> Iterator[Level]:
    """Yield the levels of all rounds, from coarse to fine."""
    diameter = side / BOX_DIAMETERS
    for k in range(_ROUNDS):
        share = min(1.0, k / (_ROUNDS - _LAST_ROUNDS))
        rings = round(_FIRST_RINGS + share * (_LAST_RINGS - _FIRST_RINGS))
        step = _STEP if share > 0.5 else _REACH
        yield Level(rings, _REACH * diameter, step * diameter)


class _Fit:
    """The course of one fit."""

    def __init__(self, boxes: Image, classes: int, seed: int) -> None:
        import torch

        diameter = boxes.shape[1] / BOX_DIAMETERS
        self._basis = PolarBasis(boxes.shape[1], _RADIUS * diameter, _EDGE * diameter, _LAST_RINGS)
        self._spread_px = _SPREAD * diameter
        self._rng = np.random.default_rng(seed)
        parts = np.array_split(_normalised(boxes, self._basis.mask), -(-len(boxes) // _BATCH))
        self._boxes = torch.cat([self._basis.harmonics(torch.from_numpy(p)) for p in parts], dim=1)
        self._power = power(self._boxes).mean(0).clamp_min(_NO_POWER)
        group = torch.from_numpy(self._rng.permutation(len(boxes)) % classes)
        start = torch.stack([self._boxes[:, group == c].mean(1) for c in range(classes)], 1)
        even = torch.full((classes,), 1 / classes)
        self._references = References(start, even, self._power)
        self._sums, self._counts = torch.zeros_like(start), torch.zeros(classes)

    def round(self, level: Level, size: int, advance: Callable[[int], None]) -> Tensor:
        """Compare some boxes with the references, and renew these.

        Parameters
        ----------
        level : Level
            How finely poses are searched.
        size : int
            Number of boxes, which are drawn at random.
        advance : callable
            Function that is called with the number of boxes of each batch.

        Returns
        -------
        (size, c) float32 tensor
            Probability of each class; in the order of the boxes if all are used.
        """
        import torch

        rows = np.sort(self._rng.permutation(self._boxes.shape[1])[:size])
        comparison = Comparison(self._basis, self._references, level, self._spread_px)
        total, classes = torch.zeros(1), []
        for start in range(0, size, _BATCH):
            some = self._boxes[:, rows[start : start + _BATCH]]
            advance(some.shape[1])
            poses = comparison.probabilities(some)
            total = total + comparison.turned_back(some, poses)
            classes.append(poses.sum(dim=(0, 3)))
        probability = torch.cat(classes)
        memory = _MEMORY if size < self._boxes.shape[1] else 0.0
        self._sums = memory * self._sums + comparison.moved_back(total)
        self._counts = memory * self._counts + probability.sum(0)
        self._renew()
        return probability

    def _renew(self) -> None:
        """Renew references and noise by the sums."""
        import torch

        counts = self._counts.clamp_min(1e-6)[:, None]
        means, share = self._sums / counts, self._counts / self._counts.sum()
        strength = power(means)
        noise = torch.maximum(self._power - share @ strength, _LEAST_NOISE * self._power)
        signal = share @ (strength - noise / counts.clamp_min(1)).clamp_min(0)
        wiener = counts / (counts + noise / signal.clamp_min(1e-9))
        self._signal = strength * counts / noise - 1
        self._references = References(means * wiener, share, noise)

    def result(self, probability: Tensor) -> ClassAverages:
        """Return the result, given the probability ``(n, c)`` of each class."""
        counts = probability.argmax(1).bincount(minlength=probability.shape[1])
        order = counts.argsort(descending=True, stable=True)[: int((counts > 0).sum())]
        harmonics = self._references.harmonics[:, order]
        ordered = probability[:, order]
        pictures = self._basis.images(harmonics).numpy()
        return ClassAverages(
            pictures,
            ordered.argmax(1).numpy(),
            ordered.amax(1).numpy(),
            self._signal[order].clamp_min(0).numpy(),
            _off_centre(harmonics, self._basis.rings),
            _contrast(pictures),
        )


def _off_centre(harmonics: Tensor, rings: Indices) -> Image:
    """Return the share of the power in harmonics of order 1 of averages."""
    dipole = 2 * (harmonics[1].abs() ** 2).numpy() @ rings
    return np.asarray(dipole / (power(harmonics).numpy() @ rings + _NO_POWER), np.float32)


def _contrast(pictures: Image) -> Image:
    """Return the mean of pictures in the middle of a particle."""
    side = pictures.shape[1]
    offsets = np.arange(side) - (side - 1) / 2
    middle = np.hypot(offsets[:, None], offsets) < _MIDDLE * side / BOX_DIAMETERS
    return np.asarray(pictures[:, middle].mean(axis=1))


def _normalised(boxes: Image, mask: Image) -> Image:
    """Return boxes with zero mean in the disc and at most the median variance of all boxes.

    The contrast of dirt is limited, so that a few boxes do not dominate the averages.
    """
    weight = mask / mask.sum()
    centred = boxes - (boxes * weight).sum(axis=(1, 2), keepdims=True)
    variance = (centred**2 * weight).sum(axis=(1, 2))
    usual = max(float(np.median(variance)), 1e-12)
    scale = np.sqrt(np.maximum(variance, usual))[:, None, None]
    return np.asarray(centred / scale, np.float32)
