import os

import pytest

from napari_drpnet.project.controllers import statuses as module
from napari_drpnet.project.jobs.main_thread import MainThreadQueue
from napari_drpnet.project.session import Session, SessionOptions
from napari_drpnet.project.stages import decision
from waiting import LIMIT_S, finish, never_pick_unasked


@pytest.fixture
def main_thread():
    return MainThreadQueue()


@pytest.fixture
def session(tmp_path, main_thread, use_toy_weights, write_discs):
    """A session with three micrographs of 16 discs, of which the first two are picked."""
    for k in range(3):
        write_discs(tmp_path / "discs" / f"disc{k}.mrc", seed=k)
    session = Session(
        main_thread, SessionOptions(device="cpu", projects_root=tmp_path / "projects")
    )
    never_pick_unasked(session)
    session.open_paths([tmp_path / "discs"])
    finish(main_thread, session)
    session.change("particle", diameter_angstrom=36.0)
    third = list(session.project.micrographs)[2]
    session.include([third], False)
    session.picking.pick_all()
    finish(main_thread, session)
    session.include([third], True)
    yield session
    session.close()
    session.runner.join(LIMIT_S)


def test_totals_add_up_what_came_of_each(session):
    totals = session.summaries.totals()
    assert totals.counts == {"picked": 2, "not picked": 1}
    each = [session.summaries[name].accepted for name in session.project.micrographs]
    assert totals.particles == sum(each)
    assert min(each[:2]) > 8


def test_totals_leave_excluded_ones_out(session):
    first, second, _ = session.project.micrographs
    session.include([first], False)
    totals = session.summaries.totals()
    assert totals.counts == {"picked": 1, "not picked": 1}
    assert totals.particles == session.summaries[second].accepted


def test_totals_count_particles_of_other_settings(session, main_thread):
    before = session.summaries.totals().particles
    session.change("particle", diameter_angstrom=40.0)
    finish(main_thread, session)
    totals = session.summaries.totals()
    assert totals.counts == {"settings changed": 2, "not picked": 1}
    assert totals.particles == before


def test_a_failure_holds_until_the_micrograph_is_picked(session, main_thread):
    def pick_all():
        session.picking.pick_all()
        finish(main_thread, session)

    _, second, third = session.project.micrographs
    accepted = session.summaries[second].accepted
    good = {name: session.project.micrographs[name].path for name in (second, third)}
    saved = {path: path.read_bytes() for path in good.values()}
    for path in saved:
        path.write_bytes(b"nothing")
    session.change("particle", diameter_angstrom=37.0)
    pick_all()
    for name, path in good.items():
        assert session.summaries[name].status == "failed"
        assert str(path) in session.summaries[name].message
    assert session.summaries[second].accepted == accepted
    assert session.summaries[third].above_threshold == 0
    for path, data in saved.items():
        path.write_bytes(data)
    pick_all()
    assert session.summaries.totals().counts == {"picked": 3}
    assert session.summaries[third].message == ""


def fail(session, name):
    """Write nothing into the file of a micrograph; return what was in it, and its time."""
    path = session.project.micrographs[name].path
    content, status = path.read_bytes(), path.stat()
    path.write_bytes(b"nothing")
    return path, content, status.st_mtime_ns


def test_a_failure_ends_with_another_setting_or_file(session, main_thread):
    third = list(session.project.micrographs)[2]
    path, content, modified_ns = fail(session, third)
    session.picking.pick_all()
    finish(main_thread, session)
    assert session.summaries[third].status == "failed"
    session.change("classifier", accept=0.9)  # the cause is another one
    finish(main_thread, session)
    assert session.summaries[third].status == "failed"
    session.change("particle", diameter_angstrom=40.0)
    finish(main_thread, session)
    assert session.summaries[third].status == "not picked"
    session.undo()
    session.picking.pick_all()
    finish(main_thread, session)
    assert session.summaries[third].status == "failed"
    path.write_bytes(content)
    os.utime(path, ns=(modified_ns, modified_ns))
    session.summaries.refresh()
    finish(main_thread, session)
    assert session.summaries[third].status == "not picked"
    assert session.summaries[third].message == ""


def test_a_file_that_cannot_be_shown_is_a_failure_until_it_can(session, main_thread):
    third = list(session.project.micrographs)[2]
    path, content, _ = fail(session, third)
    session.step(2)
    finish(main_thread, session)
    summary = session.summaries[third]
    assert summary.status == "failed"
    assert summary.message == session.failures["image"]
    assert summary.reason(session.current.record) == summary.message.removeprefix(f"{path}: ")
    session.change("particle", diameter_angstrom=40.0)  # whatever the settings are
    session.picking.pick_current()
    finish(main_thread, session)
    assert session.summaries[third] == summary
    assert session.obstacle == summary.reason(session.current.record)
    assert session.why_no_picks == "Not picked: see the orange message"
    path.write_bytes(content)
    session.picking.pick_current()
    finish(main_thread, session)
    assert session.current.image is not None
    assert session.summaries[third].status == "picked"
    assert session.obstacle == ""


def test_a_file_that_can_be_shown_again_is_not_picked(session, main_thread):
    third = list(session.project.micrographs)[2]
    path, content, _ = fail(session, third)
    session.step(2)
    finish(main_thread, session)
    path.write_bytes(content)
    session.step(-1)
    session.step(1)
    finish(main_thread, session)
    assert session.summaries[third].status == "not picked"
    assert session.why_no_picks == "No picks yet: press Pick"


def test_no_project_no_totals(main_thread, tmp_path):
    session = Session(main_thread, SessionOptions(projects_root=tmp_path))
    assert session.summaries.totals().counts.total() == 0
    session.close()


def test_a_count_that_comes_late_does_not_replace_what_is_seen(session, main_thread, gate_before):
    gate = gate_before(decision, "review_picks")
    session.summaries.refresh()
    assert gate.reached.wait(LIMIT_S)
    session.step(1)  # counted in the thread without the label that it gets now
    session.current.set_label([0], accepted=False)
    main_thread.run_until(lambda: session.current.map is not None, 20)
    seen = session.summaries[session.current.id].accepted
    assert seen == session.current.accepted_count
    gate.opened.set()
    finish(main_thread, session)
    assert session.summaries[session.current.id].accepted == seen


def test_many_are_counted_in_parts_that_are_told_one_by_one(session, main_thread, monkeypatch):
    monkeypatch.setattr(module, "_CHUNK", 1)
    session.change("classifier", accept=0.9)
    finish(main_thread, session)
    told = []
    session.micrographs_changed.connect(told.append)
    session.change("classifier", accept=0.5)
    finish(main_thread, session)
    first, second, _ = session.project.micrographs
    assert told == [(first,), (second,)]
    assert session.summaries[second].accepted > 8


def test_cuts_and_advice_of_all_are_known(session, main_thread, automatic_weights):
    first, second, _ = session.project.micrographs
    assert session.summaries[second].accept == 0.5
    assert not session.summaries[second].automatic
    assert session.summaries[second].expected.precision == pytest.approx(0.731, abs=1e-3)
    session.change("classifier", classifier=automatic_weights(least_f1=0.99))
    session.picking.pick_all()
    finish(main_thread, session)
    for name in (first, second):  # the one that is shown, and one that is not
        summary = session.summaries[name]
        assert summary.automatic
        assert (summary.accept, summary.accepted) == (None, 0)
        assert "picks" in [one.topic for one in summary.advice]
    session.change("classifier", least_f1=0.0)
    finish(main_thread, session)
    for name in (first, second):
        summary = session.summaries[name]
        assert 0.25 < summary.accept < 0.5
        assert summary.accepted > 8
        assert "picks" not in [one.topic for one in summary.advice]


def test_labels_of_others_count_too(session, main_thread):
    first = session.current.id
    before = session.summaries[first].accepted
    session.current.set_label([0, 1], accepted=False)
    session.step(1)
    session.summaries.refresh()
    finish(main_thread, session)
    assert session.summaries[first].accepted == before - 2
    session.undo()
    assert session.current.id == first
    assert session.summaries[first].accepted == before


def test_until_it_is_known_a_status_is_being_checked(session, main_thread, gate_before):
    folder = session.store.folder
    _, second, third = session.project.micrographs
    gate = gate_before(module, "decide")
    session.open_project(folder.parent / "another")
    assert session.open_project(folder)
    assert gate.reached.wait(LIMIT_S)
    counts = {"picked": 1, "checking": 1, "not picked": 1}
    assert session.summaries.totals().counts == counts
    gate.opened.set()
    finish(main_thread, session)
    assert session.summaries.totals().counts == {"picked": 2, "not picked": 1}
    (folder / "candidates" / f"{third}.npz").write_bytes(b"damaged")
    gate = gate_before(module, "decide")
    session.open_project(folder.parent / "another")
    assert session.open_project(folder)
    assert session.summaries[third].status == "checking"
    session.current.select(third)  # no decision tells its status
    told = []
    session.micrographs_changed.connect(lambda ids: told.extend(ids))
    gate.opened.set()
    finish(main_thread, session)
    assert [session.summaries[name].status for name in (second, third)] == ["picked", "not picked"]
    assert {second, third} <= set(told)


def test_a_count_that_fails_leaves_nothing_in_checking(session, main_thread, monkeypatch):
    folder, errors = session.store.folder, []

    def fail(*_):
        raise ValueError("broken")

    monkeypatch.setattr(module, "decide", fail)
    session.runner.errored.connect(lambda kind, error: errors.append(str(error)))
    session.open_project(folder.parent / "another")
    session.open_project(folder)
    finish(main_thread, session)
    assert errors == ["broken"]
    assert session.summaries.totals().counts["checking"] == 0
