"""Which candidates are particles: by known truth, or by the detector's own confidence."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.geometry import far_from, inside
from napari_drpnet.evaluation.matching import find_gains
from napari_drpnet.images.valid_area import is_clear
from napari_drpnet.picking.classification.patches import extract_patches
from napari_drpnet.picking.detectors.distance_map import predict_distance_map
from napari_drpnet.picking.detectors.peaks import find_candidates, separate_candidates, smooth
from napari_drpnet.picking.networks.card import DetectorNetwork
from napari_drpnet.training.common.fields import Field

Floats = NDArray[np.float64]
Labels = NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class LabelledCandidates:
    """The candidates of one field, best first, and which are particles.

    Parameters
    ----------
    centers_yx : (n, 2) float array
        Network pixels; none nearer than half a particle to the edge.
    height : (n,) float array
        Map units.
    right : (n,) bool array
        Whether each adds a true particle to those that better candidates have found.
    particles : int
        True particles as far from the edge as the candidates.
    """

    centers_yx: Floats
    height: Floats
    right: NDArray[np.bool_]
    particles: int


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


def label_candidates(
    field: Field, detector: DetectorNetwork, sigma_px: float, least_height: float = 0.0
) -> LabelledCandidates:
    """Run the detector over a field and hold its candidates against the truth.

    Parameters
    ----------
    field : Field
        With truth.
    detector : DetectorNetwork
        Whose candidates are wanted.
    sigma_px : float
        Smoothing of its map, network pixels.
    least_height : float
        Weaker candidates are left out, map units.
    """
    distance_map = predict_distance_map(field.image.astype(np.float32), detector)
    particle_px = detector.card.particle_px
    return label_maxima(field, distance_map, particle_px, sigma_px, least_height)


def label_maxima(
    field: Field,
    distance_map: NDArray[np.float32],
    particle_px: float,
    sigma_px: float,
    least_height: float = 0.0,
) -> LabelledCandidates:
    """Hold the maxima of a distance map against the truth; see `label_candidates`."""
    reach = particle_px / 2
    found = find_candidates(smooth(distance_map, sigma_px))
    found = found.where(found.height >= least_height)
    clear = _counts(found.centers_yx, field, reach)
    found = separate_candidates(found, clear, found.height, reach)
    return LabelledCandidates(
        found.centers_yx,
        found.height,
        find_gains(found.centers_yx, field.centers_yx, reach),
        int(_counts(field.centers_yx, field, reach).sum()),
    )


def _counts(centers_yx: Floats, field: Field, reach: float) -> NDArray[np.bool_]:
    """Tell which positions are far enough from the edge of a field, and from its blank parts."""
    clear = inside(centers_yx, (field.image.shape[0], field.image.shape[1]), reach)
    return clear if field.valid is None else clear & is_clear(field.valid, centers_yx, reach)


def cut_patches(
    fields: Sequence[Field], candidates: Sequence[LabelledCandidates], patch_px: int
) -> LabelledPatches:
    """Cut the patches of labelled candidates, network pixels."""
    patches = [
        extract_patches(field.image, found.centers_yx, patch_px)
        for field, found in zip(fields, candidates, strict=True)
    ]
    labels = np.concatenate([found.right for found in candidates])
    return LabelledPatches(np.concatenate(patches), labels.astype(np.int8))


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
    level = np.floor_divide(score, threshold)
    flat = patch_deviation < np.percentile(patch_deviation, low_percentile) if len(score) else False
    labels = np.full(len(score), -1, np.int8)
    weak = (level == 1) | ((level >= 1) & flat)
    weak &= far_from(centers_yx, centers_yx[level >= 2], diameter_px / 6) | flat
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
