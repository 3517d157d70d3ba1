import numpy as np
import pytest
from numpy.testing import assert_allclose

from napari_drpnet.base.segmentation import BACKGROUND, PARTICLE
from napari_drpnet.picking.detectors.components import component_candidates, find_components
from resolving import resolved
from segmenting import DIAMETER_PX, SHAPE, background, disc, segmented

RADIUS = DIAMETER_PX / 2


def candidates(classes, sigma=0.7, certainty=0.9, **limits):
    components = find_components(
        segmented(classes, certainty), resolved(segmenter=limits).segmenter
    )
    return component_candidates(components, sigma)


@pytest.mark.parametrize("center", [(30, 40), (30.5, 40.25), (0, 75), (119, 149)])
def test_a_disc_is_found_at_its_centroid(center):
    classes = background()
    particle = disc(center, RADIUS)
    classes[particle] = PARTICLE
    found = candidates(classes)
    assert len(found) == 1
    assert_allclose(found.centers_yx[0], np.argwhere(particle).mean(axis=0), atol=1e-9)


def test_score_is_depth_in_radii_times_mean_probability():
    classes = background()
    classes[disc((60, 70), RADIUS)] = PARTICLE
    found = candidates(classes, sigma=0)
    assert_allclose(found.height, 0.9, atol=1e-6)
    eroded = candidates(classes, sigma=0, erosion=0.25)
    assert_allclose(eroded.height, 0.9 * (RADIUS - 3) / RADIUS, atol=0.02)


def test_touching_particles_are_split():
    classes = background()
    centers = [(40, 40), (40, 51), (50, 46)]
    for center in centers:
        classes[disc(center, RADIUS)] = PARTICLE
    found = candidates(classes)
    assert len(found) == 3
    distance = np.linalg.norm(found.centers_yx[:, None] - np.array(centers), axis=-1)
    assert distance.min(axis=0).max() < 1.5


def test_components_outside_the_limits_of_the_area_are_left_out():
    classes = background()
    for center, radius in (((30, 30), 0.4), ((30, 90), 1.0), ((85, 70), 3.0)):
        classes[disc(center, radius * RADIUS)] = PARTICLE
    assert len(candidates(classes, least_area=0.5, greatest_area=2.0)) == 1
    assert len(candidates(classes, least_area=0.0, greatest_area=2.0)) == 2


def test_holes_are_filled_in_components_of_one_particle():
    classes = background()
    classes[disc((60, 70), RADIUS)] = PARTICLE
    classes[disc((60, 70), 0.6 * RADIUS)] = BACKGROUND
    assert_allclose(candidates(classes).centers_yx, [[60, 70]], atol=1e-9)
    wide = background()
    wide[disc((60, 70), 2 * RADIUS)] = PARTICLE
    wide[disc((60, 70), 1.2 * RADIUS)] = BACKGROUND
    components = find_components(segmented(wide), resolved().segmenter)
    assert components.labels[60, 70] == 0


def test_less_probable_pixels_are_no_component():
    classes = background()
    classes[disc((60, 70), RADIUS)] = PARTICLE
    assert len(candidates(classes, certainty=0.6, particle_probability=0.61)) == 0
    assert len(candidates(classes, certainty=0.6, particle_probability=0.59)) == 1


@pytest.mark.parametrize("value", [BACKGROUND, PARTICLE])
def test_a_uniform_micrograph_has_at_most_one_candidate(value):
    classes = np.full(SHAPE, value, np.uint8)
    assert len(candidates(classes, greatest_area=100)) <= 1
