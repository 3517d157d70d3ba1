from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_drpnet.base.picks import Picks
from napari_drpnet.project.points.corrections import Corrector, find_changes
from napari_drpnet.project.points.review import State, is_accepted, review_picks
from napari_drpnet.project.state.edits import LabelEdit, MicrographEdit, MicrographRecord
from napari_drpnet.project.state.history import History
from napari_drpnet.project.state.labels import Label
from napari_drpnet.project.state.model import Project
from resolving import resolved

DIAMETER_PX = 40.0
PARAMETERS = resolved(peaks={"score": "height", "threshold": 2.5})
PLACE = st.tuples(*[st.floats(-50, 500)] * 2)


class Sheet:
    """One micrograph with five candidates, 100 px apart; the model accepts the first three."""

    def __init__(self):
        record = MicrographRecord(
            id="m0001",
            name="a",
            path=Path("/a"),
            output="a",
            pixel_size_angstrom=None,
            defocus_angstrom=None,
        )
        self.project = Project()
        self.project.apply(MicrographEdit(before=(), after=(record,)))
        self.history = History(self.project)
        centers = np.column_stack([np.zeros(5), 100 * np.arange(5.0)])
        height = 5 - np.arange(5.0)
        self.picks = Picks(centers, height, height, np.full(5, np.nan), np.zeros(5, bool))

    @property
    def labels(self):
        return self.project.labels("m0001")

    @property
    def review(self):
        return review_picks(self.picks, self.labels, DIAMETER_PX)

    @property
    def states(self):
        return self.review.decide(PARAMETERS)

    @property
    def corrector(self):
        review = self.review
        alone = review.only_by_label(PARAMETERS)
        return Corrector("m0001", review, self.states, alone, self.project.next_label_id("m0001"))

    def do(self, edit):
        if edit is not None:
            self.history.do(edit)


@pytest.fixture
def sheet():
    return Sheet()


# ---- what each correction does


def test_verdicts_become_labels_at_the_candidates(sheet):
    edit = sheet.corrector.set_label([0, 4], accepted=True)
    assert edit.title == "Accept 2 points"
    sheet.do(edit)
    assert [label.id for label in sheet.labels] == [1, 2]
    assert [label.center_yx for label in sheet.labels] == [(0, 0), (0, 400)]
    assert sheet.states[[0, 4]].tolist() == [State.ACCEPTED_BY_HAND] * 2
    assert sheet.corrector.set_label([0, 4], accepted=True) is None
    sheet.do(sheet.corrector.set_label([0, 1, 4], accepted=False))
    assert [(label.id, label.accepted) for label in sheet.labels] == [
        (1, False),
        (2, False),
        (4, False),
    ]


def test_a_moved_candidate_is_accepted_and_its_label_stays_with_it(sheet):
    sheet.do(sheet.corrector.move([4], [(7.0, 410.0)]))
    (label,) = sheet.labels
    assert (label.anchor_yx, label.center_yx, label.accepted) == ((0, 400), (7, 410), True)
    sheet.do(sheet.corrector.move([4], [(50.0, 450.0)]))  # farther than a label reaches
    (label,) = sheet.labels
    assert (label.anchor_yx, label.center_yx) == ((0, 400), (50, 450))
    assert len(sheet.review) == 5
    assert sheet.review.centers_yx[4].tolist() == [50, 450]


def test_added_points_take_their_anchor_along_and_go_when_deleted(sheet):
    sheet.do(sheet.corrector.add([(50.0, 50.0)]))
    sheet.do(sheet.corrector.move([5], [(60.0, 60.0)]))
    (label,) = sheet.labels
    assert label.anchor_yx == label.center_yx == (60, 60)
    sheet.do(sheet.corrector.delete([5, 1]))
    assert [(label.center_yx, label.accepted) for label in sheet.labels] == [((0, 100), False)]
    assert sheet.history.undo_title == "Delete 2 points"
    sheet.history.undo()
    assert is_accepted(sheet.states).tolist() == [True] * 3 + [False] * 2 + [True]


@pytest.mark.parametrize("place", [(50.0, 50.0), (3.0, 401.0)], ids=["nowhere", "at a candidate"])
def test_an_added_point_goes_when_it_is_rejected(sheet, place):
    """The model has no candidate there, or one below the threshold."""
    before = sheet.states.tolist()
    sheet.do(sheet.corrector.add([place]))
    (row,) = np.flatnonzero(sheet.states == State.ACCEPTED_BY_HAND)
    edit = sheet.corrector.flip(row)
    assert edit.title == "Remove point"
    sheet.do(edit)
    assert sheet.labels == ()
    assert sheet.states.tolist() == before
    sheet.history.undo()
    assert sheet.states[row] == State.ACCEPTED_BY_HAND
    assert sheet.corrector.set_label([row, 0], accepted=False).title == "Reject 2 points"


def test_a_candidate_keeps_its_label_when_the_threshold_rises_above_it(sheet):
    sheet.do(sheet.corrector.set_label([4], accepted=True))  # where the threshold was lower
    sheet.do(sheet.corrector.flip(4))
    assert sheet.states[4] == State.REJECTED_BY_HAND
    sheet.do(sheet.corrector.flip(4))
    sheet.do(sheet.corrector.delete([4]))
    assert sheet.states[4] == State.REJECTED_BY_HAND


def test_a_rejected_label_whose_candidate_is_gone_stays_until_it_is_deleted(sheet):
    sheet.do(sheet.corrector.set_label([4], accepted=False))
    sheet.picks = sheet.picks.where(np.arange(4))
    assert sheet.states[4] == State.REJECTED_BY_HAND
    assert sheet.corrector.set_label([4], accepted=False) is None
    sheet.do(sheet.corrector.delete([4]))
    assert sheet.labels == ()


def test_forgetting_gives_the_verdict_back_to_the_model(sheet):
    sheet.do(sheet.corrector.set_label([0, 4], accepted=False))
    sheet.do(sheet.corrector.add([(50.0, 50.0)]))
    before = len(sheet.review)
    sheet.do(sheet.corrector.forget([0, 1, 5]))
    assert len(sheet.review) == before - 1
    assert sheet.states.tolist() == [State.ACCEPTED] * 3 + [State.BELOW, State.REJECTED_BY_HAND]
    assert sheet.corrector.forget([0, 1]) is None


def test_what_changes_nothing_is_no_edit(sheet):
    assert sheet.corrector.add(np.empty((0, 2))) is None
    assert sheet.corrector.move([], np.empty((0, 2))) is None
    assert sheet.corrector.delete([]) is None
    assert sheet.corrector.set_label([], accepted=True) is None


@given(st.data())
def test_any_story_of_corrections_can_be_taken_back_and_done_again(data):
    sheet = Sheet()
    start, ends = sheet.project.state, []
    seen = set()
    for _ in range(data.draw(st.integers(1, 8))):
        corrector, count = sheet.corrector, len(sheet.review)
        rows = data.draw(st.lists(st.integers(0, count - 1), unique=True, max_size=count))
        what = data.draw(st.sampled_from(["verdict", "flip", "add", "move", "delete", "forget"]))
        places = data.draw(st.lists(PLACE, min_size=len(rows), max_size=len(rows)))
        if what == "verdict":
            edit = corrector.set_label(rows, data.draw(st.booleans()))
        elif what == "flip":
            edit = corrector.flip(rows[0]) if rows else None
        elif what == "add":
            edit = corrector.add(places)
        elif what == "move":
            edit = corrector.move(rows, places)
        elif what == "delete":
            edit = corrector.delete(rows)
        else:
            edit = corrector.forget(rows)
        if edit is None:
            continue
        before = sheet.labels
        new = {label.id for label in edit.after} - {label.id for label in edit.before}
        assert not new & seen  # no id is given twice, also not after its label has gone
        seen |= new
        sheet.do(edit)
        done = sheet.labels
        sheet.project.apply(edit.inverse())
        assert sheet.labels == before
        sheet.project.apply(edit)
        assert sheet.labels == done
        ends.append(done)
    while sheet.history.can_undo:
        sheet.history.undo()
    assert sheet.labels == ()
    assert sheet.project.state.micrographs == start.micrographs
    while sheet.history.can_redo:
        sheet.history.redo()
    assert sheet.labels == (ends[-1] if ends else ())


# ---- what others did to a table of points

TABLES = st.lists(
    st.tuples(*[st.sampled_from([-0.0, 0.0, 1.0, 2.5, 3.0, 1e9])] * 2), max_size=8
).map(lambda rows: np.array(rows, float).reshape(-1, 2))


def as_set(points):
    return sorted((np.asarray(points).reshape(-1, 2) + 0.0).tolist())


def apply(changes, points):
    changed = np.array(points)
    changed[changes.moved] = changes.moved_to
    return np.concatenate([np.delete(changed, changes.removed, axis=0), changes.added])


@given(TABLES, TABLES)
def test_changes_make_of_one_table_the_other(before, after):
    assert as_set(apply(find_changes(before, after), before)) == as_set(after)


@given(TABLES, st.data())
def test_rows_that_others_move_delete_or_add_are_found(before, data):
    before = before + np.arange(len(before))[:, None] * 10  # no two rows are alike
    rows = data.draw(st.lists(st.integers(0, max(len(before) - 1, 0)), unique=True))
    rows = [row for row in rows if row < len(before)]
    moved = np.array(before)
    moved[rows] += 0.25
    changes = find_changes(before, moved)
    assert changes.moved.tolist() == sorted(rows)
    assert len(changes.removed) == len(changes.added) == 0
    shorter = np.delete(before, rows, axis=0)
    assert find_changes(before, shorter).removed.tolist() == sorted(rows)
    longer = np.concatenate([before, moved[rows]])
    np.testing.assert_array_equal(find_changes(before, longer).added, moved[rows])


def test_one_deleted_and_one_added_at_once_are_not_taken_for_moves():
    before = np.arange(20.0).reshape(-1, 2)
    after = np.concatenate([np.delete(before, 3, axis=0), [[0.5, 0.5]]])
    changes = find_changes(before, after)
    assert changes.removed.tolist() == [3]
    assert changes.moved.tolist() == []
    assert changes.added.tolist() == [[0.5, 0.5]]


def test_another_order_of_rows_is_no_change():
    before = np.arange(20.0).reshape(-1, 2)
    changes = find_changes(before, before[::-1])
    assert len(changes.removed) + len(changes.moved) + len(changes.added) == 0


def test_changes_of_rows_that_nobody_saw_are_left_out():
    before = np.arange(8.0).reshape(-1, 2)
    seen = np.array([True, False, True, False])
    moved = find_changes(before, before + 0.5).among(seen)
    assert moved.moved.tolist() == [0, 2]
    assert moved.moved_to.tolist() == [[0.5, 1.5], [4.5, 5.5]]
    removed = find_changes(before, np.empty((0, 2))).among(seen)
    assert removed.removed.tolist() == [0, 2]


def test_what_is_pasted_onto_itself_is_not_new():
    before = np.arange(8.0).reshape(-1, 2)
    changes = find_changes(before, np.concatenate([before, before[[2]], [[0.5, 0.5]]]))
    assert changes.added.tolist() == [[4.0, 5.0], [0.5, 0.5]]
    assert changes.without_copies(before).added.tolist() == [[0.5, 0.5]]
    nothing = find_changes(before, before).without_copies(before)
    assert nothing.added.shape == (0, 2)


# ---- labels of 2D classes


@pytest.fixture
def by_class():
    """A sheet whose first candidate was rejected with its 2D class."""
    sheet = Sheet()
    label = Label(id=1, center_yx=(0, 0), anchor_yx=(0, 0), accepted=False, source="classes")
    sheet.do(LabelEdit(micrograph="m0001", before=(), after=(label,)))
    return sheet


def test_a_class_decides_a_point(by_class):
    assert by_class.states[0] == State.REJECTED_BY_HAND


@pytest.mark.parametrize("accepted", [True, False])
def test_a_click_makes_the_label_of_a_class_one_of_the_user(by_class, accepted):
    by_class.do(by_class.corrector.set_label([0], accepted))
    (label,) = by_class.labels
    assert (label.source, label.accepted) == ("person", accepted)
    by_class.history.undo()
    assert by_class.labels[0].source == "classes"


def test_a_moved_point_is_labelled_by_the_user(by_class):
    by_class.do(by_class.corrector.move([0], [(5, 5)]))
    (label,) = by_class.labels
    assert (label.source, label.accepted) == ("person", True)


def test_a_new_point_replaces_the_label_of_a_class(by_class):
    corrector = replace(by_class.corrector, weaker=by_class.labels, reach_px=10.0)
    by_class.do(corrector.add([(3, 0)]))
    assert [label.source for label in by_class.labels] == ["person"]
    again = replace(by_class.corrector, weaker=by_class.labels, reach_px=10.0)
    assert again.set_label([0], False) is not None


def test_a_label_that_is_changed_is_not_removed_twice(by_class):
    corrector = replace(by_class.corrector, weaker=by_class.labels, reach_px=10.0)
    by_class.do(corrector.set_label([0], True))
    assert [label.accepted for label in by_class.labels] == [True]
