"""Which candidates are particles: by known truth, or by the detector's own confidence."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.classify import extract_patches
from napari_drpnet.distance_map import predict_distance_map
from napari_drpnet.geometry import inside
from napari_drpnet.matching import match_one_to_one
from napari_drpnet.networks.weights import Network
from napari_drpnet.peaks import find_candidates, smooth, suppress_neighbours
from napari_drpnet.training.fields import Field

Floats = NDArray[np.float64]
Labels = NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class LabelledPatches:
    """What a classifier learns from.

    Parameters
    ----------
    patches : (n, p, p) float16 array
        Around candidates, network pixels.
    labels : (n,) int8 array
        1 particle, 0 not.
    """

    patches: NDArray[np.float16]
    labels: Labels


def label_by_truth(
    fields: Sequence[Field], detector: Network, patch_px: int, least_height: float
) -> LabelledPatches:
    """Run the detector over fields; its candidates are particles where the truth says so.

    Parameters
    ----------
    fields : sequence of Field
        With truth.
    detector : Network
        Whose candidates the classifier will judge.
    patch_px : int
        Side of a patch.
    least_height : float
        Weaker candidates are left out, map units.
    """
    particle = detector.card.particle_px
    patches, labels = [], []
    for field in fields:
        image = field.image.astype(np.float32)
        smoothed = smooth(predict_distance_map(image, detector), detector.card.sigma_px)
        candidates = find_candidates(smoothed)
        candidates = candidates.where(candidates.height >= least_height)
        candidates = candidates.where(
            suppress_neighbours(candidates, candidates.height, particle / 2)
        )
        shape = (image.shape[0], image.shape[1])
        candidates = candidates.where(inside(candidates.centers_yx, shape, particle / 2))
        right = match_one_to_one(candidates.centers_yx, field.centers_yx, particle / 2).pick_index
        label = np.zeros(len(candidates), np.int8)
        label[right] = 1
        labels.append(label)
        patches.append(extract_patches(image, candidates.centers_yx, patch_px).astype(np.float16))
    return LabelledPatches(np.concatenate(patches), np.concatenate(labels))


def label_by_confidence(
    score: Floats,
    centers_yx: Floats,
    patch_deviation: Floats,
    threshold: float,
    diameter_px: float,
    low_percentile: float = 15.0,
) -> Labels:
    """Label candidates without a human, as the DRPnet paper trains its classifier.

    Parameters
    ----------
    score : (n,) float array
        Prominence (or height) of each candidate of one micrograph.
    centers_yx : (n, 2) float array
        Their centres, in the pixels of `diameter_px`.
    patch_deviation : (n,) float array
        Standard deviation of the image in each candidate's box.
    threshold : float
        Of the score at level 1.
    diameter_px : float
        Particle diameter.
    low_percentile : float
        Boxes whose deviation lies below this percentile are flat.

    Returns
    -------
    (n,) int8 array
        1 for a confident particle: a level-3 peak (three times the threshold) in a box that is
        not flat. 0 for what is none: a level-1 peak farther than a third of a radius from every
        level-2 peak, or a flat box. −1 for what is left undecided. The two classes have equal
        numbers: the surplus of the larger, its least certain members, is undecided too.

    Notes
    -----
    Section on CNN-2 of the paper; distances and percentiles of the published code.
    """
    from scipy.spatial import cKDTree

    level = np.floor_divide(score, threshold)
    flat = patch_deviation < np.percentile(patch_deviation, low_percentile) if len(score) else False
    labels = np.full(len(score), -1, np.int8)
    weak = (level == 1) | ((level >= 1) & flat)
    if (level >= 2).any() and weak.any():
        distance, _ = cKDTree(centers_yx[level >= 2]).query(centers_yx)
        weak &= (distance > diameter_px / 6) | flat
    labels[weak] = 0
    labels[(level >= 3) & ~flat] = 1
    return _balanced(labels, score)


def _balanced(labels: Labels, score: Floats) -> Labels:
    """Set the least certain of the larger class to −1."""
    positive, negative = np.flatnonzero(labels == 1), np.flatnonzero(labels == 0)
    count = min(len(positive), len(negative))
    balanced = np.full_like(labels, -1)
    balanced[positive[np.argsort(-score[positive], kind="stable")[:count]]] = 1
    balanced[negative[np.argsort(score[negative], kind="stable")[:count]]] = 0
    return balanced
