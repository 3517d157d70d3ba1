from threading import Event

import pytest

from waiting import LIMIT_S

pytest.importorskip("napari")
pytest.importorskip("pytestqt")

from qtpy.QtCore import Qt

from napari_drpnet.plugin.panels.run import RunPanel


@pytest.fixture
def panel(qtbot, viewer, session):
    panel = RunPanel(viewer)
    qtbot.addWidget(panel)
    panel.show()
    return panel


@pytest.fixture
def ready(panel, session, discs, wait):
    """The session with three micrographs and a diameter."""
    session.open_paths(list(discs))
    wait(session)
    session.change("particle", diameter_angstrom=36.0)
    return session


@pytest.fixture
def slow(session, monkeypatch):
    """Picking stops half way until it is set, or cancelled."""
    go_on, pick = Event(), session.cache.pick

    def slow_pick(record, plan, job=None):
        while not go_on.wait(0.01):
            job.advance(2, 5, "distance map")
        return pick(record, plan, job)

    monkeypatch.setattr(session.cache, "pick", slow_pick)
    yield go_on
    go_on.set()


@pytest.fixture
def click(qtbot):
    return lambda button: qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def is_idle(panel):
    return not panel.progress.is_at_work


def test_it_says_what_to_do_first(panel, session, discs, wait):
    assert "Open micrographs first" in panel.hint.text()
    assert not panel.pick.isEnabled()
    session.open_paths(list(discs))
    wait(session)
    assert panel.hint.isHidden()
    assert panel.pick.isEnabled()  # it leads to the diameter
    session.change("particle", diameter_angstrom=36.0)
    assert panel.pick.isEnabled()
    assert panel.pick_all.isEnabled()


def test_what_is_wrong_with_the_settings_is_said(panel, ready):
    ready.change("detector", weights="nothing")
    assert "no detector weights of this name" in panel.hint.text()
    assert not panel.pick.isEnabled()
    ready.undo()
    assert panel.hint.isHidden()
    assert panel.pick.isEnabled()


def test_a_failure_stays_in_the_panel_until_it_is_fixed(panel, ready, click, wait):
    path = ready.current.record.path
    content = path.read_bytes()
    path.write_bytes(b"nothing")
    click(panel.pick)
    wait(ready)
    assert "●" in panel.hint.text()
    reason = panel.hint.accessibleName()
    assert reason == ready.summaries[ready.current.id].reason(ready.current.record) != ""
    ready.step(1)
    wait(ready)
    assert panel.hint.isHidden()
    ready.step(-1)
    assert panel.hint.accessibleName() == reason
    path.write_bytes(content)
    click(panel.pick)
    wait(ready)
    assert panel.hint.isHidden()


def test_a_folder_without_micrographs_stays_in_the_panel(panel, session, tmp_path, discs, wait):
    (tmp_path / "empty").mkdir()
    session.open_paths([tmp_path / "empty"])
    wait(session)
    assert "no micrographs found" in panel.hint.text()
    session.open_paths(list(discs))
    wait(session)
    assert panel.hint.isHidden()


def test_pick_finds_the_particles_of_the_micrograph(panel, ready, click, wait):
    click(panel.pick)
    wait(ready)
    assert ready.current.accepted_count == 16
    assert is_idle(panel)


def test_while_it_picks_there_is_progress_and_cancel(panel, ready, click, slow, qtbot, wait):
    panel.resize(400, 300)
    panel.show()
    click(panel.pick)
    qtbot.waitUntil(lambda: "distance map" in panel.progress.bar.text())
    assert not is_idle(panel)
    assert panel.progress.bar.text() == "distance map 40 %"
    click(panel.progress.cancel)
    wait(ready)
    qtbot.waitUntil(lambda: is_idle(panel))
    assert ready.current.stored is None


def test_cancelling_takes_until_the_next_tile(panel, ready, click, qtbot, wait, monkeypatch):
    started, go_on = Event(), Event()

    def tile(record, plan, job=None):
        started.set()
        go_on.wait(LIMIT_S)
        job.advance(1, 5, "distance map")

    monkeypatch.setattr(ready.cache, "pick", tile)
    click(panel.pick)
    qtbot.waitUntil(started.is_set)
    qtbot.waitUntil(lambda: not is_idle(panel))
    click(panel.progress.cancel)
    qtbot.waitUntil(lambda: panel.progress.bar.text() == "Cancelling…")
    assert not panel.progress.cancel.isEnabled()
    go_on.set()
    wait(ready)
    qtbot.waitUntil(lambda: is_idle(panel))


def test_pick_all_counts_the_micrographs(panel, ready, click, slow, qtbot, wait):
    ready.include(["m00002"], False)
    click(panel.pick_all)
    qtbot.waitUntil(lambda: panel.progress.bar.text() == "Picking 1 of 2")
    slow.set()
    wait(ready)
    qtbot.waitUntil(lambda: is_idle(panel))
    statuses = [ready.summaries[name].status for name in ready.project.micrographs]
    assert statuses == ["picked", "not picked", "picked"]


def test_pick_all_needs_a_micrograph_that_is_included(panel, ready):
    ready.include(list(ready.project.micrographs), False)
    assert not panel.pick_all.isEnabled()
    assert panel.pick.isEnabled()


def test_a_panel_that_opens_late_knows_what_runs(panel, ready, click, slow, qtbot, viewer):
    click(panel.pick)
    qtbot.waitUntil(lambda: ready.runner.status("pick").total == 5)
    late = RunPanel(viewer)
    qtbot.addWidget(late)
    late.resize(400, 300)
    late.show()
    assert not is_idle(late)
    assert late.progress.bar.text() == "distance map 40 %"


def test_the_keyboard_stays_on_the_button(panel, ready, slow, qtbot, wait):
    panel.activateWindow()
    panel.pick.setFocus()
    qtbot.waitUntil(panel.pick.hasFocus)
    qtbot.keyClick(panel.pick, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: not is_idle(panel))
    qtbot.waitUntil(panel.progress.cancel.hasFocus)
    slow.set()
    wait(ready)
    qtbot.waitUntil(panel.pick.hasFocus)


# ---- pick when shown


def test_the_first_pick_ticks_pick_when_shown(panel, ready, click, wait):
    ready.store.picks_shown = None
    assert not panel.when_shown.isChecked()
    click(panel.pick)
    wait(ready)
    assert panel.when_shown.isChecked()
    assert panel.ahead.text() == "The next one is prepared."
    ready.step(1)
    wait(ready)
    assert ready.current.accepted_count == 16


def test_a_click_switches_pick_when_shown(panel, ready, wait, qtbot):
    # the box itself is at the left end of the check box
    click_box = lambda: qtbot.mouseClick(  # noqa: E731
        panel.when_shown, Qt.MouseButton.LeftButton, pos=panel.when_shown.rect().center() / 4
    )
    click_box()
    assert panel.when_shown.isChecked()
    assert ready.ahead.is_on
    wait(ready)
    assert ready.current.accepted_count == 16
    click_box()
    assert not ready.ahead.is_on
    assert panel.ahead.text() == ""


def test_picking_of_what_is_shown_is_told_and_can_be_cancelled(panel, ready, click, slow, qtbot):
    ready.ahead.turn(True)
    qtbot.waitUntil(lambda: panel.ahead.text() == "Picking…")
    qtbot.waitUntil(lambda: panel.progress.is_at_work)
    click(panel.progress.cancel)
    qtbot.waitUntil(lambda: is_idle(panel))
    assert ready.current.stored is None
