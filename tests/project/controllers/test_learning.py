"""The networks learn from labels: tried, kept, undone, discarded."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from discs_and_dirt import SIDE, is_particle, write_discs_and_dirt
from napari_drpnet.picking.networks.weights import (
    find_weights,
    load_network,
    read_card,
    save_network,
)
from napari_drpnet.project.controllers import learning
from napari_drpnet.project.learning import example_sets
from napari_drpnet.project.learning.outcome import find_missing
from napari_drpnet.project.points.review import State, is_accepted
from napari_drpnet.project.state.edits import LabelEdit
from napari_drpnet.project.state.labels import Label
from napari_drpnet.training.from_labels import targets as marked
from napari_drpnet.training.from_labels.replay import AdaptRecipe
from waiting import LIMIT_S

COUNT, LABELLED = SIDE**2, 24
QUICK = AdaptRecipe(steps=100, folds=3, shift_px=0)
TINY = AdaptRecipe(steps=5, folds=2, shift_px=0)


@pytest.fixture
def dirty(tmp_path):
    """Two such micrographs by path, with all centres."""
    paths = [tmp_path / "dirty" / f"dirty{number}.mrc" for number in range(2)]
    return {path: write_discs_and_dirt(path, number) for number, path in enumerate(paths)}


@pytest.fixture
def trained(desk, eager_weights, dirty):
    """A desk with both open; half of the discs of the first have got their verdict by hand."""
    desk.open(*dirty)
    desk.session.current.select("m00001")
    desk.pick()
    label_discs(desk, range(LABELLED))
    return desk


def label_discs(desk, numbers):
    centers = np.argwhere(np.ones((SIDE, SIDE))) * 40.0 + 20
    for number in numbers:
        row = desk.current.row_at(tuple(centers[number]))
        desk.current.set_label([row], is_particle(number))


def train(desk, recipe=QUICK):
    desk.session.learner.train(recipe)
    desk.finish()
    return desk.session.learner.outcome


def accepted(desk):
    return desk.current.review.centers_yx[is_accepted(desk.current.states)]


def picks(desk):
    found = desk.current.stored.picks
    return np.column_stack([found.centers_yx, found.probability]), desk.current.states


def assert_as(desk, before):
    for now, then in zip(picks(desk), before, strict=True):
        np.testing.assert_array_equal(now, then)


def weights_files(desk):
    return sorted((desk.session.store.folder / "weights").glob("*.safetensors"))


def test_the_labels_that_count(trained):
    learner = trained.session.learner
    assert learner.counts == learning.LabelTotals(12, 12, 1)
    assert learner.counts.text == "12 accepted, 12 rejected on 1 micrograph"
    said_by_model = Label(id=99, center_yx=(5, 5), anchor_yx=(5, 5), accepted=True, source="model")
    trained.session.do(LabelEdit(micrograph="m00002", before=(), after=(said_by_model,)))
    assert learner.counts.micrographs == 1
    trained.session.include(["m00001"], included=False)
    assert learner.counts == learning.LabelTotals(0, 0, 0)
    assert learner.problem == "Correct at least 4 picks."


def test_a_trial_changes_nothing(trained):
    before, settings = picks(trained), trained.project.settings
    told = []
    trained.session.learner.progressed.connect(lambda: told.append("progressed"))
    trained.session.learner.finished.connect(lambda: told.append("finished"))
    outcome = train(trained)
    assert outcome.improved
    assert outcome.labelled_by == "person"
    (classifier,) = outcome.networks
    assert classifier.after.rates.f1 > classifier.before.rates.f1
    assert outcome.micrograph == "m00001"
    assert told[-1] == "finished"
    steps, losses, held_out = zip(*trained.session.learner.reports, strict=True)
    assert list(steps) == list(range(5, 101, 5))
    assert losses[-1] < losses[0]
    assert held_out[-1] < held_out[0]
    assert_as(trained, before)
    assert trained.project.settings is settings
    assert weights_files(trained) == []


def test_what_would_change_is_what_changes(trained):
    before = is_accepted(trained.current.states)
    outcome = train(trained)
    trained.session.learner.keep()
    trained.finish()
    assert outcome.accepted == (before.sum(), trained.current.accepted_count)
    changed = before != is_accepted(trained.current.states)
    assert outcome.changed == changed.sum() > 5
    expected = trained.current.review.centers_yx[changed]
    assert {*map(tuple, outcome.changed_yx)} == {*map(tuple, expected)}


def test_discarding_leaves_all_as_it_was(trained):
    before, steps = picks(trained), trained.session.history.undo_title
    train(trained)
    trained.session.learner.discard()
    trained.finish()
    assert trained.session.learner.outcome is None
    assert trained.session.learner.reports == []
    assert_as(trained, before)
    assert trained.session.history.undo_title == steps
    trained.session.learner.keep()
    assert trained.project.settings.classifier.classifier == "default"
    assert weights_files(trained) == []


def test_keep_undo_redo_and_open_again(trained, new_desk, dirty):
    before = picks(trained)
    train(trained)
    learner = trained.session.learner
    learner.keep()
    trained.finish()
    assert learner.outcome is None
    assert learner.is_kept
    after = picks(trained)
    unlabelled = trained.current.states[trained.current.states < State.REJECTED_BY_HAND]
    assert not np.array_equal(before[1], after[1])
    assert 0 < is_accepted(unlabelled).sum() < len(unlabelled)

    trained.session.undo()
    trained.finish()
    assert_as(trained, before)
    assert not learner.is_kept
    trained.session.redo()
    trained.finish()
    assert_as(trained, after)
    assert learner.is_kept
    chosen = trained.project.settings.classifier
    trained.close()

    again = new_desk()
    again.open(*dirty)
    again.session.current.select("m00001")
    again.finish()
    assert again.project.settings.classifier == chosen
    assert_as(again, after)


def test_what_was_learned_serves_the_other_micrograph(trained):
    trained.session.step(1)
    trained.pick()
    wrong = trained.current.accepted_count - (COUNT + 1) // 2
    assert wrong > 15
    trained.session.step(-1)
    train(trained)
    trained.session.learner.keep()
    trained.session.step(1)
    trained.finish()
    right = np.round((accepted(trained) - 20) / 40).astype(int) @ [SIDE, 1] % 2 == 0
    assert (~right).sum() < wrong / 3
    assert right.sum() > 20


def test_the_card_tells_where_the_weights_come_from(trained):
    parent, sha256 = read_card(find_weights("default", "classifier")), trained.session.plan.weights
    outcome = train(trained)
    trained.session.learner.keep()
    trained.finish()
    (path,) = weights_files(trained)
    assert path.name == "classifier-1.safetensors"
    assert trained.project.settings.classifier.classifier == str(path)
    card = load_network(str(path), "classifier").card
    assert card.licence == parent.licence
    assert card.trained_on == "nothing; then 24 manual labels (micrographs: 1)"
    assert card.accept == 0.5
    assert card.threshold == parent.threshold
    assert card.recipe["parent_sha256"] == sha256.sha256[1]
    assert card.recipe["labels"] == {"person": {"accepted": 12, "rejected": 12}}
    assert card.recipe["steps"] == 100
    assert card.recipe["replayed"] == COUNT - LABELLED
    assert card.recipe["after"]["f1"] == pytest.approx(outcome.networks[0].after.rates.f1, abs=1e-4)
    train(trained)
    trained.session.learner.keep()
    trained.finish()
    assert [path.name for path in weights_files(trained)] == [
        "classifier-1.safetensors",
        "classifier-2.safetensors",
    ]


def test_the_cut_of_the_person_is_kept(trained):
    trained.session.change("classifier", accept=0.6)
    train(trained)
    trained.session.learner.keep()
    (path,) = weights_files(trained)
    assert read_card(path).accept == 0.6


def test_an_automatic_cut_stays_automatic(trained, tmp_path):
    given = find_weights("default", "classifier")
    network = load_network(str(given), "classifier")
    card = network.card.model_copy(update={"accept": None, "least_f1": 0.2})
    path = tmp_path / "automatic.safetensors"
    save_network(path, network.module.state_dict(), card)
    trained.session.change("classifier", classifier=str(path))
    trained.finish()
    train(trained, TINY)
    trained.session.learner.keep()
    trained.finish()
    (kept,) = weights_files(trained)
    assert (read_card(kept).accept, read_card(kept).least_f1) == (None, 0.2)
    assert trained.session.plan.is_automatic


def test_added_particles_are_learned_from(trained):
    """Where there is no candidate there is a patch nevertheless."""
    trained.current.add([(40.0, 40.0 * k) for k in range(1, 5)])
    outcome = train(trained)
    assert outcome.networks[0].card.recipe["labels"]["person"]["accepted"] == 16


def test_a_lower_threshold_finds_faint_particles_again(desk, eager_weights, dirty):
    """Those that a person added where candidates lie below the threshold."""
    desk.open(*dirty)
    desk.session.current.select("m00001")
    desk.pick(threshold=4.0)
    assert desk.current.accepted_count == COUNT // 2
    centers = np.argwhere(np.ones((SIDE, SIDE))) * 40.0 + 20
    desk.current.add(centers[:16:2])
    label_discs(desk, [1, 3])
    outcome = train(desk)
    height = desk.current.stored.picks.height
    assert 2.6 < outcome.networks[0].card.threshold < 3.2
    assert (height >= outcome.networks[0].card.threshold).sum() > COUNT // 2 + 8
    assert (height >= 4.0).sum() == COUNT // 2


def test_cancelling_changes_nothing(trained, gate_before):
    gate = gate_before(example_sets, "choose_replay")
    before = picks(trained)
    learner = trained.session.learner
    learner.train(QUICK)
    assert gate.reached.wait(LIMIT_S)
    learner.cancel()
    assert trained.session.runner.status("train").state == "cancelling"
    gate.opened.set()
    trained.finish()
    assert learner.outcome is None
    assert learner.reports == []
    assert trained.texts() == []
    assert_as(trained, before)


def test_labels_that_change_meanwhile_are_for_the_next_time(trained, gate_before):
    gate = gate_before(example_sets, "choose_replay")
    trained.session.learner.train(QUICK)
    assert gate.reached.wait(LIMIT_S)
    label_discs(trained, [30, 31])
    gate.opened.set()
    trained.finish()
    assert (
        trained.session.learner.outcome.networks[0].card.recipe["labels"]["person"]["accepted"]
        == 12
    )
    assert trained.session.learner.counts.accepted == 13


def test_nothing_lands_in_another_project(trained, gate_before, tmp_path):
    gate = gate_before(example_sets, "choose_replay")
    trained.session.learner.train(QUICK)
    assert gate.reached.wait(LIMIT_S)
    assert trained.session.open_project(tmp_path / "other")
    gate.opened.set()
    trained.finish()
    assert trained.session.learner.outcome is None
    assert trained.session.learner.reports == []
    assert trained.texts() == []


def test_another_project_has_no_trial(trained, tmp_path):
    assert train(trained) is not None
    assert trained.session.open_project(tmp_path / "other")
    assert trained.session.learner.outcome is None
    trained.session.learner.keep()
    assert trained.project.settings.classifier.classifier == "default"


def test_what_is_missing_is_said(desk, eager_weights, dirty):
    learner = desk.session.learner
    assert learner.problem == "Give the particle diameter first."
    desk.open(*dirty)
    desk.session.current.select("m00001")
    desk.pick()
    label_discs(desk, range(3))
    assert train(desk) is None
    assert desk.texts("warning") == ["Correct at least 4 picks."]
    label_discs(desk, range(3, 6))
    assert learner.problem is None
    desk.session.change("classifier", classifier="none")
    desk.finish()
    assert learner.problem == "There is no classifier to train: choose one first."


def test_one_kind_of_everything_is_told(desk, eager_weights, dirty):
    desk.open(*dirty)
    desk.session.current.select("m00001")
    desk.pick()
    label_discs(desk, range(0, 12, 2))
    assert train(desk) is None
    assert desk.texts() == ["everything is accepted: reject some points too"]


def test_a_full_disk_is_told_and_the_trial_stays(trained, monkeypatch):
    from napari_drpnet.picking.networks import weights

    def refuse(*_):
        raise OSError(28, "No space left on device")

    outcome = train(trained)
    monkeypatch.setattr(weights, "save_network", refuse)
    trained.session.learner.keep()
    (text,) = trained.texts()
    assert text == "Cannot save the weights: No space left on device. Free some disk space."
    assert trained.session.learner.outcome is outcome
    assert trained.project.settings.classifier.classifier == "default"


# ---- automatic labels


def test_automatic_labels_do_without_a_person(desk, eager_weights, dirty):
    desk.open(*dirty)
    desk.session.current.select("m00001")
    desk.pick(threshold=4.0)
    learner, labeller = desk.session.learner, desk.session.labeller
    labeller.label_automatically()
    desk.finish()
    assert learner.automatic.accepted == learner.automatic.rejected > 10
    assert learner.counts == learning.LabelTotals(0, 0, 0)
    learner.choose(uses_automatic=False)
    assert learner.problem == "Correct at least 4 picks."
    learner.choose(uses_automatic=True)
    outcome = train(desk)
    assert outcome.labelled_by == "model"
    labels = outcome.networks[0].card.recipe["labels"]
    assert labels == {"model": dict.fromkeys(("accepted", "rejected"), learner.automatic.accepted)}


def test_automatic_labels_help_those_of_a_person(trained):
    trained.session.change("peaks", threshold=4.0)
    trained.session.labeller.label_automatically()
    trained.finish()
    learner = trained.session.learner
    (both,) = learner.by_micrograph
    assert (both.name, both.person) == ("dirty0.mrc", learning.LabelTotals(12, 12, 1))
    assert both.model.accepted > 0
    outcome = train(trained)
    assert outcome.labelled_by == "person"
    card = outcome.networks[0].card
    assert card.recipe["labels"].keys() == {"person", "model"}
    assert "24 manual labels and " in card.trained_on
    learner.choose(uses_automatic=False)
    assert train(trained).networks[0].card.recipe["labels"].keys() == {"person"}


# ---- the detector


@pytest.fixture
def corrected(desk, use_toy_weights, discs, monkeypatch):
    """A desk with three micrographs of discs, the first one corrected; lessons are short."""
    monkeypatch.setattr(marked, "TuneRecipe", partial(marked.TuneRecipe, steps=4))
    desk.open(*discs)
    desk.pick()
    desk.current.set_label(range(8), accepted=True)
    desk.current.set_label([8, 9], accepted=False)
    return desk


def test_both_networks_learn_and_are_kept_as_one_step(corrected, new_desk, discs):
    before, settings = picks(corrected), corrected.project.settings
    learner = corrected.session.learner
    learner.choose(subject="both")
    outcome = train(corrected, TINY)
    assert [trained.kind for trained in outcome.networks] == ["detector", "classifier"]
    assert learner.learning == "classifier"
    assert_as(corrected, before)
    detector = corrected.session.plan.weights.sha256[0]
    assert outcome.networks[0].card.recipe["parent_sha256"] == detector
    learner.keep()
    corrected.finish()
    assert learner.is_kept
    names = {path.name for path in weights_files(corrected)}
    assert names == {"classifier-1.safetensors", "detector-1.safetensors"}
    kept = corrected.project.settings
    assert Path(kept.detector.weights).name == "detector-1.safetensors"
    assert Path(kept.classifier.classifier).name == "classifier-1.safetensors"
    assert corrected.session.summaries["m00001"].status == "picked"  # again, by itself
    after = picks(corrected)

    corrected.session.undo()
    corrected.finish()
    assert corrected.project.settings == settings
    assert_as(corrected, before)
    corrected.session.redo()
    corrected.finish()
    assert_as(corrected, after)
    corrected.close()

    again = new_desk()
    again.open(*discs)
    assert again.project.settings == kept
    assert_as(again, after)


def test_what_a_detector_would_change_is_what_changes(corrected):
    learner = corrected.session.learner
    learner.choose(subject="detector")
    before = accepted(corrected)
    outcome = train(corrected)
    assert [trained.kind for trained in outcome.networks] == ["detector"]
    np.testing.assert_array_equal(learner.changed_yx, outcome.changed_yx)
    learner.keep()
    corrected.finish()
    after = accepted(corrected)
    reach = 0.25 * corrected.current.diameter_px
    np.testing.assert_array_equal(find_missing(before, after, reach), outcome.lost_yx)
    np.testing.assert_array_equal(find_missing(after, before, reach), outcome.gained_yx)


def test_a_detector_without_a_scale_cannot_be_taught(corrected, toy_weights, monkeypatch, tmp_path):
    card = read_card(find_weights("default", "detector")).model_copy(
        update={"map_units": "published"}
    )
    state = load_network("default", "detector").module.state_dict()
    save_network(tmp_path / "other.safetensors", state, card)
    corrected.session.change("detector", weights=str(tmp_path / "other.safetensors"))
    learner = corrected.session.learner
    assert learner.problem is None
    learner.choose(subject="both")
    assert "no absolute scale" in learner.problem


# ---- what would change


def test_changed_points_are_shown_one_after_another(trained):
    learner, selection = trained.session.learner, trained.session.selection
    places = []
    selection.focus_requested.connect(places.append)
    learner.show_changed()
    assert places == []
    assert trained.texts("info") == ["No point of this micrograph would change."]
    outcome = train(trained)
    for _ in range(outcome.changed + 1):
        learner.show_changed()
    assert places == [*map(tuple, outcome.changed_yx), tuple(outcome.changed_yx[0])]
    (row,) = selection.rows
    np.testing.assert_array_equal(trained.current.review.centers_yx[row], outcome.changed_yx[0])

    selection.label(accepted=True)  # what a person decides does not change any more
    assert len(learner.changed_yx) == outcome.changed - 1
    trained.session.step(1)
    assert len(learner.changed_yx) == 0
    trained.session.step(-1)
    assert len(learner.changed_yx) == outcome.changed - 1
    learner.discard()
    assert len(learner.changed_yx) == 0


def test_labels_of_2d_classes_do_without_clicks_and_outweigh_automatic_ones(trained):
    clicked = trained.project.labels("m00001")
    of_classes = tuple(label.model_copy(update={"source": "classes"}) for label in clicked)
    trained.session.do(LabelEdit(micrograph="m00001", before=clicked, after=of_classes))
    trained.session.labeller.label_automatically()
    trained.finish()
    outcome = train(trained)
    assert outcome.labelled_by == "classes"
    assert outcome.networks[0].before.labels == LABELLED
    assert outcome.improved
