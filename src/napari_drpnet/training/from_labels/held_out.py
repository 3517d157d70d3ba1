"""Scores of a detector on labels that it was not trained on."""

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
from napari_drpnet.training.from_labels.label_scores import LabelScore, score_labels
from napari_drpnet.training.from_labels.replay import recommend_threshold
from napari_drpnet.training.from_labels.targets import LabelledImage

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Map = NDArray[np.float32]

#: The height of a label is the maximum of the map within this distance, particle diameters.
_REACH = 0.25
#: P(particle) is a logistic function of the height, 1/2 at the threshold; this is its width, in
#: units of the threshold.
_WIDTH = 0.25
#: Least height of a wrong candidate on a completely labelled micrograph, in units of the threshold.
_LEAST_MISTAKE = 0.5


class HeldOutLabels:
    """Heights of distance maps at labels, stored fold by fold.

    Parameters
    ----------
    labelled : sequence of LabelledImage
        Micrographs with all their labels.
    card : DetectorCard
        Card of the detector in use.
    """

    def __init__(self, labelled: Sequence[LabelledImage], card: DetectorCard) -> None:
        self._labelled, self._card = labelled, card
        self._heights = [np.zeros(len(image.accepted)) for image in labelled]

    def note_heights(self, number: int, rows: Bools, distance_map: Map) -> None:
        """Store the heights of a map at labels of one micrograph.

        Parameters
        ----------
        number : int
            Index of the micrograph.
        rows : (n + m,) bool array
            Mask of its labels whose heights are stored.
        distance_map : (h, w) float32 array
            Distance map of the micrograph, not smoothed.
        """
        heights = _read_heights(distance_map, self._labelled[number], self._card)
        self._heights[number][rows] = heights[rows]

    def score(self, threshold: float) -> LabelScore:
        """Compare the stored heights with the labels, at a threshold in map units."""
        height = np.concatenate(self._heights)
        accepted = np.concatenate([labelled.accepted for labelled in self._labelled])
        odds = (height - threshold) / (_WIDTH * max(threshold, np.finfo(float).eps))
        return score_labels(expit(odds), accepted, 0.5)

    def recommend_threshold(self) -> float:
        """Return a threshold for the stored heights; see `replay.recommend_threshold`."""
        accepted = [
            height[labelled.accepted]
            for height, labelled in zip(self._heights, self._labelled, strict=True)
        ]
        return recommend_threshold(np.concatenate(accepted), self._card.threshold)


def add_mistakes(labelled: LabelledImage, old_map: Map, card: DetectorCard) -> LabelledImage:
    """Add the wrong candidates of a completely labelled micrograph as rejected labels.

    Parameters
    ----------
    labelled : LabelledImage
        Micrograph with labels; returned as it is unless it is labelled completely.
    old_map : (h, w) float32 array
        Present distance map of the micrograph, not smoothed.
    card : DetectorCard
        Card of the detector that made the map.
    """
    if not labelled.complete:
        return labelled
    truth = Field(labelled.image.astype(np.float16), labelled.accepted_yx)
    least = _LEAST_MISTAKE * card.threshold
    found = label_maxima(truth, old_map, card.particle_px, card.sigma_px, least).centers_yx
    mistaken = far_from(found, labelled.accepted_yx, card.particle_px / 2)
    return replace(labelled, rejected_yx=found[mistaken])


def _read_heights(distance_map: Map, labelled: LabelledImage, card: DetectorCard) -> Floats:
    """Return the maximum of the smoothed map around each label, ``(n + m,)``."""
    from scipy.ndimage import maximum_filter

    reach = _REACH * card.particle_px
    side = np.arange(-int(reach), int(reach) + 1)
    disc = np.hypot(*np.meshgrid(side, side)) <= reach
    highest = maximum_filter(smooth(distance_map, card.sigma_px), footprint=disc, mode="nearest")
    last = np.array(highest.shape) - 1
    y, x = np.clip(np.round(labelled.centers_yx), 0, last).astype(int).T
    return np.asarray(highest[y, x], float)
