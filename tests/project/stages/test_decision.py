"""What settings and a person decide about one micrograph, from candidates made by hand."""

from pathlib import Path

import numpy as np
import pytest

from napari_drpnet.base.picks import Picks
from napari_drpnet.picking.advice import Advice
from napari_drpnet.picking.expected import automatic_cut, expected_scores
from napari_drpnet.picking.fingerprint import Hashes
from napari_drpnet.picking.loading import ChosenWeights
from napari_drpnet.picking.networks.card import ClassifierCard, DetectorCard
from napari_drpnet.picking.parameters import PickParameters
from napari_drpnet.project.points.review import State
from napari_drpnet.project.stages import decision as module
from napari_drpnet.project.stages.decision import decide
from napari_drpnet.project.stages.plan import Plan
from napari_drpnet.project.state.edits import MicrographRecord
from napari_drpnet.project.state.labels import Label
from napari_drpnet.project.storage.candidate_files import StoredCandidates

RECORD = MicrographRecord(
    id="m00001",
    name="a.mrc",
    path=Path("/nowhere/a.mrc"),
    output="a",
    pixel_size_angstrom=None,
    defocus_angstrom=None,
)
ABOUT = {"particle_px": 9, "licence": "BSD-3-Clause", "trained_on": "nothing"}
PROBABILITY = np.linspace(0.95, 0.05, 10)
DOUBT = Advice("polarity", "It is uncertain whether particles are dark or bright.")


def plan(recommended=None, least_f1=0.0, diameter=36.0, **classifier):
    """Plan with weights that recommend an accept, or the automatic one, and a threshold of 0."""
    judge = ClassifierCard(accept=recommended, least_f1=least_f1, **ABOUT)
    weights = ChosenWeights(DetectorCard(**ABOUT), judge, Hashes("a", "b"))
    if classifier.get("classifier") == "none":
        weights = ChosenWeights(weights.detector, None, Hashes("a"))
    given = PickParameters.model_validate(
        {"particle": {"diameter_angstrom": diameter}, "classifier": classifier}
    )
    return Plan(weights.resolve(given), weights)


def stored(probability=PROBABILITY, advice=(), detection_key="", clearance=np.nan):
    """Candidates 100 px apart, in a row."""
    count = len(probability)
    centers = np.column_stack([np.zeros(count), 100 * np.arange(count)])
    height = np.linspace(1, 0.5, count)
    known = np.broadcast_to(np.asarray(clearance, float), count).copy()
    picks = Picks(centers, height, height, np.array(probability), np.zeros(count, bool), known)
    return StoredCandidates(
        "key", picks, (200, 2000), 2.0, 18.0, "dark", 1.0, detection_key, tuple(advice)
    )


def label(number, row, accepted):
    center = (0.0, 100.0 * row)
    return Label(id=number, center_yx=center, anchor_yx=center, accepted=accepted)


def test_an_automatic_cut_is_that_of_best_expected_f1():
    decision = decide(RECORD, stored(), (), plan())
    assert decision.cut == automatic_cut(PROBABILITY, 0.0)
    assert decision.is_automatic
    assert not decision.is_refused
    assert decision.accept == decision.cut.accept
    assert decision.accepted_count == np.sum(decision.accept <= PROBABILITY) == 6
    assert decision.above_count == 10
    assert decision.advice == ()


def test_a_number_that_is_given_is_the_cut_and_asks_for_no_look_at_the_candidates(monkeypatch):
    monkeypatch.setattr(module, "find_cut", lambda *_: pytest.fail("looked"))
    decision = decide(RECORD, stored(), (), plan(accept=0.6))
    assert decision.accept == 0.6
    assert not decision.is_automatic
    assert not decision.is_refused
    assert decision.accepted_count == 4
    assert decision.expected.f1 > 0
    assert decision.advice == ()


def test_what_a_person_may_return_to_is_known():
    assert plan().is_automatic
    assert plan().recommends_automatic
    assert not plan(accept=0.6).is_automatic
    assert plan(accept=0.6).recommends_automatic
    assert not plan(recommended=0.35).is_automatic
    assert not plan(recommended=0.35, accept=0.6).recommends_automatic


def test_where_too_little_is_promised_nothing_is_accepted_and_that_is_said():
    decision = decide(RECORD, stored(), (), plan(least_f1=0.9))
    assert decision.is_refused
    assert decision.accepted_count == 0
    assert decision.above_count == 10
    assert decision.cut.best_f1 < 0.9
    (advice,) = decision.advice
    assert advice.topic == "picks"
    assert "promises" in advice.text
    lowered = decide(RECORD, stored(), (), plan(least_f1=0.9, accept=0.3))
    assert not lowered.is_refused
    assert lowered.advice == ()


def test_without_a_classifier_there_is_no_cut():
    for candidates in (stored(), stored(np.full(10, np.nan))):  # judged before, or never
        decision = decide(RECORD, candidates, (), plan(classifier="none"))
        assert decision.cut is None
        assert decision.accept is None
        assert decision.expected is None
        assert not decision.is_automatic
        assert not decision.is_refused
        assert decision.accepted_count == 10
    assert decide(RECORD, stored(np.full(10, np.nan)), (), plan(accept=0.6)).accept is None


def test_expected_scores_are_those_of_the_accepted():
    decision = decide(RECORD, stored(), (), plan(accept=0.6))
    assert decision.expected == expected_scores(PROBABILITY, PROBABILITY >= 0.6)


def test_what_a_person_has_said_counts_as_known():
    labels = (label(1, 0, accepted=False), label(2, 9, accepted=True))
    added = Label(id=3, center_yx=(50.0, 50.0), anchor_yx=(50.0, 50.0), accepted=True)
    decision = decide(RECORD, stored(), (*labels, added), plan(accept=0.6))
    known = np.array([0.0, *PROBABILITY[1:9], 1.0, 1.0])
    accepted = decision.states >= State.ACCEPTED
    accepted[decision.states == State.REJECTED_BY_HAND] = False
    assert accepted.tolist() == [False, *[True] * 3, *[False] * 5, True, True]
    assert decision.expected == expected_scores(known, accepted)


def test_no_candidates_are_told_and_no_trouble():
    decision = decide(RECORD, stored(np.empty(0)), (), plan())
    assert decision.accepted_count == 0
    assert decision.expected is None
    assert [one.topic for one in decision.advice] == ["picks"]
    assert "No candidate reaches" in decision.advice[0].text


def test_advice_about_a_distance_map_holds_for_that_map_only():
    settings = plan()
    key = settings.detection_key(RECORD)
    found = stored(advice=[DOUBT], detection_key=key)
    assert decide(RECORD, found, (), settings).advice == (DOUBT,)
    assert decide(RECORD, found, (), plan(accept=0.4)).advice == (DOUBT,)
    assert decide(RECORD, found, (), plan(diameter=40.0)).advice == ()
    both = decide(RECORD, found, (), plan(accept=1.0)).advice
    assert [one.topic for one in both] == ["picks", "polarity"]


def test_picks_accepted_by_hand_are_not_missed():
    labels = tuple(label(row + 1, row, accepted=True) for row in range(3))
    assert decide(RECORD, stored(), labels, plan(accept=1.0)).advice == ()


def test_picks_on_dirt_are_counted_apart_and_are_certainly_no_particles():
    clearance = [0.0, 0.1, *[9.0] * 8]
    decision = decide(RECORD, stored(clearance=clearance), (), plan(accept=0.6))
    assert decision.counts == "10 picks above the threshold, 2 accepted, 2 on dirt"
    known = np.array([0.0, 0.0, *PROBABILITY[2:]])
    assert decision.expected == expected_scores(known, known >= 0.6)
    labels = (label(1, 0, accepted=True), label(2, 1, accepted=False))
    decision = decide(RECORD, stored(clearance=clearance), labels, plan(accept=0.6))
    assert decision.counts == "10 picks above the threshold, 3 accepted"
    known[0] = 1.0
    assert decision.expected == expected_scores(known, known >= 0.6)


def test_one_pick_is_one_pick():
    decision = decide(RECORD, stored([0.9]), (), plan(accept=0.6))
    assert decision.counts == "1 pick above the threshold, 1 accepted"


def test_the_figures_are_those_of_the_accepted_points_and_labels_are_certain():
    labels = (label(1, 0, False), label(2, 9, True))
    figures = decide(RECORD, stored(clearance=[0.1, *[9] * 9]), labels, plan(accept=0.5)).figures
    assert figures.count == 5  # 0.85, 0.75, 0.65, 0.55 and the accepted one
    assert figures.mean_fom == pytest.approx(np.mean([0.85, 0.75, 0.65, 0.55, 1.0]))
    assert figures.expected_precision == pytest.approx(np.mean([0.85, 0.75, 0.65, 0.55, 1.0]))
    assert figures.contamination == pytest.approx(5 / 10)  # the rejected one and 4 below one half


def test_without_a_classifier_expectations_are_unknown():
    figures = decide(RECORD, stored([np.nan] * 10), (), plan(classifier="none")).figures
    assert figures.mean_fom == pytest.approx(0.75)
    assert figures.expected_precision is figures.expected_f1 is figures.contamination is None


def test_the_recall_of_all_candidates_counts_those_below_the_threshold():
    given = plan(accept=0.5)
    peaks = given.parameters.peaks.model_copy(update={"threshold": 0.75})  # the upper five
    high = Plan(given.parameters.model_copy(update={"peaks": peaks}), given.weights)
    decision = decide(RECORD, stored(), (), high)
    assert decision.accepted_count == decision.above_count == 5
    assert decision.expected.recall == 1
    accepted = PROBABILITY[:5].sum()
    assert decision.expected_of_all.recall == pytest.approx(accepted / PROBABILITY.sum())
    assert decision.expected_of_all.precision == decision.expected.precision
    assert decision.expected_of_all.text.startswith("precision 0.75, recall 0.75")


def test_candidates_on_dirt_are_expected_to_be_no_particles_below_the_threshold_too():
    given = plan(accept=0.5)
    peaks = given.parameters.peaks.model_copy(update={"threshold": 0.75})
    high = Plan(given.parameters.model_copy(update={"peaks": peaks}), given.weights)
    clearance = [9.0] * 5 + [0.0] * 5
    decision = decide(RECORD, stored(clearance=clearance), (), high)
    assert decision.expected_of_all.recall == 1


def test_without_a_classifier_nothing_is_expected_of_all():
    decision = decide(RECORD, stored([np.nan] * 10), (), plan(classifier="none"))
    assert decision.expected_of_all is None
