from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_drpnet.base.picks import Picks
from napari_drpnet.picking.cuts import above_threshold, accept, find_cut
from napari_drpnet.project.points.corrections import Corrector
from napari_drpnet.project.points.review import (
    LABEL_REACH,
    State,
    is_accepted,
    nearest_row,
    order_by_doubt,
    review_picks,
    rows_within,
)
from napari_drpnet.project.state.labels import Label
from resolving import resolved

DIAMETER_PX = 40.0
PARAMETERS = resolved(peaks={"score": "prominence", "threshold": 0.0})


def candidates(probability=np.nan):
    """Four candidates, 100 px apart."""
    column = np.arange(4.0)
    centers = np.column_stack([column / 3, 100 * column])
    return Picks(centers, 9 - column, 4 - column, np.full(4, probability), np.ones(4, bool))


def label(number, center, anchor=None, accepted=True):
    return Label(id=number, center_yx=center, anchor_yx=anchor or center, accepted=accepted)


@pytest.mark.parametrize(
    ("probability", "words", "merit"),
    [(0.731, "P(particle) 0.73", "P(particle)"), (np.nan, "score 3", "score")],
)
def test_what_the_model_makes_of_a_row_in_words(probability, words, merit):
    review = review_picks(candidates(probability), [], DIAMETER_PX)
    assert review.describe(1, PARAMETERS) == words
    assert review.merit_name == merit


def test_an_added_row_was_never_judged():
    review = review_picks(candidates(0.9), [label(1, (50.0, 50.0))], DIAMETER_PX)
    assert review.describe(4, PARAMETERS) == "added by hand"


# ---- properties


@st.composite
def tables(draw, least_distance=0.0):
    """Candidates in any order of scores, at least some diameters apart."""
    count = draw(st.integers(0, 12))
    cells = draw(
        st.lists(st.tuples(*[st.integers(0, 5)] * 2), min_size=count, max_size=count, unique=True)
    )
    cell = 1.0 if least_distance else 0.3
    centers = np.array(cells, float).reshape(-1, 2) * cell * DIAMETER_PX
    shift = st.lists(st.floats(-0.2, 0.2), min_size=2 * count, max_size=2 * count)
    centers += np.array(draw(shift)).reshape(-1, 2) * DIAMETER_PX
    column = st.lists(st.floats(0, 1), min_size=count, max_size=count)
    height = np.sort(draw(column))[::-1]
    probability = draw(st.sampled_from([np.full(count, np.nan), np.array(draw(column))]))
    return Picks(centers, height, height / 2, probability, np.zeros(count, bool))


@st.composite
def label_lists(draw):
    place = st.tuples(*[st.floats(-50, 250)] * 2)
    labels = []
    for number in range(draw(st.integers(0, 8))):
        anchor = draw(place)
        labels.append(
            Label(
                id=number + 1,
                center_yx=draw(st.sampled_from([anchor, draw(place)])),
                anchor_yx=anchor,
                accepted=draw(st.booleans()),
                source=draw(st.sampled_from(["person", "person", "model"])),
            )
        )
    return labels


@st.composite
def cuts(draw):
    peaks = {
        "score": "height",
        "threshold": draw(st.floats(0, 1)),
        "level": draw(st.integers(1, 3)),
        "max_count": draw(st.none() | st.integers(1, 5)),
    }
    return resolved(peaks=peaks, classifier={"accept": draw(st.none() | st.floats(0, 1))})


@settings(max_examples=50)
@given(tables(), label_lists())
def test_every_label_of_a_person_has_one_row_and_it_is_there_to_see(picks, labels):
    review = review_picks(picks, labels, DIAMETER_PX)
    given = [label for label in labels if label.source == "person"]
    assert sorted(review.label_rows[review.labelled]) == list(range(len(given)))
    assert review.labelled[review.added].all()
    assert not (review.labelled & review.hidden).any()
    states = review.decide(resolved(peaks={"score": "prominence", "threshold": 2.0}))
    for row in np.flatnonzero(review.labelled):
        label = given[review.label_rows[row]]
        by_hand = State.ACCEPTED_BY_HAND if label.accepted else State.REJECTED_BY_HAND
        assert states[row] == by_hand
        assert tuple(review.centers_yx[row]) == label.center_yx
    assert (states[~review.labelled] == State.BELOW).all()


@settings(max_examples=50)
@given(tables(), label_lists())
def test_labels_hold_to_near_candidates_and_only_to_them(picks, labels):
    review = review_picks(picks, labels, DIAMETER_PX)
    anchors = np.array([label.anchor_yx for label in review.labels]).reshape(-1, 2)
    distance = np.linalg.norm(anchors[:, None] - picks.centers_yx, axis=2)
    owners = review.label_rows[: len(picks)]
    for candidate in np.flatnonzero(owners >= 0):
        assert distance[owners[candidate], candidate] <= LABEL_REACH * DIAMETER_PX
    for label in review.label_rows[len(picks) :]:  # what is free has no free candidate near
        near = distance[label] < LABEL_REACH * DIAMETER_PX * (1 - 1e-9)
        assert (owners[near] >= 0).all()


@settings(max_examples=50)
@given(tables(), cuts(), label_lists())
def test_without_labels_of_a_person_the_model_decides_as_anywhere(picks, parameters, labels):
    labels = [label.model_copy(update={"source": "model"}) for label in labels]
    review = review_picks(picks, labels, DIAMETER_PX)
    states = review.decide(parameters)
    expected = accept(picks, parameters)
    np.testing.assert_array_equal(is_accepted(states), expected.accepted)
    np.testing.assert_array_equal(states != State.BELOW, above_threshold(picks, parameters))
    np.testing.assert_array_equal(review.centers_yx, picks.centers_yx)
    assert not review.hidden.any()


@settings(max_examples=50)
@given(tables(), cuts(), label_lists())
def test_hidden_candidates_lie_below_what_a_person_accepted(picks, parameters, labels):
    review = review_picks(picks, labels, DIAMETER_PX)
    states = review.decide(parameters)
    assert (states[review.hidden] == State.BELOW).all()
    places = [label.center_yx for label in review.labels if label.accepted]
    for row in np.flatnonzero(review.hidden):
        distances = np.linalg.norm(np.array(places) - picks.centers_yx[row], axis=1)
        assert distances.min() <= LABEL_REACH * DIAMETER_PX


@settings(max_examples=50)
@given(tables(least_distance=0.6), cuts(), st.data())
def test_labels_survive_candidates_that_are_a_little_elsewhere(picks, parameters, data):
    rows = [row for row in range(len(picks)) if data.draw(st.booleans())]
    verdicts = data.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows)))
    labels = [
        label(k + 1, tuple(picks.centers_yx[row]), accepted=verdict)
        for k, (row, verdict) in enumerate(zip(rows, verdicts, strict=True))
    ]
    shift = data.draw(st.tuples(*[st.floats(-0.1, 0.1)] * 2))
    order = data.draw(st.permutations(range(len(picks))))
    moved = replace(picks, centers_yx=picks.centers_yx + np.array(shift) * DIAMETER_PX)
    moved = moved.where(np.array(order, int))
    review = review_picks(moved, labels, DIAMETER_PX)
    assert len(review) == len(picks)
    states = review.decide(parameters)
    for row, verdict in zip(rows, verdicts, strict=True):
        by_hand = State.ACCEPTED_BY_HAND if verdict else State.REJECTED_BY_HAND
        assert states[order.index(row)] == by_hand


@settings(max_examples=50)
@given(tables(least_distance=0.6), cuts(), st.data())
def test_flipping_twice_restores(picks, parameters, data):
    review = review_picks(picks, [], DIAMETER_PX)
    before = is_accepted(review.decide(parameters))
    if not len(review):
        return
    row, labels = data.draw(st.integers(0, len(review) - 1)), ()
    for expected in (~before[row], before[row]):
        alone = review.only_by_label(parameters)
        states = review.decide(parameters)
        corrector = Corrector("m0001", review, states, alone, len(labels) + 1)
        edit = corrector.flip(row)
        labels = (*(one for one in labels if one not in edit.before), *edit.after)
        review = review_picks(picks, labels, DIAMETER_PX)
        after = is_accepted(review.decide(parameters))
        assert after[row] == expected
        np.testing.assert_array_equal(np.delete(after, row), np.delete(before, row))


@settings(max_examples=50)
@given(tables(), cuts(), label_lists())
def test_files_get_the_accepted_rows_with_scores_that_no_cut_undoes(picks, parameters, labels):
    review = review_picks(picks, labels, DIAMETER_PX)
    states = review.decide(parameters)
    written = review.accepted_coordinates(states)
    rows = np.flatnonzero(is_accepted(states))
    np.testing.assert_array_equal(written.centers_yx, review.centers_yx[rows])
    for row, score in zip(rows, written.score, strict=True):
        if states[row] == State.ACCEPTED_BY_HAND:
            assert score >= 1
        else:
            assert score == picks.figure_of_merit[row]


@settings(max_examples=50)
@given(tables(), label_lists(), st.lists(st.tuples(*[st.floats(-50, 250)] * 2), min_size=2))
def test_brush_and_click_touch_what_they_should(picks, labels, path):
    review = review_picks(picks, labels, DIAMETER_PX)
    visible = np.arange(len(review)) % 3 > 0
    start, end = np.array(path[0]), np.array(path[-1])
    points = start + np.linspace(0, 1, 400)[:, None] * (end - start)
    far = np.linalg.norm(review.centers_yx[:, None] - points, axis=2).min(axis=1)
    slack = np.linalg.norm(end - start) / 400
    touched = np.isin(np.arange(len(review)), rows_within(review, visible, [start, end], 30.0))
    assert not (touched & ~visible).any()
    assert (far[touched] <= 30.0 + slack).all()
    assert (far[~touched & visible] > 30.0 - 1e-9).all()
    distance = np.linalg.norm(review.centers_yx - start, axis=1)
    distance[~visible] = np.inf
    nearest = nearest_row(review, visible, start, 30.0)
    if nearest is None:
        assert distance.min(initial=np.inf) > 30.0
    else:
        assert distance[nearest] == distance.min()


# ---- cases


def cut(threshold=0.0, accept=None, **peaks):
    peaks = {"score": "height", "threshold": threshold, **peaks}
    return resolved(peaks=peaks, classifier={"accept": accept})


def test_doubt_is_the_distance_of_the_probability_from_the_cut():
    picks = replace(candidates(), probability=np.array([0.9, 0.45, np.nan, 0.2]))
    review = review_picks(picks, [], DIAMETER_PX)
    parameters = cut(accept=0.5)
    states = review.decide(parameters)
    assert order_by_doubt(review, states, parameters).tolist() == [1, 3, 0]
    assert order_by_doubt(review, review.decide(cut(7.5, 0.5)), cut(7.5, 0.5)).tolist() == [1, 0]


def test_what_the_classifier_is_sure_of_is_not_in_doubt():
    probability = np.array([1.0, 0.6, 0.995, 0.001])
    review = review_picks(replace(candidates(), probability=probability), [], DIAMETER_PX)
    assert order_by_doubt(review, review.decide(cut(accept=0.5)), cut(accept=0.5)).tolist() == [1]
    at_the_cut = cut(accept=0.996)  # what is close to the cut is uncertain all the same
    assert order_by_doubt(review, review.decide(at_the_cut), at_the_cut).tolist() == [2, 0, 1]


def test_doubt_is_the_distance_from_the_automatic_cut_too():
    probability = np.array([0.95, 0.9, 0.46, 0.3])
    review = review_picks(replace(candidates(), probability=probability), [], DIAMETER_PX)
    parameters = cut()
    in_use = find_cut(review.candidates, parameters)
    assert in_use.automatic
    order = np.argsort(np.abs(probability - in_use.accept))
    rows = order_by_doubt(review, review.decide(parameters), parameters)
    assert rows.tolist() == order.tolist()


def test_what_a_classifier_said_does_not_count_once_it_is_switched_off():
    review = review_picks(candidates(0.1), [], DIAMETER_PX)
    parameters = cut(6.5)
    assert (review.decide(parameters) == State.ACCEPTED).sum() == 0
    off = parameters.classifier.model_copy(update={"classifier": "none"})
    parameters = parameters.model_copy(update={"classifier": off})
    states = review.decide(parameters)
    assert (states == State.ACCEPTED).sum() == 3
    assert order_by_doubt(review, states, parameters).tolist() == [2, 3, 1, 0]


def test_doubt_without_a_classifier_is_the_distance_from_the_threshold_on_both_sides():
    labels = [label(1, (0.0, 0.0), accepted=False), label(2, (60.0, 60.0))]
    review = review_picks(candidates(), labels, DIAMETER_PX)
    parameters = cut(3.4, level=2)  # heights are 9, 8, 7 and 6, and the first is labelled
    states = review.decide(parameters)
    assert order_by_doubt(review, states, parameters).tolist() == [2, 3, 1]


def test_an_added_particle_hides_the_candidate_that_another_label_left():
    """A label takes its candidate along; whatever lies where it went is the same particle."""
    moved = label(1, (0.0, 100.0), anchor=(0.0, 0.0))
    review = review_picks(candidates(), [moved], DIAMETER_PX)
    states = review.decide(cut())
    assert states.tolist() == [State.ACCEPTED_BY_HAND, State.BELOW, *[State.ACCEPTED] * 2]
    assert len(review.accepted_coordinates(states)) == 3


def test_nothing_is_no_trouble():
    nobody = Picks(np.empty((0, 2)), *[np.empty(0)] * 3, np.empty(0, bool))
    review = review_picks(nobody, [], DIAMETER_PX)
    states = review.decide(cut())
    assert len(review) == len(states) == len(review.accepted_coordinates(states)) == 0
    assert nearest_row(review, states > 0, (0, 0), 1e9) is None
    assert rows_within(review, states > 0, [(0, 0)], 1e9).tolist() == []
    assert order_by_doubt(review, states, cut(accept=0.5)).tolist() == []


def test_fifty_thousand_candidates_are_handled():
    rng = np.random.default_rng(0)
    centers = np.argwhere(np.ones((250, 200))) * DIAMETER_PX + rng.uniform(-9, 9, (50_000, 2))
    height = np.linspace(1, 0, len(centers))
    picks = Picks(centers, height, height, height, np.zeros(len(centers), bool))
    labels = [
        label(k + 1, tuple(centers[row]), accepted=bool(k % 2))
        for k, row in enumerate(range(0, 50_000, 25))
    ]
    review = review_picks(picks, labels, DIAMETER_PX)
    for threshold in np.linspace(0, 1, 10):
        states = review.decide(cut(threshold, accept=0.5))
    touched = rows_within(review, states > 0, [(0, 0), (4000, 4000)], 100.0)
    order_by_doubt(review, states, cut(0.5, accept=0.5))
    assert len(review) == 50_000
    assert (states > State.ACCEPTED).sum() == 2000
    assert 0 < len(touched) < 2000


def test_picks_on_dirt_are_told_and_not_asked_about():
    picks = replace(candidates(0.5), clearance=np.array([0.0, 9.0, 0.1, np.nan]))
    review = review_picks(picks, [label(1, (50.0, 50.0))], DIAMETER_PX)
    assert review.on_dirt(PARAMETERS).tolist() == [True, False, True, False, False]
    assert review.describe(0, PARAMETERS) == "P(particle) 0.50, on dirt"
    assert review.describe(1, PARAMETERS) == "P(particle) 0.50"
    assert review.describe(4, PARAMETERS) == "added by hand"
    assert order_by_doubt(review, review.decide(PARAMETERS), PARAMETERS).tolist() == [1, 3]
