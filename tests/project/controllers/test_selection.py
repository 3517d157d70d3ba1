"""Selected points: verdicts on them, and the round of the uncertain ones, without a window."""

import numpy as np
import pytest

from napari_drpnet.base.picks import Picks
from napari_drpnet.project.controllers.selection import rows_at
from napari_drpnet.project.jobs.main_thread import MainThreadQueue
from napari_drpnet.project.points.review import State, review_picks
from napari_drpnet.project.session import Session, SessionOptions
from napari_drpnet.project.state.labels import Label
from waiting import LIMIT_S, finish, never_pick_unasked


@pytest.fixture
def session(tmp_path, write_discs, use_toy_weights):
    """One micrograph with 16 accepted discs; all have P(particle) 0.73."""
    queue = MainThreadQueue()
    session = Session(queue, SessionOptions(device="cpu", projects_root=tmp_path / "projects"))
    never_pick_unasked(session)
    for k in range(2):
        write_discs(tmp_path / "in" / f"disc{k}.mrc", seed=k)
    session.open_paths([tmp_path / "in"])
    finish(queue, session)
    session.change("particle", diameter_angstrom=36.0)
    session.picking.pick_all()
    finish(queue, session)
    assert session.current.accepted_count == 16
    yield session
    session.close()
    session.runner.join(LIMIT_S)


@pytest.fixture
def shown(session):
    """The places that the view is asked to show."""
    shown = []
    session.selection.focus_requested.connect(shown.append)
    return shown


def labels(session):
    return session.project.labels(session.current.id)


def selected(session):
    return session.selection.rows.tolist()


def test_a_box_selects_only_what_is_drawn(session):
    session.change("peaks", threshold=float(np.median(session.current.stored.picks.height)))
    below = np.flatnonzero(session.current.states == State.BELOW)
    session.selection.choose([int(below[0]), 3, 1, 999])
    assert selected(session) == [1, 3]


def test_an_outline_selects_only_what_is_drawn_inside(session):
    selection, centers = session.selection, session.current.review.centers_yx
    (y0, x0), (y1, x1) = centers.min(axis=0) - 1, centers.max(axis=0) + 1
    everything = [(y0, x0), (y0, x1), (y1, x1), (y1, x0)]
    session.current.set_label([2], accepted=False)
    session.view.show_rejected = False
    selection.choose_inside(everything)
    assert selected(session) == [row for row in range(16) if row != 2]
    selection.choose_inside([(y0, x0), (y0, x1), (y0 - 9, x1)])
    assert selected(session) == []


def test_an_outline_of_one_corner_selects_the_point_there(session):
    selection, centers = session.selection, session.current.review.centers_yx
    selection.choose_inside(centers[[4]] + 2)
    assert selected(session) == [4]
    selection.choose_inside(centers[[1]], added=True)
    assert selected(session) == [1, 4]
    selection.choose_inside([(-40.0, -40.0)], added=True)
    assert selected(session) == [1, 4]
    selection.choose_inside([(-40.0, -40.0)])
    assert selected(session) == []


def test_hidden_points_are_neither_labelled_nor_taken_back(session):
    notices, reasons = [], ["The picks are hidden."]
    session.noticed.connect(notices.append)
    session.selection.hidden_reason = lambda: reasons[0]
    session.selection.label(accepted=False)  # nothing is selected: the uncertain point is shown
    assert notices == []
    session.selection.label(accepted=False)
    assert labels(session) == ()
    reasons[0] = ""
    session.selection.label(accepted=False)
    session.selection.choose([int(np.flatnonzero(session.current.review.labelled)[0])])
    reasons[0] = "The picks are hidden."
    session.selection.take_back()
    assert len(labels(session)) == 1
    assert [notice.text for notice in notices] == ["The picks are hidden."] * 2


def test_verdicts_on_the_selection_are_one_step_and_keep_it(session):
    session.selection.choose([2, 5, 7])
    session.selection.label(accepted=False)
    assert (session.current.states == State.REJECTED_BY_HAND).sum() == 3
    assert selected(session) == [2, 5, 7]
    session.selection.label(accepted=True)
    assert set(session.current.states[[2, 5, 7]]) == {State.ACCEPTED_BY_HAND}
    session.undo()
    session.undo()
    assert labels(session) == ()


def test_labels_are_taken_back_and_added_points_go_away(session):
    session.current.add([[2.0, 2.0]])
    session.current.set_label([4], accepted=False)
    added = len(session.current.states) - 1
    session.selection.choose([4, 5, added])
    session.selection.take_back()
    assert labels(session) == ()
    assert session.current.states[4] == State.ACCEPTED
    assert selected(session) == [4, 5]
    session.undo()
    assert len(labels(session)) == 2


def test_taking_back_nothing_is_no_step(session):
    before = session.history.undo_title
    session.selection.take_back()
    session.selection.choose([1])
    session.selection.take_back()
    assert session.history.undo_title == before


def test_selected_points_stay_drawn_when_rejected_ones_are_hidden(session):
    session.view.show_rejected = False
    session.selection.choose([0])
    session.selection.label(accepted=False)
    assert session.current.visible[0]
    session.selection.clear()
    assert not session.current.visible[0]


def test_other_settings_and_another_micrograph_end_the_selection(session):
    session.selection.choose([0])
    session.change("classifier", accept=0.4)
    assert selected(session) == []
    session.selection.choose([0])
    session.step(1)
    assert selected(session) == []


def test_a_verdict_on_the_point_in_doubt_shows_the_next(session, shown):
    session.selection.show_doubt()
    first = selected(session)
    assert session.selection.in_doubt
    session.selection.label(accepted=False)
    session.selection.label(accepted=True)
    assert len(shown) == len(set(shown)) == 3
    assert [label.accepted for label in labels(session)] == [False, True]
    assert [label.center_yx for label in labels(session)] == shown[:2]
    assert selected(session) != first


def test_without_a_selection_a_verdict_only_shows_the_first_in_doubt(session, shown):
    session.selection.label(accepted=True)
    assert len(shown) == 1
    assert labels(session) == ()


def test_a_point_chosen_by_hand_is_not_in_doubt_any_more(session, shown):
    changes = []
    session.selection.show_doubt()
    session.selection.changed.connect(lambda: changes.append(session.selection.in_doubt))
    session.selection.choose(selected(session))
    session.selection.label(accepted=True)
    assert changes == [False]
    assert len(shown) == 1


def test_undo_returns_to_the_point_in_doubt(session, shown):
    session.selection.show_doubt()
    session.selection.label(accepted=False)
    session.undo()
    assert shown == [shown[0], shown[1], shown[0]]
    session.selection.label(accepted=True)
    (label,) = labels(session)
    assert (label.center_yx, label.accepted) == (shown[0], True)
    assert len(shown) == 4
    assert shown[3] not in shown[:3]


def test_undo_of_a_click_elsewhere_moves_nothing(session, shown):
    session.current.set_label([9], accepted=False)
    session.undo()
    assert shown == []


def test_the_round_ends_when_all_were_seen_and_begins_anew(session, shown):
    notices = []
    session.noticed.connect(notices.append)
    for _ in range(len(session.current.review)):
        session.selection.show_doubt()
    assert notices == []
    session.selection.show_doubt()
    assert "every uncertain point" in notices[0].text
    assert selected(session) == []
    session.selection.show_doubt()
    assert shown[-1] == shown[0]


def test_without_a_classifier_points_below_the_threshold_are_in_doubt_too(session, shown):
    session.change("classifier", classifier="none")
    parameters = session.plan.parameters
    score = np.sort(session.current.review.score(parameters))[8]
    session.change("peaks", threshold=float(score + 1e-6) / parameters.peaks.level)
    session.selection.show_doubt()
    (row,) = selected(session)
    assert session.current.states[row] == State.BELOW
    assert session.current.visible[row]
    session.selection.label(accepted=True)
    assert session.current.states[row] == State.ACCEPTED_BY_HAND


def test_before_picking_the_user_is_told_to_pick(tmp_path):
    session = Session(MainThreadQueue(), SessionOptions(projects_root=tmp_path))
    notices = []
    session.noticed.connect(notices.append)
    session.selection.label(accepted=True)
    session.selection.take_back()
    assert ["Pick" in notice.text for notice in notices] == [True]
    session.close()


def candidates():
    """Four candidates, 100 px apart."""
    column = np.arange(4.0)
    centers = np.column_stack([column / 3, 100 * column])
    return Picks(centers, 9 - column, 4 - column, np.full(4, np.nan), np.ones(4, bool))


def label(number, center, anchor=None):
    return Label(id=number, center_yx=center, anchor_yx=anchor or center, accepted=True)


def test_rows_are_found_at_their_exact_places():
    review = review_picks(candidates(), [label(1, (50.0, 50.0))], 40.0)
    places = review.centers_yx[[3, 1, 4]]
    assert rows_at(review, places).tolist() == [1, 3, 4]
    assert rows_at(review, places + 1e-9).tolist() == []
    assert rows_at(review, np.empty((0, 2))).tolist() == []
    assert rows_at(review, review.centers_yx[:, ::-1]).tolist() == [0, 4]


def test_a_moved_point_is_at_its_new_place_and_hidden_ones_nowhere():
    moved = label(1, (0.0, 8.0), anchor=(0.0, 0.0))
    near = label(2, (1 / 3, 100.0))
    review = review_picks(candidates(), [moved, near], 40.0)
    assert rows_at(review, [(0.0, 0.0)]).tolist() == []
    assert rows_at(review, [(0.0, 8.0)]).tolist() == [0]
    crowded = review_picks(candidates(), [label(1, (0.0, 95.0), anchor=(0.0, 0.0))], 40.0)
    assert crowded.hidden.tolist() == [False, True, False, False]
    assert rows_at(crowded, [(1 / 3, 100.0)]).tolist() == []
