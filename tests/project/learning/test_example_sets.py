"""What labels are about: their patches, and the context of their candidates."""

import numpy as np
import pytest

from napari_drpnet import pick, read_micrograph
from napari_drpnet.base.jobs import SilentJob
from napari_drpnet.picking.classification.classify import context_log_odds
from napari_drpnet.picking.networks.weights import read_card
from napari_drpnet.project.learning.example_sets import read_example_set
from napari_drpnet.project.points.review import is_accepted
from napari_drpnet.training.from_labels.replay import AdaptRecipe

QUICK = AdaptRecipe(steps=5, folds=2, shift_px=0)


@pytest.fixture
def aware(desk, discs, aware_weights):
    """A function that picks discs with a classifier that has an opinion on contexts."""

    def pick_discs(architecture):
        desk.open(*discs)
        desk.session.change("classifier", classifier=str(aware_weights(architecture)))
        desk.pick()
        return desk

    return pick_discs


def correct(desk):
    desk.current.set_label(range(4), accepted=True)
    desk.current.set_label([4, 5], accepted=False)


def test_a_label_has_the_context_of_the_candidate_that_it_holds_to(aware):
    desk = aware("fcrn")
    session, record, picks = desk.session, desk.current.record, desk.current.stored.picks
    desk.current.set_label([0], accepted=True)
    y, x = picks.centers_yx[1]
    desk.current.move(1, (y + 7, x))  # farther than a label reaches
    empty = np.mean([picks.centers_yx[0], [0.0, 0.0]], axis=0)
    desk.current.add([empty])
    labels, plan = desk.project.labels(record.id), session.plan
    asked = record, labels
    example_set = read_example_set(session.cache, asked, plan, AdaptRecipe(), "person", SilentJob())
    networks = session.cache.networks(plan)
    odds = context_log_odds(picks, example_set.analysis.detection, networks)
    assert (odds != 0).all()
    assert len(set(odds)) > 1
    assert [label.anchor_yx == label.center_yx for label in labels] == [True, False, True]
    np.testing.assert_array_equal(example_set.labelled.context_odds, [odds[0], odds[1], 0])


def test_what_is_kept_knows_what_it_knew_and_picks_the_same_everywhere(aware):
    desk = aware("fcrn")
    correct(desk)
    parent = desk.session.plan.weights.classifier
    learner = desk.session.learner
    learner.choose(subject="both")
    learner.train(QUICK)
    desk.finish()
    learner.keep()
    desk.finish()
    weights = desk.session.plan.weights
    assert weights.classifier.recipe["steps"] == 5
    for name in ("architecture", "map_units", "context", "accept"):
        assert getattr(weights.classifier, name) == getattr(parent, name)
    assert weights.detector.architecture == "fcrn"
    assert weights.classifier.knows(weights.detector)

    picks = pick(read_micrograph(desk.current.record.path), desk.project.settings.parameters)
    found, above = desk.current.stored.picks, desk.current.stored.picks.height >= 1.0
    np.testing.assert_array_equal(found.probability[above], picks.probability)


def test_a_classifier_for_another_kind_of_detector_becomes_one_for_this(aware):
    desk = aware("multiscale")
    session = desk.session
    assert session.plan.parameters.classifier.accept == 0
    threshold = session.plan.parameters.peaks.threshold
    correct(desk)
    session.learner.train(QUICK)
    desk.finish()
    assert desk.notices == []
    after = session.learner.outcome.accepted[1]
    session.learner.keep()
    desk.finish()
    card = read_card(session.store.folder / "weights" / "classifier-1.safetensors")
    assert (card.architecture, card.context, card.accept) == ("fcrn", False, 0.5)
    assert session.plan.parameters.classifier.accept == 0.5
    assert session.plan.parameters.peaks.threshold == threshold
    assert is_accepted(desk.current.states).sum() == after
