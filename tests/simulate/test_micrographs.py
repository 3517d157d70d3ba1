from functools import cache

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import ndimage
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from napari_drpnet.parameters import SimulationParameters
from napari_drpnet.simulate import SHAPES, Structure, make_shape, simulate_micrograph
from napari_drpnet.simulate.contamination import carbon_film, ice_crystals
from napari_drpnet.simulate.micrographs import random_rotation

PIXEL, DIAMETER = 4.0, 120.0  # Å; the particles have 30 px
SHAPE = (360, 500)


@cache
def structure(shape="blob", seed=0):
    return make_shape(shape, DIAMETER, np.random.default_rng(seed))


def parameters(**changes):
    usual = {
        "height_px": SHAPE[0],
        "width_px": SHAPE[1],
        "pixel_size_angstrom": PIXEL,
        "particles": 40,
        "min_distance": 1.3,
    }
    return SimulationParameters.model_validate(usual | changes)


#: Hardly any noise: only the particles are seen.
CLEAN = {"dose": 5000.0, "ice_thickness_angstrom": 0.0, "ice_variation": 0.0}


def discs(shape, centers, radius):
    grid = np.moveaxis(np.indices(shape), 0, -1)
    return cKDTree(centers).query(grid)[0] < radius


def test_the_same_seed_gives_the_same_micrograph():
    dirty = {"carbon": True, "ice_crystals": 2, "junk": 2, "hot_pixels": 3}
    first, again, other = (
        simulate_micrograph(parameters(**dirty), [structure()], seed) for seed in (7, 7, 8)
    )
    assert_array_equal(first.micrograph.pixels, again.micrograph.pixels)
    assert_array_equal(first.centers_yx, again.centers_yx)
    assert not np.array_equal(first.micrograph.pixels, other.micrograph.pixels)


def test_the_micrograph_is_as_asked_for():
    simulated = simulate_micrograph(parameters(), [structure()])
    assert simulated.micrograph.shape == SHAPE
    assert simulated.micrograph.pixels.dtype == np.float32
    assert simulated.micrograph.pixel_size_angstrom == PIXEL
    assert simulated.diameter_angstrom == pytest.approx(DIAMETER)
    mean = simulated.micrograph.pixels.mean()
    assert 0.5 < mean / (40 * PIXEL**2) < 1.1
    inside = (simulated.centers_yx >= -0.5) & (simulated.centers_yx <= np.array(SHAPE) - 0.5)
    assert inside.all()


def local_contrast(shape, seed, **changes):
    """How much brighter particles are than the ring around them, relative."""
    simulated = simulate_micrograph(parameters(**changes), [structure(shape)], seed)
    pixels, across = simulated.micrograph.pixels, DIAMETER / PIXEL
    on, near, ring = (discs(SHAPE, simulated.centers_yx, r * across) for r in (0.4, 0.55, 0.8))
    around = pixels[ring & ~near].mean()
    return (pixels[on].mean() - around) / around


@pytest.mark.parametrize("shape", SHAPES)
def test_particles_are_dark_in_ice(shape):
    for seed in range(2):
        assert local_contrast(shape, seed) < -0.005


def test_particles_are_bright_in_stain():
    for shape in SHAPES:
        for seed in range(2):
            assert local_contrast(shape, seed, negative_stain=True) > 0.01, (shape, seed)


@pytest.mark.parametrize("negative_stain", [False, True])
def test_the_truth_is_at_the_centres(negative_stain):
    """The mean of all particles is centred to a fifth of a pixel, and sharper than when moved."""
    views = []
    around = np.indices((41, 41)) - 20.0
    for seed in range(3):
        simulated = simulate_micrograph(
            parameters(negative_stain=negative_stain, **CLEAN), [structure()], seed
        )
        truth = simulated.centers_yx
        truth = truth[((truth > 25) & (truth < np.array(SHAPE) - 26)).all(axis=1)]
        views += [
            ndimage.map_coordinates(
                simulated.micrograph.pixels, around + center[:, None, None], order=1
            )
            for center in truth
        ]
    assert len(views) > 50
    mean = np.mean(views, axis=0)
    signal = np.abs(mean - np.median(mean[np.hypot(*around) > 18]))
    signal[np.hypot(*around) > 15] = 0
    offset = [np.average(axis, weights=signal) for axis in around]
    assert_allclose(offset, [0, 0], atol=0.2)


def test_the_truth_is_complete():
    simulated = simulate_micrograph(parameters(min_distance=1.6, **CLEAN), [structure()], 3)
    pixels = ndimage.gaussian_filter(simulated.micrograph.pixels, 3)
    background = np.median(pixels)
    dark = pixels < background - 0.4 * (background - pixels.min())
    labels, count = ndimage.label(dark)
    found = np.array(ndimage.center_of_mass(dark, labels, range(1, count + 1)))
    inner = (simulated.centers_yx > 15) & (simulated.centers_yx < np.array(SHAPE) - 16)
    truth = simulated.centers_yx[inner.all(axis=1)]
    assert len(truth) > 15
    assert cKDTree(found).query(truth)[0].max() < 5
    seen = found[((found > 15) & (found < np.array(SHAPE) - 16)).all(axis=1)]
    assert cKDTree(simulated.centers_yx).query(seen)[0].max() < 5


@pytest.mark.parametrize("particles", [0, 1, 25])
def test_the_number_of_particles(particles):
    numbers = [
        len(simulate_micrograph(parameters(particles=particles), [structure()], seed).centers_yx)
        for seed in range(3)
    ]
    assert max(numbers) <= particles
    assert sum(numbers) >= 0.6 * particles


def test_as_many_particles_as_there_is_room_for():
    crowd = simulate_micrograph(
        parameters(particles=3000, height_px=150, width_px=150), [structure()]
    )
    assert 8 < len(crowd.centers_yx) < 40


@pytest.mark.parametrize("min_distance", [0.7, 1.0, 1.5])
def test_particles_keep_their_distance(min_distance):
    for seed in range(3):
        simulated = simulate_micrograph(parameters(min_distance=min_distance), [structure()], seed)
        nearest = cKDTree(simulated.centers_yx).query(simulated.centers_yx, 2)[0][:, 1]
        assert nearest.min() >= min_distance * DIAMETER / PIXEL


def test_clumped_particles_touch():
    simulated = simulate_micrograph(parameters(clumped=0.7), [structure()], 1)
    nearest = cKDTree(simulated.centers_yx).query(simulated.centers_yx, 2)[0][:, 1]
    touching = nearest <= 1.1 * DIAMETER / PIXEL
    assert touching.mean() > 0.5
    assert nearest.min() >= 0.8 * DIAMETER / PIXEL


@pytest.mark.parametrize("seed", range(6))
def test_no_particle_lies_on_carbon_or_on_a_crystal(seed):
    simulated = simulate_micrograph(
        parameters(carbon=True, ice_crystals=6, particles=80), [structure()], seed
    )
    rng = np.random.default_rng(seed)  # the obstacles are drawn first
    carbon = carbon_film(SHAPE, rng)
    _, crystals = ice_crystals(SHAPE, 6, DIAMETER / PIXEL, rng)
    clearance = ndimage.distance_transform_edt(~(carbon | crystals))
    y, x = np.round(simulated.centers_yx).astype(int).T.clip(0, np.array(SHAPE)[:, None] - 1)
    assert len(y) > 5
    assert clearance[y, x].min() >= 0.45 * DIAMETER / PIXEL
    pixels = ndimage.gaussian_filter(simulated.micrograph.pixels, 2)
    assert pixels[crystals & ~carbon].mean() < 0.9 * pixels[clearance > 20].mean()


def test_hot_pixels():
    hot = simulate_micrograph(parameters(hot_pixels=20), [structure()], 1).micrograph.pixels
    assert 10 <= (hot > 3 * np.median(hot)).sum() <= 20


def test_the_diameter_asked_for_wins_over_the_structure():
    simulated = simulate_micrograph(parameters(diameter_angstrom=200.0), [structure()])
    assert simulated.diameter_angstrom == pytest.approx(200)
    default = simulate_micrograph(parameters(particles=3))
    assert default.diameter_angstrom == pytest.approx(180)


def test_axes_are_not_swapped():
    """A rod along y of the structure, not turned, is long along the rows."""
    rod = Structure(np.linspace([0, -1, 0], [0, 1, 0], 500) * 60, np.full(500, 800.0), "rod")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("napari_drpnet.simulate.micrographs.random_rotation", lambda rng: np.eye(3))
        simulated = simulate_micrograph(parameters(**CLEAN), [rod], 0)
    truth = simulated.centers_yx
    truth = truth[((truth > 25) & (truth < np.array(SHAPE) - 26)).all(axis=1)]
    y, x = np.round(truth).astype(int).T
    pixels = simulated.micrograph.pixels
    assert (pixels[y + 10, x] < pixels[y, x + 10]).all()


@pytest.mark.parametrize("stain", [False, True])
@pytest.mark.parametrize("dose", [1.0, 100.0])
def test_extremes_stay_finite(stain, dose):
    extreme = parameters(
        negative_stain=stain, dose=dose, carbon=True, ice_crystals=9, junk=9, crystalline_ice=1.0,
        ice_variation=1.0, ice_thickness_angstrom=3000.0, defocus_um=10.0, b_factor=0.0,
        height_px=64, width_px=65,
    )  # fmt: skip
    pixels = simulate_micrograph(extreme, [structure()], 2).micrograph.pixels
    assert np.isfinite(pixels).all()
    assert (pixels >= 0).all()
    assert pixels.std() > 0


def test_rotations_are_uniform_and_do_not_mirror():
    rng = np.random.default_rng(0)
    turns = np.array([random_rotation(rng) for _ in range(2000)])
    assert_allclose(
        turns @ turns.swapaxes(1, 2), np.broadcast_to(np.eye(3), turns.shape), atol=1e-9
    )
    assert_allclose(np.linalg.det(turns), 1)
    assert_allclose(turns.mean(axis=0), 0, atol=0.05)
    angles = Rotation.from_matrix(turns).magnitude()
    assert angles.mean() == pytest.approx(np.pi / 2 + 2 / np.pi, abs=0.05)
