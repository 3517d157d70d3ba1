"""Labels of candidates, by known truth or by the confidence of the detector."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.geometry import far_from, inside
from napari_drpnet.evaluation.matching import find_gains
from napari_drpnet.images.valid_area import is_clear
from napari_drpnet.picking.classification.patches import extract_patches
from napari_drpnet.picking.detectors.distance_map import predict_distance_map
from napari_drpnet.picking.detectors.peaks import (
    Candidates,
    find_candidates,
    separate_candidates,
    smooth,
)
from napari_drpnet.picking.networks.card import DetectorNetwork
from napari_drpnet.training.common.fields import Field

Floats = NDArray[np.float64]
Labels = NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class LabelledCandidates:
    """Candidates of one field, best first, and whether they are particles.

    Parameters
    ----------
    centers_yx : (n, 2) float array
        Centres ``(y, x)``, network pixels, half a particle diameter or more from the edge.
    height : (n,) float array
        Heights of the map, map units.
    right : (n,) bool array
        Whether each candidate is a true particle that no better candidate has found.
    particles : int
        Number of true particles, half a particle diameter or more from the edge.
    """

    centers_yx: Floats
    height: Floats
    right: NDArray[np.bool_]
    particles: int


@dataclass(frozen=True, eq=False)
class LabelledPatches:
    """Training data of a classifier.

    Parameters
    ----------
    patches : (n, p, p) float16 array
        Patches around candidates, in network pixels.
    labels : (n,) int8 array
        1 for particles, 0 for others.
    """

    patches: NDArray[np.float16]
    labels: Labels


def label_candidates(
    field: Field, detector: DetectorNetwork, sigma_px: float, least_height: float = 0.0
) -> LabelledCandidates:
    """Detect the candidates of a field and compare them with the truth.

    Parameters
    ----------
    field : Field
        Field with true positions.
    detector : DetectorNetwork
        Detector that finds the candidates.
    sigma_px : float
        Smoothing of the distance map: Gaussian sigma, network pixels.
    least_height : float
        Least height of a candidate, map units.
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
    """Compare the maxima of a distance map with the truth.

    Parameters
    ----------
    field : Field
        Field with true positions.
    distance_map : (h, w) float32 array
        Distance map of the field, not smoothed.
    particle_px : float
        Particle diameter, network pixels.
    sigma_px, least_height : float
        Smoothing and least height, as for `label_candidates`.
    """
    found = find_candidates(smooth(distance_map, sigma_px))
    return label_found(field, found.where(found.height >= least_height), particle_px)


def label_found(field: Field, found: Candidates, particle_px: float) -> LabelledCandidates:
    """Compare candidates with the truth.

    Parameters
    ----------
    field : Field
        Field with true positions.
    found : Candidates
        Candidates, best first, network pixels.
    particle_px : float
        Particle diameter, network pixels.

    Returns
    -------
    LabelledCandidates
        Candidates that are not at an edge and not within half a diameter of better ones.
    """
    reach = particle_px / 2
    clear = _is_clear(found.centers_yx, field, reach)
    found = separate_candidates(found, clear, found.height, reach)
    return LabelledCandidates(
        found.centers_yx,
        found.height,
        find_gains(found.centers_yx, field.centers_yx, reach),
        int(_is_clear(field.centers_yx, field, reach).sum()),
    )


def _is_clear(centers_yx: Floats, field: Field, reach: float) -> NDArray[np.bool_]:
    """Return which positions ``(n,)`` are far enough from the edge and blank parts of a field."""
    clear = inside(centers_yx, (field.image.shape[0], field.image.shape[1]), reach)
    return clear if field.valid is None else clear & is_clear(field.valid, centers_yx, reach)


def cut_patches(
    fields: Sequence[Field], candidates: Sequence[LabelledCandidates], patch_px: int
) -> LabelledPatches:
    """Cut the patches of labelled candidates.

    Parameters
    ----------
    fields : sequence of Field
        Fields that the patches are cut from.
    candidates : sequence of LabelledCandidates
        Candidates of each field.
    patch_px : int
        Side of a patch, network pixels.
    """
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
    """Label candidates automatically, as the DRPnet paper trains its classifier.

    Parameters
    ----------
    score : (n,) float array
        Prominence or height of each candidate of one micrograph.
    centers_yx : (n, 2) float array
        Centres of the candidates ``(y, x)``, pixels.
    patch_deviation : (n,) float array
        Standard deviation of the image in the box of each candidate.
    threshold : float
        Threshold of the score at level 1.
    diameter_px : float
        Particle diameter, pixels.
    low_percentile : float
        Percentile of the deviations below which a box counts as flat.

    Returns
    -------
    (n,) int8 array
        1 for a particle: a level-3 peak (three times the threshold) in a box that is not flat.
        0 for another candidate: a level-1 peak farther than a third of a radius from every
        level-2 peak, or a flat box. −1 for an undecided candidate. The two classes have equal
        numbers: the least certain members of the larger class are undecided too.

    Notes
    -----
    The rules are those of the paper, section on CNN-2. Distances and percentiles are those of the
    published code.
    """
    labels = np.full(len(score), -1, np.int8)
    if not len(score):
        return labels
    level = np.floor_divide(score, threshold)
    flat = patch_deviation < np.percentile(patch_deviation, low_percentile)
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
