from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psygnal import EmitLoopError

from napari_drpnet.picking.parameters import PeakParameters
from napari_drpnet.project.state.edits import (
    EditGroup,
    LabelEdit,
    MicrographEdit,
    MicrographRecord,
    Settings,
    SettingsEdit,
)
from napari_drpnet.project.state.history import DEPTH, History
from napari_drpnet.project.state.labels import Label
from napari_drpnet.project.state.model import Project

RECORD = MicrographRecord(
    id="m0001",
    name="a",
    path=Path("/a"),
    output="a",
    pixel_size_angstrom=None,
    defocus_angstrom=None,
)


def add_label(number, title="Add"):
    label = Label(id=number, center_yx=(1, 2), anchor_yx=(1, 2), accepted=True)
    return LabelEdit(micrograph="m0001", before=(), after=(label,), title=title)


def sigma(before, after):
    return SettingsEdit(
        before=Settings(peaks=PeakParameters(sigma_px=before)),
        after=Settings(peaks=PeakParameters(sigma_px=after)),
    )


@pytest.fixture
def project():
    project = Project(Settings(peaks=PeakParameters(sigma_px=0)))
    project.apply(MicrographEdit(before=(), after=(RECORD,)))
    return project


@pytest.fixture
def recorded():
    return []


@pytest.fixture
def history(project, recorded):
    return History(project, recorded.append)


def count(project):
    return len(project.labels("m0001"))


def contents(project):
    """What the user sees; not the ids that are used up."""
    labels = {name: project.labels(name) for name in project.micrographs}
    return list(project.micrographs.values()), labels, project.settings


@given(data=st.data())
def test_undo_all_is_the_start_and_redo_all_the_end(draw_edit, data):
    project, recorded = Project(), []
    history = History(project, recorded.append)
    start = contents(project)
    moments = [start]
    for _ in range(data.draw(st.integers(1, 6))):
        if data.draw(st.booleans()):
            with history.grouped("Stroke"):
                for _ in range(data.draw(st.integers(0, 4))):
                    history.do(draw_edit(data.draw, project))
        else:
            history.do(draw_edit(data.draw, project), data.draw(st.sampled_from([None, "drag"])))
        moments.append(contents(project))
    end = contents(project)
    passed = [end]
    while history.undo():
        passed.append(contents(project))
    assert passed[-1] == start
    assert all(moment in moments for moment in passed)
    again = [start]
    while history.redo():
        again.append(contents(project))
    assert again == passed[::-1]
    replayed = Project()
    for edit in recorded:
        replayed.apply(edit)
    assert replayed.state == project.state


def test_steps_have_titles(project, history):
    assert not history.can_undo
    assert (history.undo_title, history.redo_title) == (None, None)
    assert history.undo() is None
    assert history.redo() is None
    history.do(add_label(1))
    history.do(sigma(0, 1))
    assert (history.undo_title, history.redo_title) == ("Change sigma", None)
    history.undo()
    assert (history.undo_title, history.redo_title) == ("Add", "Change sigma")
    assert history.can_undo
    assert history.can_redo


def test_what_is_recorded_is_what_was_done(history, recorded):
    edit = add_label(1)
    history.do(edit)
    assert history.undo() == edit.inverse()
    assert history.redo() == edit
    assert recorded == [edit, edit.inverse(), edit]


def test_another_edit_ends_redoing(project, history):
    history.do(add_label(1))
    history.undo()
    history.do(add_label(2))
    assert not history.can_redo
    history.undo()
    assert not history.can_undo
    assert count(project) == 0


def test_a_drag_is_one_step(project, history, recorded):
    for value in range(5):
        history.do(sigma(value, value + 1), "sigma")
    assert len(recorded) == 5
    history.undo()
    assert project.settings.peaks.sigma_px == 0
    assert not history.can_undo
    history.redo()
    assert project.settings.peaks.sigma_px == 5
    assert recorded[5:] == [sigma(5, 0), sigma(0, 5)]


@pytest.mark.parametrize(
    "between",
    [
        lambda history: history.seal(),
        lambda history: history.do(add_label(1)),
        lambda history: (history.do(add_label(1)), history.undo()),
        lambda history: (history.undo(), history.redo()),
    ],
    ids=["seal", "another edit", "undone edit", "undo and redo"],
)
def test_a_drag_ends(project, history, between):
    history.do(sigma(0, 1), "sigma")
    between(history)
    history.do(sigma(1, 2), "sigma")
    history.undo()
    assert project.settings.peaks.sigma_px == 1


def test_a_drag_after_undo_does_not_merge_with_an_earlier_step(project, history):
    history.do(add_label(1))
    history.do(sigma(0, 1), "sigma")
    history.undo()
    history.do(sigma(0, 2), "sigma")
    history.undo()
    assert (count(project), project.settings.peaks.sigma_px) == (1, 0)


def test_drags_of_two_sliders_are_two_steps(project, history):
    history.do(sigma(0, 1), "sigma")
    history.do(sigma(1, 2), "threshold")
    history.undo()
    assert project.settings.peaks.sigma_px == 1


def test_a_drag_back_to_the_start_is_no_step(project, history):
    history.do(add_label(1))
    history.do(sigma(0, 1), "sigma")
    history.do(sigma(1, 0), "sigma")
    assert history.undo_title == "Add"
    history.do(sigma(0, 2), "sigma")
    history.undo()
    assert (history.undo_title, count(project)) == ("Add", 1)


def test_a_drag_of_several_things_is_one_step(project, history):
    history.do(add_label(1, "Drag"), "drag")
    history.do(sigma(0, 1), "drag")
    assert history.undo_title == "Drag"
    history.undo()
    assert (count(project), project.settings.peaks.sigma_px) == (0, 0)


def test_an_edit_that_changes_nothing_is_no_step(history, recorded):
    history.do(sigma(0, 0))
    history.do(EditGroup(title="Nothing", edits=()))
    assert not history.can_undo
    assert recorded == []


def test_a_stroke_is_one_step_applied_and_recorded_at_once(project, history, recorded):
    history.do(add_label(9))
    history.undo()
    with history.grouped("Paint"):
        for number in (1, 2, 3):
            history.do(add_label(number))
            assert (count(project), len(recorded)) == (number, number + 2)
        assert not history.can_undo
        assert history.undo() is None
        assert history.redo() is None
    assert not history.can_redo
    assert history.undo_title == "Paint"
    history.undo()
    assert count(project) == 0


def test_an_error_in_a_stroke_leaves_what_was_done_undoable(project, history):
    with pytest.raises(ValueError), history.grouped("Paint"):
        list(map(history.do, [add_label(1), add_label(1), add_label(2)]))
    assert count(project) == 1
    assert history.undo_title == "Paint"
    history.undo()
    assert count(project) == 0


def test_a_stroke_without_effect_is_no_step(project, history):
    with history.grouped("Paint"):
        pass
    with history.grouped("Paint"):
        history.do(add_label(1))
        history.do(add_label(1).inverse())
    assert not history.can_undo


def test_a_stroke_without_edits_does_not_end_a_drag(project, history):
    told = []
    history.do(sigma(0, 1), "sigma")
    history.changed.connect(lambda: told.append(history.undo_title))
    with history.grouped("Edit points"):
        pass
    assert told == []
    history.do(sigma(1, 2), "sigma")
    history.undo()
    assert project.settings.peaks.sigma_px == 0
    assert not history.can_undo


def test_a_group_inside_a_group_belongs_to_it(project, history):
    with history.grouped("Outer"):
        with history.grouped("Inner"):
            history.do(add_label(1))
        history.do(add_label(2))
    assert history.undo_title == "Outer"
    history.undo()
    assert count(project) == 0


def test_an_edit_does_not_merge_with_a_stroke(project, history):
    history.do(sigma(0, 1), "sigma")
    with history.grouped("Paint"):
        history.do(add_label(1))
    history.do(sigma(1, 2), "sigma")
    history.undo()
    assert (count(project), project.settings.peaks.sigma_px) == (1, 1)


def test_an_edit_that_does_not_fit_is_no_step(project, history, recorded):
    history.do(add_label(1))
    with pytest.raises(ValueError):
        history.do(add_label(1))
    assert (count(project), len(recorded)) == (1, 1)
    history.undo()
    assert not history.can_undo


def test_an_edit_counts_though_it_could_not_be_recorded(project):
    def fail(edit):
        raise OSError("disk full")

    history = History(project, fail)
    with pytest.raises(OSError, match="disk full"):
        history.do(add_label(1))
    assert history.can_undo
    with pytest.raises(OSError, match="disk full"):
        history.undo()
    assert count(project) == 0
    assert history.can_redo


def test_an_edit_is_recorded_though_a_view_fails(project, history, recorded):
    def fail(name):
        raise RuntimeError("a view")

    project.labels_changed.connect(fail)
    with pytest.raises(EmitLoopError):
        history.do(add_label(1))
    assert len(recorded) == 1
    assert history.can_undo


def test_edits_by_a_listener_are_recorded_in_order(project, history, recorded):
    project.labels_changed.connect(lambda _: history.do(sigma(0, 1)))
    history.do(add_label(1))
    assert recorded == [add_label(1), sigma(0, 1)]


def test_it_tells_when_there_is_something_new_to_undo(project, history):
    titles = []
    history.changed.connect(lambda: titles.append((history.undo_title, history.redo_title)))
    history.do(add_label(1))
    history.undo()
    with history.grouped("Paint"):
        history.do(add_label(2))
    assert titles == [("Add", None), (None, "Add"), (None, None), ("Paint", None)]


def test_old_steps_are_forgotten(project, history):
    for value in range(DEPTH + 5):
        history.do(sigma(value % 2, 1 - value % 2))
    undone = 0
    while history.undo():
        undone += 1
    assert undone == DEPTH


def test_a_step_may_go_on_until_it_is_sealed(history):
    assert not history.is_merging
    assert history.undo_step is None
    history.do(sigma(0, 1), merge="sigma")
    assert history.is_merging
    assert history.undo_step == sigma(0, 1)
    history.seal()
    assert not history.is_merging
    history.do(sigma(1, 2))
    assert not history.is_merging
    assert history.undo_step == sigma(1, 2)
