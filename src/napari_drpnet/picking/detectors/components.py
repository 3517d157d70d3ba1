"""Candidates from the particle class of a segmentation."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.geometry import nearest_pixels
from napari_drpnet.base.segmentation import Segmentation
from napari_drpnet.picking.detectors.peaks import Candidates, find_candidates, smooth
from napari_drpnet.picking.resolve import ResolvedSegmenterParameters
from napari_drpnet.picking.segmentation.regions import (
    Labels,
    keep_regions,
    label_regions,
    particle_area,
)

Image = NDArray[np.float32]

#: Greatest area of a hole that is filled, and of the component around it, particle areas. Holes of
#: a larger component lie between several particles.
_LARGEST_HOLE, _LARGEST_FILLED = 0.5, 1.6


@dataclass(frozen=True, eq=False)
class Components:
    """Connected regions of the particle class.

    Parameters
    ----------
    labels : (h, w) int32 array
        Number of the component of each pixel; 0 outside of all.
    score : (h, w) float32 array
        Score of each pixel: its distance to the edge of the component less the erosion, in
        particle radii and at most 1, times the mean P(particle) of the component.
    """

    labels: Labels
    score: Image


def find_components(
    segmentation: Segmentation, parameters: ResolvedSegmenterParameters
) -> Components:
    """Find the regions of the particle class whose areas are within limits.

    Parameters
    ----------
    segmentation : Segmentation
        Probabilities of the classes.
    parameters : ResolvedSegmenterParameters
        Least P(particle), limits of the area and erosion.

    Returns
    -------
    Components
        Components in the frame of the segmentation. Holes in components of the size of one
        particle, such as rings, are filled.

    Notes
    -----
    CASSPER takes the contours of the particle class within limits of their area. It erodes them
    by a fixed number of pixels to split particles that touch. A cut of the distance transform is
    such an erosion, and its maxima are the particles that remain.
    """
    from scipy import ndimage

    probability, diameter = segmentation.particle, segmentation.diameter_px
    area = particle_area(diameter)
    mask = (probability >= parameters.particle_probability) & (probability > 0)
    holes = keep_regions(~mask, 0, _LARGEST_HOLE * area)
    mask |= keep_regions(mask | holes, 0, _LARGEST_FILLED * area)
    labels = label_regions(mask, parameters.least_area * area, parameters.greatest_area * area)
    inner = np.nonzero(labels)
    owner = labels[inner]
    sizes = np.maximum(np.bincount(owner), 1)
    mean = np.bincount(owner, probability[inner]) / sizes
    depth = ndimage.distance_transform_edt(labels)[inner] - parameters.erosion * diameter
    score = np.zeros(labels.shape, np.float32)
    score[inner] = np.clip(depth / (diameter / 2), 0, 1) * mean[owner]
    return Components(labels, score)


def component_candidates(components: Components, sigma_px: float) -> Candidates:
    """Return the candidates in components: the maxima of the smoothed score.

    Parameters
    ----------
    components : Components
        Components from `find_components`.
    sigma_px : float
        Smoothing of the score: Gaussian sigma, pixels of the segmentation.

    Returns
    -------
    Candidates
        Candidates, best first. One that is alone in its component is moved to the centroid.
    """
    from scipy import ndimage

    found = find_candidates(smooth(components.score, sigma_px))
    owner = components.labels[nearest_pixels(components.labels.shape, found.centers_yx)]
    found, owner = found.where(owner > 0), owner[owner > 0]
    alone = np.flatnonzero(np.bincount(owner, minlength=1)[owner] == 1)
    centers = found.centers_yx.copy()
    if len(alone):
        mask = components.labels > 0
        centers[alone] = ndimage.center_of_mass(mask, components.labels, owner[alone])
    return Candidates(centers, found.height, found.prominence)
