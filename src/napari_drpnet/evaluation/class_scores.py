"""Scores of class maps against true ones: IoU, F1 and accuracy of each class."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.class_maps import MIXED, resample_classes
from napari_drpnet.base.segmentation import CLASSES, UNKNOWN

ClassMap = NDArray[np.uint8]
Confusion = NDArray[np.int64]


@dataclass(frozen=True)
class ClassScore:
    """Scores of one class.

    Parameters
    ----------
    iou : float or None
        Intersection over union of the found and the true pixels; None if both are absent.
    f1 : float or None
        Harmonic mean of precision and recall of the pixels; None if both are absent.
    accuracy : float or None
        Share of all scored pixels that are rightly of this class, or rightly not; None if the
        class is absent from both.
    true_pixels, found_pixels : int
        Number of scored pixels of the class in the true and in the found class map.
    """

    iou: float | None
    f1: float | None
    accuracy: float | None
    true_pixels: int
    found_pixels: int


@dataclass(frozen=True, eq=False)
class ClassEvaluation:
    """Agreement of class maps of one or more micrographs with true ones.

    Parameters
    ----------
    confusion : (4, 4) int array
        Number of pixels by true class (row) and found class (column), in the order of `CLASSES`.
        Pixels whose class is unknown in either map, and mixed pixels, are left out.
    strict : (4, 4) int array
        The same with mixed pixels, which count as the class that covers most of them.
    pixels : int
        Number of all pixels.
    """

    confusion: Confusion
    strict: Confusion
    pixels: int

    @property
    def scores(self) -> dict[str, ClassScore]:
        """Scores of each class without mixed pixels, by the name of the class."""
        return _scores(self.confusion)

    @property
    def strict_scores(self) -> dict[str, ClassScore]:
        """Scores of each class with mixed pixels, by the name of the class."""
        return _scores(self.strict)

    @property
    def shown_iou(self) -> dict[str, float]:
        """IoU of each class that the truth shows, by the name of the class."""
        scores = self.scores.items()
        return {name: score.iou or 0.0 for name, score in scores if score.true_pixels > 0}

    @property
    def mean_iou(self) -> float | None:
        """Mean IoU of the classes that are found or true; None if there is none."""
        return _mean_iou(self.scores)

    @property
    def strict_mean_iou(self) -> float | None:
        """Mean IoU with mixed pixels."""
        return _mean_iou(self.strict_scores)

    @property
    def accuracy(self) -> float | None:
        """Share of the scored pixels whose class is right; None if no pixel is scored."""
        total = int(self.confusion.sum())
        return int(np.trace(self.confusion)) / total if total else None

    @property
    def scored_share(self) -> float:
        """Share of all pixels that are scored without mixed ones."""
        return int(self.confusion.sum()) / self.pixels if self.pixels else 0.0


def evaluate_classes(found: ClassMap, truth: ClassMap) -> ClassEvaluation:
    """Compare a class map with the true one.

    Parameters
    ----------
    found, truth : (h, w) uint8 array
        Class maps with values 0 (unknown) to 4 or `MIXED`. If their shapes differ, both are
        resampled to the smaller number of rows and of columns, edge to edge; pixels that then
        show several classes are mixed.

    Returns
    -------
    ClassEvaluation
    """
    shape = (min(len(found), len(truth)), min(found.shape[1], truth.shape[1]))
    pure = [resample_classes(each, shape) for each in (found, truth)]
    nearest = [resample_classes(each, shape, purity=0) for each in (found, truth)]
    return ClassEvaluation(_confusion(*pure), _confusion(*nearest), shape[0] * shape[1])


def pool_classes(evaluations: Sequence[ClassEvaluation]) -> ClassEvaluation:
    """Return the evaluation of all pixels of several micrographs together."""
    nothing = np.zeros((len(CLASSES), len(CLASSES)), np.int64)
    return ClassEvaluation(
        sum((each.confusion for each in evaluations), nothing),
        sum((each.strict for each in evaluations), nothing),
        sum(each.pixels for each in evaluations),
    )


def _confusion(found: ClassMap, truth: ClassMap) -> Confusion:
    known = (found != UNKNOWN) & (truth != UNKNOWN) & (found != MIXED) & (truth != MIXED)
    count = len(CLASSES)
    pairs = (truth[known].astype(np.intp) - 1) * count + found[known] - 1
    return np.bincount(pairs, minlength=count * count).reshape(count, count).astype(np.int64)


def _scores(confusion: Confusion) -> dict[str, ClassScore]:
    total = int(confusion.sum())
    scores = {}
    for k, name in enumerate(CLASSES):
        right = int(confusion[k, k])
        true, found = int(confusion[k].sum()), int(confusion[:, k].sum())
        either = true + found - right
        if either == 0:
            scores[name] = ClassScore(None, None, None, 0, 0)
            continue
        f1, accuracy = 2 * right / (true + found), (total - either + right) / total
        scores[name] = ClassScore(right / either, f1, accuracy, true, found)
    return scores


def _mean_iou(scores: dict[str, ClassScore]) -> float | None:
    known = [score.iou for score in scores.values() if score.iou is not None]
    return sum(known) / len(known) if known else None
