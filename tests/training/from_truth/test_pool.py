"""The fields of a training run."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from skimage.io import imsave

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.jobs import Cancelled
from napari_drpnet.training.common.fields import Field
from napari_drpnet.training.common.recipe import NONE_HARD, DataRecipe, HardFields
from napari_drpnet.training.from_truth import pool
from napari_drpnet.training.from_truth.pool import empty_views, make_pool, measure_reference

pytestmark = pytest.mark.usefixtures("small_fields")


def write_structure(path, seed=0):
    atoms = np.random.default_rng(seed).normal(0, 30, (500, 3))
    lines = [
        f"ATOM  {i:5d}  CA  ALA A{i:4d}    {x:8.3f}{y:8.3f}{z:8.3f}  1.00  0.00           C"
        for i, (x, y, z) in enumerate(atoms, 1)
    ]
    path.write_text("\n".join([*lines, "END"]) + "\n")


def pool_of(seed=1, job=None, hard=NONE_HARD, **changes):
    data = DataRecipe.model_validate({"fields": 2, "looks": 1, "validation_fields": 1, **changes})
    return make_pool(data, hard, 11.0, seed, job=job)


class Watcher:
    def __init__(self, stop=None):
        self.stop, self.told = stop, []

    def advance(self, done, total, stage):
        self.told.append((done, total, stage))
        if done == self.stop:
            raise Cancelled


@pytest.fixture
def stand_ins(monkeypatch):
    """Nothing is simulated."""
    views = [Field(np.zeros((90, 90), np.float16), np.ones((1, 2)))]
    monkeypatch.setattr(pool, "random_fields", lambda *given, **named: views)


def write_empty(folder, side=200, count=2):
    folder.mkdir(exist_ok=True)
    for number in range(count):
        noise = np.random.default_rng(number).normal(120, 20, (side, side + 10))
        imsave(folder / f"empty{number}.png", noise.clip(0, 255).astype(np.uint8))
    return folder


def test_the_seed_makes_the_fields_and_those_that_judge_stay_the_same():
    first, again, other = pool_of(1), pool_of(1), pool_of(2)
    for one, same in zip(first.fields, again.fields, strict=True):
        assert_array_equal(one.image, same.image)
    assert first.fields[0].image.shape != other.fields[0].image.shape
    assert_array_equal(first.unseen[0].image, other.unseen[0].image)
    assert first.description == "simulated micrographs of simple shapes"


def test_shares_rule_what_is_learned_from_but_not_what_judges():
    usual, hard = pool_of(), pool_of(hard=HardFields(faint=0.3, empty=0.3, dirty=0.3))
    assert_array_equal(usual.unseen[0].image, hard.unseen[0].image)
    assert any(
        one.image.shape != other.image.shape or (one.image != other.image).any()
        for one, other in zip(usual.fields, hard.fields, strict=True)
    )


def test_structures_are_found_by_name_and_named_on_the_card(tmp_path, stand_ins):
    write_structure(tmp_path / "pdb_1abc.pdb")
    write_structure(tmp_path / "2xyz.pdb", 1)
    made = pool_of(structures=tmp_path, learn_from="1abc", validate_by=" 2xyz,")
    assert made.description == "simulated micrographs of 1abc, simple shapes"
    assert (len(made.fields), len(made.unseen)) == (2, 1)
    with pytest.raises(InputFileError, match="no structure 3def"):
        pool_of(structures=tmp_path, learn_from="1abc,3def", validate_by="2xyz")
    with pytest.raises(ValueError, match="1abc cannot judge"):
        pool_of(structures=tmp_path, learn_from="1abc", validate_by="2xyz,1abc")
    with pytest.raises(InputFileError, match="no such folder"):
        pool_of(structures=tmp_path / "gone")


def test_progress_is_told_and_it_can_be_cancelled(stand_ins):
    watcher = Watcher()
    pool_of(job=watcher)
    assert watcher.told == [(done, 3, "simulating") for done in (1, 2, 3)]
    with pytest.raises(Cancelled):
        pool_of(job=Watcher(stop=2))


def test_two_workers_make_the_same_fields(monkeypatch):
    """They are processes of their own, where fields have their full size."""
    monkeypatch.undo()
    data = DataRecipe(fields=1, looks=1, validation_fields=1)
    alone, together = (make_pool(data, NONE_HARD, 11.0, 1, workers=n) for n in (1, 2))
    assert_array_equal(alone.fields[0].image, together.fields[0].image)
    assert_array_equal(alone.unseen[0].image, together.unseen[0].image)


def test_negatives_are_a_small_share_without_centres(tmp_path, stand_ins):
    folder = write_empty(tmp_path / "empty")
    made = pool_of(fields=20, negatives=folder, negative_share=0.05)
    assert len(made.fields) == 21
    assert len(made.fields[-1].centers_yx) == 0
    assert made.fields[-1].image.any()
    assert "real ones without particles" in made.description
    assert len(pool_of(fields=10, negatives=folder).fields) == 10  # one more were too many


def test_negatives_may_be_chosen_by_name(tmp_path, stand_ins):
    folder = write_empty(tmp_path / "empty", count=3)
    made = pool_of(fields=20, negatives=folder, negative_share=0.1, negative_names="empty0,empty2")
    assert "and 2 real ones without particles" in made.description
    with pytest.raises(InputFileError, match="no micrographs found"):
        pool_of(negatives=folder, negative_names="other")


def test_labelled_micrographs_bring_their_particles(tmp_path, stand_ins):
    folder = write_empty(tmp_path / "real", side=200, count=1)
    (folder / "empty0.csv").write_text("x,y\n50,100\n150,30\n")
    made = pool_of(fields=18, labelled=folder, labelled_diameter_px=20, labelled_share=0.1)
    assert made.description == "simulated micrographs of simple shapes, 1 real ones of real"
    real = made.fields[18:]
    assert len(real) == 2
    for field in real:
        scale = 200 / field.image.shape[0]
        assert 20 / 11 / 1.25 < scale < 20 / 11 * 1.25
        y, x = (field.centers_yx[0] + 0.5) * scale - 0.5
        assert (y, x) == (pytest.approx(100, abs=2), pytest.approx(50, abs=2))
    (folder / "empty0.csv").unlink()
    with pytest.raises(InputFileError, match=r"empty0\.csv"):
        pool_of(fields=18, labelled=folder, labelled_diameter_px=20, labelled_share=0.1)


def test_the_reference_spectrum_is_that_of_usual_fields(monkeypatch):
    monkeypatch.setattr(pool, "_REFERENCE_FIELDS", 2)
    data = DataRecipe(fields=1, looks=1, validation_fields=1)
    spectrum = measure_reference(data, 11.0)
    assert spectrum == measure_reference(data, 11.0)
    assert np.median(spectrum) == pytest.approx(1, abs=0.2)
    assert spectrum[0] > spectrum[10] > 0
    made = make_pool(data, NONE_HARD, 11.0, 1, spectrum=spectrum)
    plain = make_pool(data, NONE_HARD, 11.0, 1)
    assert made.spectrum == spectrum
    assert (made.fields[0].image != plain.fields[0].image).any()


def test_negatives_are_seen_for_many_sizes_and_both_polarities(tmp_path):
    side = 500
    folder = tmp_path / "edge"
    folder.mkdir()
    image = np.full((side, side), 100.0)
    image[:, side // 2 :] = 140  # bright at the right
    image += np.random.default_rng(0).normal(0, 5, image.shape)
    imsave(folder / "edge.png", image.astype(np.uint8))
    views = empty_views([folder / "edge.png"], 10, 11.0, 1)
    scales = np.array([side * 11.0 / view.image.shape[0] for view in views])
    assert scales.min() >= 20 / 1.05
    assert scales.max() <= 60 * 1.05
    assert scales.max() / scales.min() > 2
    middle = [view.image.astype(float)[:, view.image.shape[1] // 2 :][:, :6] for view in views]
    bright = [half.mean() > 0 for half in middle]
    assert 1 < sum(bright) < 9
    assert all(view.image.dtype == np.float16 and np.isfinite(view.image).all() for view in views)


def test_negatives_that_cannot_be_used_are_named(tmp_path):
    (tmp_path / "none").mkdir()
    with pytest.raises(InputFileError, match="no micrographs found"):
        pool_of(negatives=tmp_path / "none")
    small = write_empty(tmp_path / "small", side=100, count=1)
    with pytest.raises(InputFileError, match=r"empty0.png: a side is shorter than 160 px"):
        empty_views([small / "empty0.png"], 1, 11.0, 1)
