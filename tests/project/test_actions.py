import pytest

from napari_drpnet.project.actions import ACTIONS
from napari_drpnet.project.jobs.main_thread import MainThreadQueue
from napari_drpnet.project.points.review import State
from napari_drpnet.project.session import Session, SessionOptions
from napari_drpnet.project.view import BRUSH_LIMITS


@pytest.fixture
def session(tmp_path, write_discs, use_toy_weights):
    queue = MainThreadQueue()
    session = Session(queue, SessionOptions(device="cpu", projects_root=tmp_path / "projects"))
    write_discs(tmp_path / "disc.mrc")
    session.open_paths([tmp_path / "disc.mrc"])
    queue.run_until(lambda: not session.runner.is_busy, 20)
    session.change("particle", diameter_angstrom=36.0)
    session.picking.pick_current()
    queue.run_until(lambda: not session.runner.is_busy, 20)
    yield session
    session.close()
    session.runner.join(10)


def do(session, *names):
    for name in names:
        ACTIONS[name].run(session)


def test_names_and_keys_are_unique():
    keys = [action.key for action in ACTIONS.values() if action.key]
    assert len(keys) == len(set(keys))
    assert all(name == action.name for name, action in ACTIONS.items())


def test_hints_are_sentences_with_their_keys():
    assert ACTIONS["doubt"].hint.endswith("[U]")
    assert "[" not in ACTIONS["forget_selected"].hint
    assert all(not action.tooltip.endswith(".") for action in ACTIONS.values())


def test_points_in_doubt_are_judged_by_keys_alone(session):
    do(session, "doubt", "accept_selected", "reject_selected", "doubt", "accept_selected")
    labels = session.project.labels(session.current.id)
    assert [label.accepted for label in labels] == [True, False, True]
    do(session, "undo", "reject_selected")
    labels = session.project.labels(session.current.id)
    assert [label.accepted for label in labels] == [True, False, False]


def test_selected_points_are_judged_and_the_verdict_taken_back(session):
    session.selection.choose([1, 2])
    do(session, "reject_selected")
    assert set(session.current.states[[1, 2]]) == {State.REJECTED_BY_HAND}
    do(session, "forget_selected")
    assert set(session.current.states[[1, 2]]) == {State.ACCEPTED}


def test_the_brush_grows_and_shrinks_within_its_limits(session):
    before = session.view.brush_diameters
    do(session, "larger_brush", "smaller_brush")
    assert session.view.brush_diameters == pytest.approx(before)
    do(session, *["larger_brush"] * 40)
    assert session.view.brush_diameters == BRUSH_LIMITS[1]
    do(session, *["smaller_brush"] * 40)
    assert session.view.brush_diameters == BRUSH_LIMITS[0]


def test_editing_goes_on_and_off(session):
    do(session, "edit")
    assert session.view.tool == "click"
    session.view.tool = "accept"
    do(session, "edit")
    assert session.view.tool == "look"


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("points", "show_points"),
        ("rejected", "show_rejected"),
        ("map", "show_map"),
        ("boxes", "show_boxes"),
    ],
)
def test_what_is_drawn_is_toggled(session, name, field):
    before = getattr(session.view, field)
    do(session, name)
    assert getattr(session.view, field) is not before
    do(session, name)
    assert getattr(session.view, field) is before
