import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import ndimage

from napari_drpnet.simulation import make_shape
from napari_drpnet.simulation.noise import measure_detectability
from napari_drpnet.training.common import fields
from napari_drpnet.training.common.fields import (
    augment,
    blank_out,
    make_fainter,
    random_fields,
    random_parameters,
)
from napari_drpnet.training.common.recipe import NONE_HARD, STANDARD

PARTICLE = 11.0


@pytest.fixture(scope="module", autouse=True)
def small_fields():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fields, "_SIDE_PX", 320)
        yield


def generator(seed):
    return np.random.default_rng(seed)


def test_the_same_seed_gives_the_same_fields():
    first, again = (random_fields(5, [], PARTICLE, 2) for _ in range(2))
    other = random_fields(6, [], PARTICLE, 2)
    for one, same, different in zip(first, again, other, strict=True):
        assert_array_equal(one.image, same.image)
        assert_array_equal(one.centers_yx, same.centers_yx)
        assert one.image.shape != different.image.shape or (one.image != different.image).any()


@pytest.mark.parametrize("seed", range(12))
def test_fields_are_ready_for_a_network(seed):
    structure = make_shape("blob", 150.0, generator(0))
    views = random_fields(seed, [structure], PARTICLE, 2)
    assert len(views) == 2
    for view in views:
        assert view.image.dtype == np.float16
        assert np.isfinite(view.image).all()
        assert np.abs(view.image).max() <= 8
        nominal = 320 * PARTICLE / 32
        assert (np.abs(np.log(np.array(view.image.shape) / nominal)) < 0.2).all()
        assert view.centers_yx.shape[1] == 2
        assert (view.centers_yx >= -0.5).all()
        assert (view.centers_yx <= np.array(view.image.shape) - 0.5).all()


def test_views_of_one_micrograph_differ_in_size_and_grey():
    first, second = random_fields(3, [], PARTICLE, 2)
    assert first.image.shape != second.image.shape
    assert len(first.centers_yx) == len(second.centers_yx)


def test_particles_in_ice_are_made_bright(monkeypatch):
    in_ice = {"negative_stain": False}
    monkeypatch.setattr(
        fields,
        "random_parameters",
        lambda *given: random_parameters(*given).model_copy(update=in_ice),
    )
    contrasts = []
    for seed in range(12):
        (view,) = random_fields(seed, [], PARTICLE, 1, NONE_HARD)
        if len(view.centers_yx) < 3:
            continue
        image = ndimage.gaussian_filter(view.image.astype(np.float32), 1.5)
        y, x = np.round(view.centers_yx).astype(int).T
        inside = (y >= 0) & (y < image.shape[0]) & (x >= 0) & (x < image.shape[1])
        contrasts.append(image[y[inside], x[inside]].mean() - np.median(image))
    assert len(contrasts) >= 6
    assert np.mean(np.array(contrasts) > 0) >= 0.8


def test_samples_are_varied():
    drawn = [random_parameters(150.0, generator(seed), NONE_HARD) for seed in range(300)]
    for name, least, most in (
        ("carbon", 0.1, 0.3),
        ("negative_stain", 0.1, 0.3),
        ("ice_crystals", 0.2, 0.4),
        ("junk", 0.2, 0.4),
    ):
        assert least < np.mean([bool(getattr(each, name)) for each in drawn]) < most, name
    counts = [each.particles for each in drawn]
    assert 0.03 < np.mean(np.array(counts) == 0) < 0.25
    assert max(counts) > 250
    defocus = [each.defocus_um for each in drawn]
    assert min(defocus) < 0.7
    assert max(defocus) > 3
    assert {each.pixel_size_angstrom for each in drawn} == {150.0 / 32}


@pytest.mark.parametrize("seed", range(20))
def test_other_programs_views_keep_particles_in_place(seed):
    """The dark disc stays in place, however grey values and noise are changed."""
    image = 100 + generator(0).normal(0, 1, (96, 128)).astype(np.float32)
    grid = np.indices(image.shape)
    image[np.hypot(grid[0] - 40, grid[1] - 80) < 12] -= 8
    seen = augment(image * 3 - 50, generator(seed))
    assert seen.dtype == np.float32
    assert seen.shape == image.shape
    assert np.isfinite(seen).all()
    smooth = ndimage.gaussian_filter(seen, 6)
    assert np.hypot(*(np.unravel_index(smooth.argmin(), seen.shape) - np.array([40, 80]))) < 6


def test_a_flat_image_stays_finite():
    for seed in range(20):
        assert np.isfinite(augment(np.full((40, 40), 7.0), generator(seed))).all()


def shares(**changes):
    return NONE_HARD.model_copy(update=changes)


def test_faint_fields_have_little_dose_near_focus():
    drawn = [random_parameters(150.0, generator(seed), shares(faint=0.3)) for seed in range(400)]
    usual = [random_parameters(150.0, generator(seed), NONE_HARD) for seed in range(400)]
    faint = [one for one, other in zip(drawn, usual, strict=True) if one != other]
    assert 0.2 < len(faint) / 400 < 0.4
    assert all(4 <= each.dose <= 14 and 0.5 <= each.defocus_um <= 1.3 for each in faint)
    assert all(150 <= each.b_factor <= 600 and each.particles >= 30 for each in faint)


def test_empty_fields_are_dirty_and_dirty_ones_keep_their_particles():
    usual = [random_parameters(150.0, generator(seed), NONE_HARD) for seed in range(400)]
    for kind in ("empty", "dirty"):
        drawn = [
            random_parameters(150.0, generator(seed), shares(**{kind: 0.3})) for seed in range(400)
        ]
        pairs = [(one, old) for one, old in zip(drawn, usual, strict=True) if one != old]
        assert 0.2 < len(pairs) / 400 < 0.4
        assert np.mean([one.carbon for one, _ in pairs]) > 0.25
        assert np.mean([one.ice_crystals for one, _ in pairs]) > 4
        if kind == "empty":
            assert {one.particles for one, _ in pairs} == {0}
            assert 0.3 < np.mean([one.crystalline_ice > 0 for one, _ in pairs]) < 0.7
        else:
            assert all(one.particles == old.particles for one, old in pairs)
            assert all(one.ice_crystals >= 2 and one.junk >= 1 for one, _ in pairs)


def test_hard_parameters_are_within_their_bounds():
    for hard in (STANDARD, shares(faint=0.3, empty=0.3, dirty=0.3)):
        for seed in range(200):
            drawn = random_parameters(150.0, generator(seed), hard)
            assert type(drawn).model_validate(drawn.model_dump(), strict=True) == drawn


def test_the_standard_mixture_shows_films_debris_and_crystals():
    drawn = [random_parameters(150.0, generator(seed)) for seed in range(400)]
    for name, least, most in (
        ("film_unevenness", 0.4, 0.6),
        ("debris", 0.25, 0.45),
        ("cubic_ice", 0.03, 0.1),
        ("stain_puddles", 0.04, 0.16),
    ):
        assert least < np.mean([bool(getattr(each, name)) for each in drawn]) < most, name
    assert all(each.negative_stain for each in drawn if each.stain_puddles)


def discs_in_noise(count=12):
    pixels = generator(1).normal(100, 2, (320, 320))
    centers = generator(2).uniform(40, 280, (count, 2))
    y, x = np.indices(pixels.shape)
    for center in centers:
        pixels[np.hypot(y - center[0], x - center[1]) < 14] -= 6
    return pixels, centers


@pytest.mark.parametrize("seed", range(6))
def test_particles_become_fainter_but_not_too_faint_to_detect(seed):
    pixels, centers = discs_in_noise()
    before = measure_detectability(pixels, centers, 32)
    after = measure_detectability(make_fainter(pixels, centers, generator(seed)), centers, 32)
    assert 1.2 < after < 1.05 * before


def test_noise_is_added_to_empty_fields_too():
    pixels, _ = discs_in_noise(0)
    louder = make_fainter(pixels, np.empty((0, 2)), generator(0))
    assert 1.1 < louder.std() / pixels.std() < 4.3


@pytest.mark.parametrize("seed", range(9))
def test_a_blank_part_is_found_again(seed):
    (view,) = random_fields(seed, [], PARTICLE, 1, shares(blank=1.0))
    assert view.valid is not None
    assert 0 < 1 - view.valid.mean() < 0.75
    assert not view.image[~view.valid].any()
    height, width = view.extent
    assert height * width == pytest.approx(view.valid.sum())


def test_what_is_not_blanked_out_stays():
    image = generator(0).normal(5, 1, (90, 100)).astype(np.float32)
    blank = blank_out(image, generator(1))
    changed = blank != image
    assert 0.01 < changed.mean() < 0.8
    assert len(np.unique(blank[changed])) == 1
    assert blank[changed].max() <= image.min()
