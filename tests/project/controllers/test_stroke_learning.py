"""The segmenter learns from strokes: tried, kept, undone, discarded."""

from pathlib import Path

import pytest

from napari_drpnet.base.segmentation import BACKGROUND, CARBON, ICE, UNKNOWN
from napari_drpnet.picking.networks.weights import load_segmenter, read_card
from napari_drpnet.training.from_strokes.recipe import StrokeRecipe

#: The film lies right of this column.
FILM = 120
RECIPE = StrokeRecipe(penalty=1e-4)
NAMES = ("dirty0.mrc", "dirty1.mrc", "dirty2.mrc")


@pytest.fixture
def at_work(desk, tmp_path, use_untrained_segmenter, write_dirty):
    """A desk with three micrographs with a film; the segmenter has learned nothing yet."""
    paths = [tmp_path / "dirty" / name for name in NAMES]
    for seed, path in enumerate(paths):
        write_dirty(path, seed=seed)
    desk.open(*paths)
    desk.session.change("particle", diameter_angstrom=36.0, polarity="dark")
    return desk


def paint(desk, film=ICE, background=BACKGROUND):
    """Say what the film and the background of the shown micrograph are."""
    strokes = desk.session.strokes
    painted = strokes.classes.copy()
    painted[20:60, FILM + 8 : FILM + 30] = film
    painted[60:100, 10:30] = background
    strokes.take(painted)


def paint_two(desk, **more):
    paint(desk, **more)
    desk.session.step(1)
    desk.finish()
    paint(desk, **more)


def learn(desk, recipe=RECIPE):
    desk.session.stroke_learner.train(recipe)
    desk.finish()
    return desk.session.stroke_learner.outcome


def share_of(desk, name):
    desk.session.segmenting.segment_current()
    desk.finish()
    return desk.session.segmenting.shown.shares[name]


def test_strokes_of_two_classes_are_needed(at_work):
    learner = at_work.session.stroke_learner
    assert learner.problem == "Paint strokes of at least 2 classes on included micrographs."
    paint(at_work, background=UNKNOWN)
    assert learner.problem
    learner.train()
    at_work.finish()
    assert learner.outcome is None
    paint(at_work)
    assert learner.problem == ""
    at_work.session.include([at_work.current.id], False)
    assert learner.problem


def test_what_is_painted_is_learned_for_other_micrographs(at_work):
    paint_two(at_work)
    outcome = learn(at_work)
    assert outcome.tuned.improved
    assert outcome.tuned.after.scores["ice"].iou > 0.7
    assert at_work.project.settings.segmenter.segmenter == "none"
    at_work.session.step(1)
    at_work.finish()
    before = share_of(at_work, "ice")
    at_work.session.stroke_learner.keep()
    at_work.finish()
    assert at_work.session.stroke_learner.is_kept
    share = share_of(at_work, "ice")
    assert share == pytest.approx(0.25, abs=0.1)
    assert abs(share - 0.25) < abs(before - 0.25)


def test_kept_weights_are_in_the_project_with_their_origin(at_work):
    paint_two(at_work)
    before = at_work.project.settings
    learn(at_work)
    at_work.session.stroke_learner.keep()
    path = at_work.project.settings.segmenter.segmenter
    assert path == str(at_work.session.store.folder / "weights" / "segmenter-1.safetensors")
    assert "strokes on 2 micrographs" in read_card(Path(path)).trained_on
    assert load_segmenter(path).sha256
    at_work.session.undo()
    assert at_work.project.settings == before
    assert not at_work.session.stroke_learner.is_kept


def test_a_detector_that_is_the_segmenter_is_replaced(at_work):
    at_work.session.change("detector", weights="segmenter-default")
    at_work.finish()
    paint_two(at_work)
    learn(at_work)
    at_work.session.stroke_learner.keep()
    settings = at_work.project.settings
    assert settings.detector.weights.endswith("segmenter-1.safetensors")
    assert settings.segmenter.segmenter == "none"


def test_what_would_change_is_told_for_the_shown_micrograph_only(at_work):
    paint_two(at_work)
    outcome = learn(at_work)
    changes = at_work.session.stroke_learner.changes
    assert changes is outcome.changes
    assert 0 < changes.share < 1
    assert changes.share == (changes.classes != UNKNOWN).mean()
    at_work.session.step(-1)
    assert at_work.session.stroke_learner.changes is None


def test_a_discarded_outcome_changes_nothing(at_work):
    paint_two(at_work, film=CARBON)
    before = at_work.project.settings
    assert learn(at_work) is not None
    at_work.session.stroke_learner.discard()
    assert at_work.session.stroke_learner.outcome is None
    assert at_work.project.settings == before
    assert not (at_work.session.store.folder / "weights").exists()


def test_a_full_disk_is_told_and_the_outcome_stays(at_work, monkeypatch):
    from napari_drpnet.project.learning import stroke_training

    def fail(*_):
        raise OSError(28, "No space left on device")

    paint_two(at_work)
    outcome = learn(at_work)
    monkeypatch.setattr(stroke_training, "save_as_new", fail)
    at_work.session.stroke_learner.keep()
    assert at_work.session.stroke_learner.outcome is outcome
    assert "Free some disk space" in at_work.texts()[-1]
