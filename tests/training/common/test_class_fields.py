from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from napari_drpnet.base.class_maps import MIXED
from napari_drpnet.base.geometry import nearest_pixels
from napari_drpnet.base.segmentation import BACKGROUND, CARBON, ICE, PARTICLE, UNKNOWN
from napari_drpnet.images.preprocess import preprocess
from napari_drpnet.training.common import fields
from napari_drpnet.training.common.class_fields import (
    NO_PARTICLE,
    ClassField,
    classes_from_centers,
    random_class_fields,
    random_dirt,
)
from napari_drpnet.training.common.fields import random_parameters
from napari_drpnet.training.common.recipe import CLEAN, DirtMixture

PARTICLE_PX = 11.0
DIRTY = DirtMixture(dirt=1.0, covered=0.0, on_dirt=1.0)
NO_DIRT = DirtMixture(dirt=0.0, covered=0.0)


@pytest.fixture(autouse=True)
def small_fields(monkeypatch):
    monkeypatch.setattr(fields, "_SIDE_PX", 320)


def make(seed, mixture, looks=1, hard=CLEAN):
    return random_class_fields(seed, [], PARTICLE_PX, looks, mixture, hard)


def test_the_same_seed_gives_the_same_fields():
    first, again = (make(5, DirtMixture(), 2) for _ in range(2))
    for one, same in zip(first, again, strict=True):
        assert_array_equal(one.inputs, same.inputs)
        assert_array_equal(one.classes, same.classes)
        assert_array_equal(one.centers_yx, same.centers_yx)
    assert first[0].inputs.shape != first[1].inputs.shape


@pytest.mark.parametrize("seed", range(6))
def test_fields_are_ready_for_a_segmenter(seed):
    (field,) = make(seed, DIRTY)
    assert field.inputs.dtype == np.float16
    assert field.inputs.shape == (2, *field.classes.shape)
    assert np.abs(field.inputs[1]).max() <= 1
    assert set(np.unique(field.classes)) <= {BACKGROUND, PARTICLE, ICE, CARBON, UNKNOWN, MIXED}
    if field.valid is not None:
        assert (field.classes[~field.valid] == UNKNOWN).all()
    assert_array_equal(field.detected.image, field.inputs[0])
    assert_array_equal(field.detected.centers_yx, field.centers_yx)


def test_centres_beside_dirt_lie_on_particles():
    on_particle = []
    for seed in range(6):
        (field,) = make(seed, DIRTY)
        shape = field.classes.shape
        seen = field.classes[nearest_pixels(shape, field.centers_yx)]
        on_particle.extend(seen == PARTICLE)
        assert not (field.classes[nearest_pixels(shape, field.on_dirt_yx)] == BACKGROUND).any()
    assert np.mean(on_particle) > 0.7  # rings and C shapes are hollow


def test_without_dirt_there_are_particles_and_background_only():
    made = [field.classes.ravel() for seed in range(6) for field in make(seed, NO_DIRT)]
    assert set(np.unique(np.concatenate(made))) == {UNKNOWN, BACKGROUND, PARTICLE, MIXED}


def test_covered_frames_are_of_one_class():
    mixture = DirtMixture(dirt=0.0, covered=0.3)
    rng, kinds = np.random.default_rng(1), set()
    for _ in range(60):
        usual = random_parameters(150.0, rng, CLEAN)
        changed = random_dirt(usual, mixture, rng)
        if changed.get("crystalline_ice"):
            kinds.add("ice")
            assert changed["particles"] == 0
        if changed.get("carbon"):
            kinds.add("carbon")
            assert changed["carbon_shape"] == "all"
    assert kinds == {"ice", "carbon"}


def test_all_kinds_of_dirt_are_drawn():
    rng, drawn = np.random.default_rng(1), {}
    usual = random_parameters(150.0, rng, CLEAN).model_copy(update={"negative_stain": True})
    for _ in range(200):
        for name, value in random_dirt(usual, DIRTY, rng).items():
            drawn.setdefault(name, set()).add(value)
    assert drawn["carbon_shape"] == {"random", "hole", "holes"}
    assert drawn["gold"] == {True, False}
    kinds = ("ice_crystals", "ice_drops", "hexagonal_ice", "cubic_ice", "cracks")
    for kind in (
        *kinds,
        "junk",
        "debris",
        "rods",
        "on_dirt",
        "thickness_gradient",
        "stain_plateaus",
    ):
        assert max(drawn[kind]) > 0, kind


def test_a_class_map_of_any_size_is_resampled():
    pixels = np.random.default_rng(0).normal(100, 5, (40, 60)).astype(np.float32)
    view = preprocess(pixels, 20.0, 5.0, "dark", grey=True)
    classes = np.full((40, 60), BACKGROUND, np.uint8)
    classes[:, 30:] = CARBON
    classes[:8] = UNKNOWN
    for given in (classes, classes[::2, ::2]):  # edge to edge
        found = ClassField.of(replace(view, valid=None), given).classes
        assert found.shape == (10, 15)
        assert (found[4:, :6] == BACKGROUND).all()
        assert (found[4:, 9:] == CARBON).all()
        assert (found[4:, 7] == MIXED).all()  # half of it is carbon
        assert (found[:2] == UNKNOWN).all()


def test_blank_pixels_have_no_class():
    pixels = np.random.default_rng(0).normal(100, 5, (320, 320)).astype(np.float32)
    pixels[:100] = 0
    view = preprocess(pixels, 32.0, PARTICLE_PX, "dark", grey=True)
    classes = np.full(view.image.shape, BACKGROUND, np.uint8)
    field = ClassField.of(view, classes, np.array([[200.0, 160.0]]))
    assert (field.classes[:30] == UNKNOWN).all()
    assert (field.classes[40:] == BACKGROUND).all()
    assert_array_equal(field.centers_yx, view.frame.to_network([[200.0, 160.0]]))
    assert len(field.on_dirt_yx) == 0


def test_centres_tell_the_class_near_and_far_from_them():
    classes = classes_from_centers((80, 120), np.array([[20.0, 30.0], [60.0, 100.0]]), 20.0)
    assert classes.shape == (80, 120)
    assert (classes[20, 30], classes[60, 100], classes[26, 30]) == (PARTICLE,) * 3
    assert classes[20, 40] == UNKNOWN  # the outline, half a diameter away
    assert (classes[20, 43], classes[0, 119]) == (NO_PARTICLE,) * 2
    assert (classes == PARTICLE).sum() == pytest.approx(2 * np.pi * 7**2, rel=0.08)


def test_without_centres_there_is_no_particle():
    assert (classes_from_centers((8, 9), np.empty((0, 2)), 20.0) == NO_PARTICLE).all()
