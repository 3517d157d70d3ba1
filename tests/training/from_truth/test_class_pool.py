"""Fields of a segmenter: simulated, of real empty micrographs, and of label images."""

from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image

from napari_drpnet.base.class_maps import MIXED
from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.segmentation import BACKGROUND, CARBON, PARTICLE, UNKNOWN
from napari_drpnet.formats.masks.class_maps import write_class_map
from napari_drpnet.training.common import fields
from napari_drpnet.training.common.class_fields import NO_PARTICLE
from napari_drpnet.training.common.recipe import SegmenterData, SegmenterRecipe
from napari_drpnet.training.from_truth.class_pool import make_class_pool
from napari_drpnet.training.from_truth.label_images import LabelledMicrograph, LabelledSet


@pytest.fixture(autouse=True)
def small_fields(monkeypatch):
    monkeypatch.setattr(fields, "_SIDE_PX", 320)


def painted(count):
    """Micrographs, the right half of which is carbon, with a stroke on each half."""

    def read(seed):
        pixels = np.random.default_rng(seed).normal(140, 10, (160, 200))
        pixels[:, 100:] -= 60
        strokes = np.zeros((80, 100), np.uint8)
        strokes[30:50, 10:30], strokes[30:50, 70:90] = BACKGROUND, CARBON
        return LabelledMicrograph(pixels, strokes, 24.0)

    return LabelledSet(f"{count} painted", [partial(read, seed) for seed in range(count)])


def make(seed=3, painted=None, **data):
    usual = {"fields": 2, "looks": 1, "validation_fields": 1, "label_views": 2, "diameter_px": 24}
    recipe = SegmenterRecipe(data=SegmenterData.model_validate({**usual, **data}), seed=seed)
    return make_class_pool(recipe, 11.0, painted=painted)


@pytest.fixture
def labelled(tmp_path):
    """Folders of micrographs, the right half of which is carbon, and of their label images."""
    micrographs, labels = tmp_path / "micrographs", tmp_path / "labels"
    micrographs.mkdir()
    labels.mkdir()
    rng = np.random.default_rng(1)
    for number in range(5):
        pixels = rng.normal(140, 10, (160, 200))
        pixels[:, 100:] -= 60
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(micrographs / f"m{number}.png")
        classes = np.full((80, 100), BACKGROUND, np.uint8)  # smaller than the micrograph
        classes[:, 50:] = CARBON
        classes[:10] = UNKNOWN
        write_class_map(labels / f"m{number}_classes.png", classes)
    return {"micrographs": micrographs, "labels": labels}


def test_validation_fields_are_the_same_for_all_seeds():
    first, other = make(seed=3), make(seed=4)
    assert (len(first.fields), len(first.validation)) == (2, 1)
    assert first.description == "simulated micrographs of simple shapes"
    assert_array_equal(first.validation[0].inputs, other.validation[0].inputs)
    same = first.fields[0].inputs.shape == other.fields[0].inputs.shape
    assert not same or (first.fields[0].inputs != other.fields[0].inputs).any()


def test_real_empty_micrographs_have_no_particles(labelled):
    pool = make(fields=2, negatives=labelled["micrographs"], negative_share=0.2, looks=4)
    assert len(pool.fields) == 10
    assert set(np.unique(pool.fields[-1].classes)) <= {NO_PARTICLE, UNKNOWN}
    assert "5 real ones without particles" in pool.description


def test_real_micrographs_with_known_centres(tmp_path):
    rng = np.random.default_rng(2)
    Image.fromarray(rng.integers(0, 255, (300, 360)).astype(np.uint8)).save(tmp_path / "a.png")
    (tmp_path / "a.csv").write_text("x,y\n100,200\n300,80\n")
    real = {"labelled": tmp_path, "labelled_diameter_px": 24, "labelled_share": 0.2}
    pool = make(fields=2, looks=4, **real)
    assert len(pool.fields) == 10
    assert f"1 real ones of {tmp_path.name}" in pool.description
    for field in pool.fields[-2:]:
        assert set(np.unique(field.classes)) == {PARTICLE, NO_PARTICLE, UNKNOWN, MIXED}
        height, width = field.classes.shape
        y, x = round(200 * height / 300), round(100 * width / 360)
        assert field.classes[y, x] == PARTICLE
        assert not len(field.centers_yx)


def test_label_images_alone(labelled):
    pool = make(fields=0, **labelled)
    assert pool.description == "5 real micrographs with label images"
    assert (len(pool.fields), len(pool.validation)) == (8, 1)  # every fifth is held out
    for field in [*pool.fields, *pool.validation]:
        height, width = field.classes.shape
        known, middle = field.classes[height // 4 :], width // 2
        left, right = known[:, : middle - 2], known[:, middle + 2 :]
        for half, number in ((left, BACKGROUND), (right, CARBON)):
            assert set(np.unique(half)) <= {number, UNKNOWN, MIXED}
            assert (half == number).mean() > 0.8  # noise makes blank pixels
        assert (field.classes[: height // 10] == UNKNOWN).all()
        light, dark = np.split(field.inputs[1][height // 4 :], [width // 2], axis=1)
        assert np.median(light) > np.median(dark)


def test_of_a_few_label_images_none_is_held_out(labelled):
    for number in range(2, 5):
        (labelled["labels"] / f"m{number}_classes.png").unlink()
    pool = make(fields=0, **labelled)
    assert (len(pool.fields), len(pool.validation)) == (4, 2)


def test_label_images_beside_simulated_fields_are_for_training(labelled):
    pool = make(**labelled)
    assert (len(pool.fields), len(pool.validation)) == (2 + 5 * 2, 1)
    assert pool.description.endswith(", and 5 real micrographs with label images")


def test_there_must_be_something_to_train_on(labelled):
    with pytest.raises(ValueError, match="no simulated micrographs, label images or strokes"):
        make(fields=0)
    with pytest.raises(ValueError, match="the strokes of mine are missing"):
        make(project="mine")
    with pytest.raises(ValueError, match="give both a folder"):
        make(fields=0, labels=labelled["labels"])
    with pytest.raises(InputFileError, match="has no label image"):
        make(fields=0, labels=labelled["micrographs"].parent, micrographs=labelled["micrographs"])


def test_strokes_are_learned_and_held_out_by_micrograph():
    for count, views, held_out in ((1, 2, 0), (2, 2, 1), (4, 6, 1), (10, 16, 2)):
        pool = make(fields=1, painted=painted(count))
        assert (len(pool.fields), len(pool.validation)) == (1 + views, 1), count
        assert len(pool.held_out) == held_out
        assert pool.description.endswith(f", and {count} painted")
        for field in (*pool.fields[1:], *pool.held_out):
            assert set(np.unique(field.classes)) - {MIXED} == {UNKNOWN, BACKGROUND, CARBON}
            assert (field.classes == UNKNOWN).mean() > 0.7


def test_strokes_alone(labelled):
    pool = make(fields=0, painted=painted(1))
    assert (len(pool.fields), len(pool.validation), len(pool.held_out)) == (2, 0, 1)
    pool = make(fields=0, painted=painted(3), **labelled)
    assert (len(pool.fields), len(pool.validation), len(pool.held_out)) == (8 + 4, 1, 1)


def test_a_label_image_of_another_aspect_ratio_is_refused(labelled):
    write_class_map(labelled["labels"] / "m0_classes.png", np.ones((80, 90), np.uint8))
    with pytest.raises(InputFileError, match="another aspect ratio"):
        make(fields=0, **labelled)
