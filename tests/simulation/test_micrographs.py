import hashlib
from functools import cache

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import ndimage
from scipy.spatial import cKDTree

from napari_drpnet.base.geometry import inside, nearest_pixels
from napari_drpnet.base.segmentation import BACKGROUND, CARBON, ICE, PARTICLE, UNKNOWN
from napari_drpnet.simulation import SHAPES, Structure, make_shape, simulate_micrograph
from napari_drpnet.simulation.contamination import carbon_film, cubic_ice, ice_crystals
from napari_drpnet.simulation.optics import beam_with_edge
from napari_drpnet.simulation.parameters import SimulationParameters

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
    # Contrast goes with mass: arms fill less than half as much of their diameter as a rod.
    least = 0.002 if shape == "arms" else 0.005
    for seed in range(2):
        assert local_contrast(shape, seed) < -least


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
        patch.setattr("napari_drpnet.simulation.scene.random_rotation", lambda rng: np.eye(3))
        simulated = simulate_micrograph(parameters(**CLEAN), [rod], 0)
    truth = simulated.centers_yx
    truth = truth[((truth > 25) & (truth < np.array(SHAPE) - 26)).all(axis=1)]
    y, x = np.round(truth).astype(int).T
    pixels = simulated.micrograph.pixels
    assert (pixels[y + 10, x] < pixels[y, x + 10]).all()


@pytest.mark.parametrize("changes", [{}, {"zero_border_px": 20}, {"carbon": True, "on_dirt": 1.0}])
def test_structure_and_rotation_of_each_particle_are_known(changes):
    """The pixels on the points of a rod are darker than those on the rod turned by 90°."""
    rods = [structure("rod"), structure("rod").scaled_to(0.8 * DIAMETER)]
    simulated = simulate_micrograph(parameters(**CLEAN, **changes), rods, 4)
    kinds, rotations = simulated.kinds, simulated.rotations
    assert set(kinds.tolist()) == {0, 1}
    assert len(kinds) == len(rotations) == len(simulated.centers_yx)
    for kind, rotation, center in zip(kinds, rotations, simulated.centers_yx, strict=True):
        along = (rods[kind].points @ rotation.T)[:, 1:] / PIXEL
        tips = along[np.hypot(*along.T) > 9]
        if len(tips) < 500 or not inside(center[None], SHAPE, 36).all():
            continue  # seen along its axis, or at the edge
        on_rod, across = (
            simulated.micrograph.pixels[tuple(np.rint(center + offset).astype(int).T)].mean()
            for offset in (tips, tips[:, ::-1] * [1, -1])
        )
        assert on_rod < across


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


#: Hashes of the counts and centres of micrographs before there were classes of pixels.
RECORDED = {
    "clean": ({}, "f9b57572d54c", "da93518449e7"),
    "ice": (
        {"carbon": True, "ice_crystals": 4, "junk": 3, "hot_pixels": 3, "clumped": 0.3},
        "246f883a1327", "fba36e879bca",
    ),
    "stain": (
        {
            "negative_stain": True, "stain_puddles": 3, "stain_plateaus": 3, "junk": 2,
            "carbon": True,
        },
        "7eb97dd37df5", "eb07b371efc0",
    ),
    "debris": ({"debris": 12, "film_unevenness": 0.3}, "caf1740fd5c0", "da93518449e7"),
    "crystals": ({"cubic_ice": 0.4, "crystalline_ice": 0.2}, "1456136ff9ce", "80889a17a71b"),
    "beam": ({"beam_edge": 0.3}, "e91e88c72544", "403f7865ffc8"),
    "border": ({"zero_border_px": 9}, "25f020cad4db", "c0eea7989fdc"),
}  # fmt: skip


def hashed(numbers):
    """Hash of whole numbers: counts of electrons, or positions in thousandths of a pixel."""
    return hashlib.sha256(np.round(numbers).astype("<i8").tobytes()).hexdigest()[:12]


@pytest.mark.parametrize("kind", RECORDED)
def test_what_is_off_changes_nothing(kind):
    changes, counts, centers = RECORDED[kind]
    size = {"height_px": 180, "width_px": 250, "particles": 20}
    simulated = simulate_micrograph(parameters(**size, **changes), [structure()], 5)
    assert hashed(simulated.micrograph.pixels) == counts
    assert hashed(1000 * simulated.centers_yx) == centers
    assert len(simulated.on_dirt_yx) == 0


def smoothed(seed=0, px=4, **changes):
    simulated = simulate_micrograph(parameters(**changes), [structure()], seed)
    return ndimage.gaussian_filter(simulated.micrograph.pixels, px), simulated.centers_yx


@pytest.mark.parametrize("negative_stain", [False, True])
@pytest.mark.parametrize("film_scale", [0.5, 2.0])
def test_an_uneven_film_varies_over_its_scale(negative_stain, film_scale):
    usual = {"negative_stain": negative_stain, "particles": 0, "ice_variation": 0.0}
    even, _ = smoothed(**usual)
    some, _ = smoothed(film_unevenness=0.2, film_scale=film_scale, **usual)
    more, _ = smoothed(film_unevenness=0.6, film_scale=film_scale, **usual)
    assert even.std() / even.mean() < some.std() / some.mean() < more.std() / more.mean()
    deviation = more - more.mean()
    lag = round(film_scale * DIAMETER / PIXEL)
    near, far = (np.mean(deviation[:, :-k] * deviation[:, k:]) for k in (lag, 5 * lag))
    assert near > 0.4 * deviation.var()
    assert abs(far) < 0.4 * deviation.var()


def test_an_uneven_film_of_no_thickness_hides_particles_in_ice():
    even, centers = smoothed(**CLEAN)
    uneven, same = smoothed(film_unevenness=1.0, **CLEAN)
    assert_array_equal(centers, same)
    assert uneven.std() > even.std()


def test_puddles_are_dark_and_plateaus_bright():
    stain = {"negative_stain": True, "particles": 0, "ice_variation": 0.0}
    plain, dark, bright = (
        smoothed(3, **stain | more)[0] for more in ({}, {"stain_puddles": 8}, {"stain_plateaus": 8})
    )
    plain, dark, bright = (pixels / np.median(pixels) for pixels in (plain, dark, bright))
    assert dark.min() < plain.min() - 0.05
    assert bright.max() > plain.max() + 0.05


def test_stain_needs_stain():
    plain = simulate_micrograph(parameters(), [structure()], 1)
    asked = simulate_micrograph(parameters(stain_puddles=5, stain_plateaus=5), [structure()], 1)
    assert_array_equal(plain.micrograph.pixels, asked.micrograph.pixels)


@pytest.mark.parametrize("more", [{}, {"negative_stain": True}, {"carbon": True}])
def test_debris_is_seen_but_not_listed(more):
    plain, centers = smoothed(2, 2, **more)
    dirty, same = smoothed(2, 2, debris=40, **more)
    assert_array_equal(centers, same)
    changed = np.abs(dirty - plain) > 5 * np.median(np.abs(dirty - plain))
    on = discs(SHAPE, centers, 0.3 * DIAMETER / PIXEL)
    assert changed[~on].mean() > changed[on].mean()


def test_no_particle_lies_on_cubic_ice():
    pixels, centers = smoothed(1, 1, cubic_ice=0.5, particles=80)
    plain, _ = smoothed(1, 1, particles=80)
    assert pixels.mean() < 0.99 * plain.mean()
    _, crystals = cubic_ice(SHAPE, 0.5, DIAMETER / PIXEL, np.random.default_rng((1, 1)))
    clearance = ndimage.distance_transform_edt(~crystals)
    y, x = np.round(centers).astype(int).T.clip(0, np.array(SHAPE)[:, None] - 1)
    assert clearance[y, x].min() >= 0.45 * DIAMETER / PIXEL


@pytest.mark.parametrize("negative_stain", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_nothing_lies_beyond_the_beam(seed, negative_stain):
    simulated = simulate_micrograph(
        parameters(beam_edge=0.4, particles=150, negative_stain=negative_stain),
        [structure()],
        seed,
    )
    beam = beam_with_edge(SHAPE, 0.4, np.random.default_rng((seed, 1)))
    depth = beam.depth_at(np.moveaxis(np.indices(SHAPE), 0, -1))
    pixels = simulated.micrograph.pixels
    assert pixels[depth < -5].mean() / pixels[depth > 5].mean() == pytest.approx(0.005, abs=0.004)
    assert len(simulated.centers_yx) > 10
    assert beam.depth_at(simulated.centers_yx).min() >= 0.5 * DIAMETER / PIXEL


@pytest.mark.parametrize("border", [1, 25, 300])
def test_a_border_of_zeros(border):
    plain, framed = (
        simulate_micrograph(parameters(zero_border_px=px, particles=80), [structure()], 2)
        for px in (0, border)
    )
    pixels, inner = framed.micrograph.pixels, (slice(border, -border), slice(border, -border))
    assert_array_equal(pixels[inner], plain.micrograph.pixels[inner])
    outer = np.ones(SHAPE, bool)
    outer[inner] = False
    assert (pixels[outer] == 0).all()
    kept = inside(plain.centers_yx, SHAPE, border)
    assert kept.any() == (border < 100)
    assert_array_equal(framed.centers_yx, plain.centers_yx[kept])


@pytest.mark.parametrize("stain", [False, True])
def test_everything_at_once_stays_finite(stain):
    extreme = parameters(
        negative_stain=stain, film_unevenness=2.0, film_scale=0.1, stain_puddles=20,
        stain_plateaus=20, debris=20, cubic_ice=1.0, beam_edge=0.7, zero_border_px=5, carbon=True,
        height_px=64, width_px=65, defocus_um=10.0, carbon_shape="holes", gold=True, ice_drops=9,
        hexagonal_ice=9, cracks=5, rods=9, thickness_gradient=20.0, on_dirt=1.0,
    )  # fmt: skip
    pixels = simulate_micrograph(extreme, [structure()], 2).micrograph.pixels
    assert np.isfinite(pixels).all()
    assert (pixels >= 0).all()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("film_unevenness", 2.1), ("film_scale", 0.0), ("stain_puddles", -1), ("beam_edge", 0.8),
        ("stain_plateaus", 10_001), ("debris", -1), ("cubic_ice", 1.1), ("zero_border_px", -1),
        ("on_dirt", 1.1), ("thickness_gradient", 0.9), ("carbon_shape", "square"), ("rods", -1),
    ],
)  # fmt: skip
def test_bounds(name, value):
    with pytest.raises(ValueError, match=name):
        parameters(**{name: value})


def simulated_with(seed=1, **changes):
    return simulate_micrograph(parameters(**changes), [structure()], seed)


def at(simulated, centers_yx):
    return simulated.classes[nearest_pixels(SHAPE, centers_yx)]


def test_the_class_of_particles_has_their_size_and_place():
    simulated = simulated_with()
    assert simulated.classes.dtype == np.uint8
    assert simulated.classes.shape == SHAPE
    assert set(np.unique(simulated.classes)) == {BACKGROUND, PARTICLE}
    labels, count = ndimage.label(simulated.classes == PARTICLE)
    inner = simulated.centers_yx[inside(simulated.centers_yx, SHAPE, DIAMETER / PIXEL)]
    found = np.array(ndimage.center_of_mass(labels > 0, labels, range(1, count + 1)))
    assert cKDTree(found).query(inner)[0].max() < 0.1 * DIAMETER / PIXEL
    disc = np.pi / 4 * (DIAMETER / PIXEL) ** 2
    areas = np.bincount(labels.ravel())[labels[nearest_pixels(SHAPE, inner)]]
    assert 0.4 * disc < areas.min() <= areas.max() < 1.2 * disc


def test_defocus_does_not_change_the_classes():
    near, far = (simulated_with(defocus_um=defocus).classes for defocus in (0.5, 5.0))
    assert_array_equal(near, far)


@pytest.mark.parametrize("negative_stain", [False, True])
@pytest.mark.parametrize(
    ("dirt", "expected"),
    [
        ({"carbon": True}, CARBON), ({"carbon": True, "carbon_shape": "holes"}, CARBON),
        ({"ice_crystals": 8}, ICE), ({"cubic_ice": 0.3}, ICE), ({"ice_drops": 6}, ICE),
        ({"hexagonal_ice": 8}, ICE), ({"cracks": 3}, ICE), ({"rods": 3}, ICE), ({"junk": 8}, ICE),
        ({"debris": 20}, ICE),
    ],
)  # fmt: skip
def test_dirt_has_its_class(dirt, expected, negative_stain):
    simulated = simulated_with(negative_stain=negative_stain, **dirt)
    assert 0.001 < (simulated.classes == expected).mean() < 0.9
    assert not (simulated.classes == 7 - expected).any()
    assert (simulated.classes == PARTICLE).any()


def test_a_crystalline_film_is_ice_everywhere():
    simulated = simulated_with(crystalline_ice=0.1)
    assert (simulated.classes == ICE).all()
    assert len(simulated.centers_yx) > 10


def test_only_thin_stain_is_ice():
    thin = simulated_with(4, negative_stain=True, stain_plateaus=20, particles=0)
    bright = ndimage.gaussian_filter(thin.micrograph.pixels, 2)
    assert bright[thin.classes == ICE].mean() > 1.05 * bright[thin.classes == BACKGROUND].mean()
    deep = simulated_with(4, negative_stain=True, stain_puddles=20, particles=0)
    assert (deep.classes == BACKGROUND).all()


def test_nothing_is_said_where_nothing_is_seen():
    framed = simulated_with(zero_border_px=10).classes
    assert (framed[10:-10, 10:-10] != UNKNOWN).all()
    assert (framed == UNKNOWN).mean() == pytest.approx(1 - 340 * 480 / 360 / 500)
    dark = simulated_with(beam_edge=0.4)
    assert (dark.classes == UNKNOWN).mean() == pytest.approx(0.4, abs=0.03)
    pixels = dark.micrograph.pixels
    assert pixels[dark.classes == UNKNOWN].mean() < 0.1 * pixels[dark.classes != UNKNOWN].mean()


def test_particles_on_dirt_are_listed_apart():
    dirt = {"carbon": True, "carbon_shape": "holes", "rods": 4, "ice_drops": 4, "particles": 60}
    avoiding, anywhere = (simulated_with(2, on_dirt=share, **dirt) for share in (0.0, 1.0))
    assert len(avoiding.on_dirt_yx) == 0
    assert (at(avoiding, avoiding.centers_yx) == PARTICLE).all()
    assert len(anywhere.on_dirt_yx) > 10
    assert np.isin(at(anywhere, anywhere.on_dirt_yx), (ICE, CARBON)).all()
    assert not np.isin(at(anywhere, anywhere.centers_yx), (ICE, CARBON)).any()
    dirty = np.isin(anywhere.classes, (ICE, CARBON))
    clearance = ndimage.distance_transform_edt(~dirty)
    assert clearance[nearest_pixels(SHAPE, anywhere.centers_yx)].min() < 0.4 * DIAMETER / PIXEL


def test_gold_is_opaque():
    film = {"carbon": True, "carbon_shape": "hole", "particles": 0}
    carbon, gold = (simulated_with(3, gold=gold, **film) for gold in (False, True))
    assert_array_equal(carbon.classes, gold.classes)
    level = [
        s.micrograph.pixels[s.classes == CARBON].mean()
        / s.micrograph.pixels[s.classes == BACKGROUND].mean()
        for s in (carbon, gold)
    ]
    assert level[0] > 0.4
    assert level[1] < 0.1


@pytest.mark.parametrize("negative_stain", [False, True])
def test_the_film_gets_thicker_across_the_frame(negative_stain):
    usual = {"particles": 0, "ice_variation": 0.0, "negative_stain": negative_stain}
    even, steep = (
        ndimage.gaussian_filter(
            simulated_with(thickness_gradient=factor, **usual).micrograph.pixels, 12
        )
        for factor in (1.0, 4.0)
    )
    assert np.ptp(steep) / steep.mean() > np.ptp(even) / even.mean() + 0.1
