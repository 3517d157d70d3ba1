"""Laplacian-of-Gaussian picker, as a simple method for comparison."""

from itertools import product

import numpy as np
from scipy.ndimage import gaussian_laplace

from accuracy_sets import Example
from napari_drpnet.images.preprocess import preprocess
from napari_drpnet.picking.detectors.peaks import Candidates, find_candidates, suppress_neighbours

PARTICLE_PX = 16.0
#: Blob size and least distance of two picks, particle diameters.
SHAPES = tuple(product((0.6, 0.8, 1.0), (0.5, 0.75)))
THRESHOLDS = np.arange(0, 12, 0.2)


def find_blobs(
    example: Example, blob_diameters: float, least_distance: float, border_diameters: float = 0.5
) -> Candidates:
    """Find blobs of about the size of the particle; heights are robust z-scores of the response.

    Scale, background and valid area are those of `preprocess`, without equalisation of the
    spectrum. Blobs within the border are left out, as in `pick`.
    """
    view = preprocess(example.micrograph.pixels, example.diameter_px, PARTICLE_PX, example.polarity)
    sigma = blob_diameters * PARTICLE_PX / 2 / np.sqrt(2)
    response = -gaussian_laplace(view.image, sigma)
    known = response if view.valid is None else response[view.valid]
    median = np.median(known)
    response = (response - median) / (1.4826 * np.median(np.abs(known - median)))
    blobs = find_candidates(response)
    clear = view.is_clear(blobs.centers_yx, border_diameters * example.diameter_px)
    blobs = blobs.where((blobs.height > 0) & clear)
    best = suppress_neighbours(blobs, blobs.height, least_distance * PARTICLE_PX)
    blobs = blobs.where(best)
    return Candidates(view.frame.to_full(blobs.centers_yx), blobs.height, blobs.prominence)
