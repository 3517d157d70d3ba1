"""2D classes of extracted picks, compared with projections of the truth."""

import mrcfile
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.spatial.transform import Rotation

from napari_drpnet.images.mrc_files import decode_volume
from running_relion import BOX, FINISHED, PIXEL_ANGSTROM, SCALED

pytestmark = pytest.mark.usefixtures("asked")
CLASSES, ITERATIONS, PROJECTIONS, MOST_SHIFT = 4, 8, 1000, 3


def best_correlations(averages, density, voxel, pixel):
    """Return the best correlation of each average with projections at random orientations."""
    side = averages.shape[-1]
    y, x = np.indices((side, side)) - side // 2
    disc = np.hypot(y, x) <= 0.45 * side
    filled = np.argwhere(density > 0)
    weights = density[tuple(filled.T)]
    points = (filled - len(density) // 2)[:, ::-1] * voxel / pixel

    def normalised(image):
        image = np.where(disc, image - image[disc].mean(), 0)
        return image / max(np.linalg.norm(image), 1e-12)

    spectra = np.fft.fft2([normalised(average) for average in averages])
    best = np.zeros(len(averages))
    rotations = Rotation.random(PROJECTIONS, random_state=np.random.default_rng(0)).as_matrix()
    edges = np.arange(side + 1) - side // 2 - 0.5
    for rotation in rotations:
        turned = points @ rotation.T
        image, *_ = np.histogram2d(turned[:, 1], turned[:, 0], bins=(edges, edges), weights=weights)
        spectrum = np.fft.fft2(normalised(gaussian_filter(image, 1.0)))
        shifted = np.fft.ifft2(spectra * spectrum.conj()).real
        near = np.roll(shifted, (MOST_SHIFT, MOST_SHIFT), (1, 2))
        best = np.maximum(best, near[:, : 2 * MOST_SHIFT + 1, : 2 * MOST_SHIFT + 1].max((1, 2)))
    return best


def test_class_averages_are_projections_of_the_truth(project, extracted):
    particles = project.table(f"{extracted}particles.star")
    job = project.add_classification(f"{extracted}particles.star", CLASSES, ITERATIONS)
    project.run(job)
    assert project.states()[job] == FINISHED
    run = f"{job}run_it{ITERATIONS:03d}"
    classified = project.table(f"{run}_data.star")
    assert len(classified) == len(particles)
    averages = mrcfile.read(project.folder / f"{run}_classes.mrcs")
    density, voxel = decode_volume(project.folder / "Truth/map1.mrc")
    correlations = best_correlations(averages, density, voxel, PIXEL_ANGSTROM * BOX / SCALED)
    counts = classified["rlnClassNumber"].value_counts().reindex(range(1, CLASSES + 1)).fillna(0)
    large = counts.to_numpy() > 0.1 * len(classified)
    assert correlations[large].min() > 0.9
    assert counts[large].sum() > 0.9 * len(classified)
