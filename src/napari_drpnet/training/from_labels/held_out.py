"""How a detector does on labels that it has not learned from."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from napari_drpnet.base.geometry import far_from
from napari_drpnet.picking.detectors.peaks import smooth
from napari_drpnet.picking.networks.card import DetectorCard
from napari_drpnet.training.common.fields import Field
from napari_drpnet.training.common.labels import label_maxima
from napari_drpnet.training.from_labels.classifier import Verdict, score_labels
from napari_drpnet.training.from_labels.replay import recommend_threshold
from napari_drpnet.training.from_labels.targets import LabelledImage

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Map = NDArray[np.float32]

#: A label stands as high as the map rises within this part of a particle diameter around it.
_REACH = 0.25
#: P(particle) is 1/2 at the threshold; its logistic curve has this width, in thresholds.
_WIDTH = 0.25
#: Of a micrograph that is labelled completely, candidates below this part of the threshold are
#: no mistakes.
_SEEN = 0.5


class HeldOutLabels:
    """Collects, label by label, how high the map is there.

    Parameters
    ----------
    labelled : sequence of LabelledImage
        With all their labels.
    card : DetectorCard
        Of the detector in use.
    """

    def __init__(self, labelled: Sequence[LabelledImage], card: DetectorCard) -> None:
        self._labelled, self._card = labelled, card
        self._heights = [np.zeros(len(image.verdicts)) for image in labelled]

    def answer(self, number: int, rows: Bools, distance_map: Map) -> None:
        """Look at labels of one micrograph in the map that shall be judged there.

        Parameters
        ----------
        number : int
            Of the micrograph.
        rows : (n + m,) bool array
            Which of its labels.
        distance_map : (h, w) float32 array
            Not yet smoothed.
        """
        heights = _read_heights(distance_map, self._labelled[number], self._card)
        self._heights[number][rows] = heights[rows]

    def judge(self, threshold: float) -> Verdict:
        """Hold what was seen against what a person said, at a threshold."""
        height = np.concatenate(self._heights)
        verdicts = np.concatenate([labelled.verdicts for labelled in self._labelled])
        odds = (height - threshold) / (_WIDTH * max(threshold, np.finfo(float).eps))
        return score_labels(expit(odds), verdicts, 0.5)

    def recommend_threshold(self) -> float:
        """Return the threshold that serves what was seen; see `feedback.recommend_threshold`."""
        accepted = [
            height[labelled.verdicts]
            for height, labelled in zip(self._heights, self._labelled, strict=True)
        ]
        return recommend_threshold(np.concatenate(accepted), self._card.threshold)


def add_mistakes(labelled: LabelledImage, old_map: Map, card: DetectorCard) -> LabelledImage:
    """Reject what the detector takes for particles on a micrograph that is labelled completely."""
    if not labelled.complete:
        return labelled
    truth = Field(labelled.image.astype(np.float16), labelled.accepted_yx)
    least = _SEEN * card.threshold
    seen = label_maxima(truth, old_map, card.particle_px, card.sigma_px, least).centers_yx
    mistaken = far_from(seen, labelled.accepted_yx, card.particle_px / 2)
    return replace(labelled, rejected_yx=seen[mistaken])


def _read_heights(distance_map: Map, labelled: LabelledImage, card: DetectorCard) -> Floats:
    """Return the greatest value of the smoothed map about each label, (n + m,)."""
    from scipy.ndimage import maximum_filter

    reach = _REACH * card.particle_px
    side = np.arange(-int(reach), int(reach) + 1)
    disc = np.hypot(*np.meshgrid(side, side)) <= reach
    highest = maximum_filter(smooth(distance_map, card.sigma_px), footprint=disc, mode="nearest")
    last = np.array(highest.shape) - 1
    y, x = np.clip(np.round(labelled.centers_yx), 0, last).astype(int).T
    return np.asarray(highest[y, x], float)
