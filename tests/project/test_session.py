"""One user at work: projects, settings, undo, saving; no window."""

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from napari_drpnet.picking.parameters import PeakParameters
from napari_drpnet.project.files.export_options import ExportOptions
from napari_drpnet.project.points.review import State
from napari_drpnet.project.storage import snapshot
from waiting import LIMIT_S


def everything(desk):
    """What must be there again: the project, and what is seen of it."""
    current = desk.current
    return (
        desk.project.state,
        current.review.centers_yx.tolist(),
        current.states.tolist(),
        current.accepted_count,
    )


# ---- projects


def test_the_same_paths_open_the_same_project(new_desk, discs):
    first = new_desk()
    first.open(*discs)
    folder = first.session.store.folder
    first.close()
    second = new_desk()
    second.open(*reversed(discs))
    assert second.session.store.folder == folder
    assert len(second.project.micrographs) == 3


def test_all_is_there_after_closing(new_desk, discs):
    desk = new_desk()
    desk.open(*discs)
    desk.pick(sigma_px=1.2, threshold=0.4)
    desk.current.set_label([0, 3], accepted=False)
    desk.current.add([[1.0, 1.0]])
    desk.session.include(["m00003"], included=False)
    desk.session.undo()
    desk.session.redo()
    before, folder = everything(desk), desk.session.store.folder
    desk.close()
    desk = new_desk()
    assert desk.session.open_project(folder)
    assert everything(desk) == before  # at once, before anything is computed
    desk.finish()
    assert everything(desk) == before
    assert not desk.session.history.can_undo
    assert desk.texts() == desk.texts("warning") == []


STORY = """
import os, signal, sys
from pathlib import Path
from napari_drpnet.project.jobs.main_thread import MainThreadQueue
from napari_drpnet.project.session import Session, SessionOptions

main = MainThreadQueue()
session = Session(main, SessionOptions(device="cpu", projects_root=Path(sys.argv[1])))
session.open_paths([Path(sys.argv[2])])
main.run_until(lambda: not session.runner.is_busy, 60)
session.change("particle", diameter_angstrom=36.0)
session.picking.pick_current()
main.run_until(lambda: not session.runner.is_busy, 60)
session.change("peaks", threshold=0.25)
session.current.set_label([2], accepted=False)
session.current.add([[3.0, 4.0]])
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_all_is_there_after_a_kill(new_desk, discs, tmp_path):
    path = next(iter(discs))
    command = [sys.executable, "-c", STORY, str(tmp_path / "projects"), str(path)]
    process = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert process.returncode == -signal.SIGKILL, process.stderr
    (folder,) = (tmp_path / "projects").glob("*-*")
    assert not (folder / "project.json").exists()
    desk = new_desk()
    desk.open(folder)  # as a project, not as a folder of micrographs
    assert desk.session.store.folder == folder
    assert desk.project.settings.peaks.threshold == 0.25
    assert desk.current.states[2] == State.REJECTED_BY_HAND
    assert desk.current.review.centers_yx[-1].tolist() == [3.0, 4.0]
    assert desk.current.accepted_count == 16


def test_two_windows_do_not_share_a_project(new_desk, discs, tmp_path):
    first, second = new_desk(), new_desk()
    first.open(*discs)
    second.open(*discs)
    (text,) = second.texts()
    assert "another window has this project open" in text
    assert "close it" in text
    assert second.session.store is None
    assert len(second.project.micrographs) == 0
    second.session.open_paths(discs, folder=tmp_path / "mine")
    second.finish()
    assert len(second.project.micrographs) == 3
    first.close()
    assert second.session.open_project(first_folder := next((tmp_path / "projects").glob("*-*")))
    assert second.session.store.folder == first_folder


def test_a_project_opens_at_the_micrograph_that_was_shown_last(new_desk, discs, tmp_path):
    desk = new_desk()
    desk.open(*discs)
    desk.session.step(1)
    folder, shown = desk.session.store.folder, desk.current.id
    desk.session.open_project(tmp_path / "another")
    desk.session.open_project(folder)
    assert desk.current.id == shown == "m00002"
    desk.session.step(1)
    desk.close()
    desk = new_desk()
    desk.open(*discs)
    assert desk.current.id == "m00003"
    desk.session.open_project(tmp_path / "another")
    (folder / "last_shown.txt").write_text("m00099")
    desk.session.open_project(folder)
    assert desk.current.id == "m00001"


def test_a_project_that_cannot_be_opened_leaves_the_one_that_is(picked, tmp_path):
    before, folder = everything(picked), picked.session.store.folder
    bad = tmp_path / "bad"
    bad.mkdir()
    (bad / "project.json").write_text("{")
    assert not picked.session.open_project(bad)
    (tmp_path / "file").write_text("")
    assert not picked.session.open_project(tmp_path / "file")
    assert len(picked.texts()) == 2
    assert everything(picked) == before
    assert picked.session.store.folder == folder


def test_the_project_that_is_open_may_be_opened_again(picked):
    before = everything(picked)
    folder = picked.session.store.folder
    assert picked.session.open_project(folder)
    picked.open(folder)
    assert everything(picked) == before
    assert picked.session.history.can_undo
    assert picked.texts() == []


def test_a_folder_with_the_project_of_another_program_is_a_folder(desk, discs):
    folder = next(iter(discs)).parent
    (folder / "project.json").write_text(json.dumps({"project": "of another program"}))
    desk.open(folder)
    assert len(desk.project.micrographs) == 3


def test_another_project_shows_its_own_and_nothing_of_the_first(picked, tmp_path):
    first = picked.session.store.folder
    picked.session.change("peaks", sigma_px=2.5)
    picked.finish()
    told = []
    picked.session.project_changed.connect(
        lambda: told.append((picked.current.record, picked.current.review, picked.current.image))
    )
    assert picked.session.open_project(tmp_path / "second")
    assert told == [(None, None, None)]
    assert not picked.session.history.can_undo
    assert picked.project.micrographs == {}
    assert picked.project.settings.peaks.sigma_px == 2.5  # a new project starts from these
    picked.session.change("peaks", sigma_px=4.0)
    picked.session.open_project(first)
    assert picked.current.accepted_count == 16
    assert picked.project.settings.peaks.sigma_px == 2.5
    picked.finish()


def test_a_new_project_has_no_list_of_the_one_before(desk, discs, tmp_path):
    path = next(iter(discs))
    star = tmp_path / "micrographs.star"
    star.write_text(f"data_\nloop_\n_rlnMicrographName\n{path}\n")
    desk.open(star)
    assert desk.project.settings.micrographs_star == star
    desk.session.open_project(tmp_path / "second")
    assert desk.project.settings.micrographs_star is None


def test_closing_twice_is_allowed_and_ends_all_work(picked):
    picked.session.picking.pick_all()
    picked.session.close()
    picked.session.close()
    assert picked.session.runner.join(LIMIT_S)
    picked.main.run_pending()
    assert picked.texts() == []


# ---- settings


def test_values_that_cannot_be_are_told_and_change_nothing(desk):
    told = []
    desk.session.settings_changed.connect(lambda: told.append(1))
    desk.session.change("particle", diameter_angstrom=-3)
    desk.session.change("peaks", sigma_px=1e9, level=7)
    assert desk.project.settings.particle is None
    assert desk.project.settings.peaks == PeakParameters()
    assert len(told) == 2  # so that fields show what counts
    assert desk.texts()[0].startswith("diameter_angstrom: ")
    assert "sigma_px: " in desk.texts()[1]
    assert "level: " in desk.texts()[1]
    desk.session.change("particle", polarity="green")
    assert desk.texts()[2].startswith("polarity: ")
    assert desk.session.draft.polarity == "auto"


def test_a_slider_is_one_step_until_it_is_let_go(picked):
    before = picked.project.settings.peaks.threshold
    for thresholds in ((0.2, 0.3, 0.4), (0.5, 0.6)):
        for threshold in thresholds:
            picked.session.change("peaks", live=True, threshold=threshold)
        picked.session.settle()
    assert picked.session.history.undo_title == "Change threshold"
    picked.session.undo()
    assert picked.project.settings.peaks.threshold == 0.4
    picked.session.undo()
    assert picked.project.settings.peaks.threshold == before


def test_the_threshold_only_compares(picked):
    """No job runs, and the states follow at once."""
    heights = picked.current.stored.picks.height
    for cut in np.quantile(heights, [0.9, 0.5, 0.1]):
        picked.session.change("peaks", live=True, threshold=float(cut))
        assert picked.current.above_count == (heights >= cut).sum()
        assert picked.session.summaries[picked.current.id].accepted == picked.current.accepted_count
    assert not picked.session.runner.is_busy


def test_what_the_settings_lack_is_said(desk, tmp_path):
    assert desk.session.plan is None
    assert desk.session.problem == "Give the particle diameter first."
    desk.session.change("particle", diameter_angstrom=36.0)
    assert desk.session.problem is None
    assert desk.session.plan.parameters.peaks.sigma_px == 1.5  # as the weights recommend
    desk.session.change("peaks", score="prominence")
    assert "give a threshold" in desk.session.problem
    desk.session.undo()
    desk.session.change("classifier", classifier="unheard-of")
    assert "unheard-of" in desk.session.problem


# ---- undo


def test_undo_shows_the_micrograph_that_it_is_about(picked):
    picked.session.step(1)
    picked.pick()
    current = picked.current
    current.set_label([1], accepted=False)
    with current.stroke(accepted=False):
        current.paint([(0.0, 0.0)], 80.0, accepted=False)
    picked.session.step(-1)
    picked.session.undo()  # the stroke, a group of edits
    assert current.id == "m00002"
    picked.session.step(-1)
    picked.session.undo()
    assert current.id == "m00002"
    picked.session.step(1)
    picked.session.redo()
    assert current.id == "m00002"
    assert current.states[1] == State.REJECTED_BY_HAND


@pytest.mark.parametrize("seed", range(4))
def test_any_story_is_undone_and_redone_step_by_step(picked, seed):
    rng, session, current = np.random.default_rng(seed), picked.session, picked.current
    session.forget_steps()
    start = picked.project.state
    row = lambda: int(rng.integers(len(current.review)))  # noqa: E731
    deeds = [
        lambda: current.click(tuple(rng.uniform(0, 160, 2))),
        lambda: current.paint(rng.uniform(0, 160, (2, 2)), 30.0, bool(rng.integers(2))),
        lambda: current.move(row(), tuple(rng.uniform(0, 160, 2))),
        lambda: current.delete([row()]),
        lambda: current.forget([row()]),
        lambda: session.change("peaks", threshold=float(rng.uniform(0, 3))),
        lambda: session.change("classifier", accept=float(rng.uniform(0, 1))),
        lambda: session.change("peaks", live=True, threshold=float(rng.uniform(0, 3))),
        lambda: session.include([current.id], bool(rng.integers(2))),
        session.undo,
        session.redo,
    ]
    for _ in range(60):
        deeds[rng.integers(len(deeds))]()
    end, states = picked.project.state, current.states.tolist()
    while session.history.can_redo:
        session.redo()
    while session.history.can_undo:
        session.undo()
    assert (picked.project.settings, picked.project.labels(current.id)) == (start.settings, ())
    assert picked.project.micrographs == start.micrographs
    assert current.accepted_count == 16
    trail = []
    while session.history.can_redo:
        session.redo()
        trail.append((picked.project.state, current.states.tolist()))
    assert any(state.labels == end.labels and seen == states for state, seen in trail)
    picked.finish()


def test_excluding_and_including_are_steps(picked):
    session = picked.session
    session.include(["m00001", "m00002"], included=False)
    assert session.history.undo_title == "Exclude 2 micrographs"
    assert [record.id for record in session.included()] == ["m00003"]
    session.include(["m00001", "m00002"], included=False)
    session.undo()
    assert len(session.included()) == 3
    assert picked.current.record.included


# ---- saving


def full(monkeypatch, *places):
    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    for place in places or ("napari_drpnet.project.storage.journal.open",):
        monkeypatch.setattr(place, fail, raising=False)


def test_a_full_disk_is_told_once_and_all_is_saved_when_there_is_room(new_desk, discs, monkeypatch):
    desk = new_desk()
    desk.open(*discs)
    desk.pick()
    with monkeypatch.context() as patch:
        full(patch)
        for row in range(4):
            desk.current.set_label([row], accepted=False)
            desk.session.sync()
        assert desk.current.accepted_count == 12
        (text,) = desk.texts()
        assert "No space left on device" in text
        assert "kept in memory" in text
    desk.session.sync()  # as each second, without another edit
    assert desk.session.store.unsaved == 0
    with monkeypatch.context() as patch:
        full(patch)
        desk.current.set_label([5], accepted=False)
    assert len(desk.texts()) == 2  # it is another time
    desk.current.set_label([6], accepted=False)
    before, folder = desk.project.state, desk.session.store.folder
    desk.session.close()
    desk = new_desk()
    desk.session.open_project(folder)
    assert desk.project.state == before
    desk.finish()


def test_a_project_with_unsaved_edits_is_not_left_for_another(picked, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        full(patch)
        picked.current.set_label([0], accepted=False)
        assert not picked.session.open_project(tmp_path / "second")
        assert "stays open" in picked.texts()[-1]
        assert picked.current.accepted_count == 15
    assert picked.session.open_project(tmp_path / "second")


def test_edits_that_are_lost_at_the_end_are_told(picked, monkeypatch):
    with monkeypatch.context() as patch:
        full(
            patch,
            "napari_drpnet.project.storage.journal.open",
            "napari_drpnet.base.atomic_file._flush",
        )
        picked.current.set_label([0], accepted=False)
        picked.current.set_label([1], accepted=False)
        picked.session.close()
    assert "Lost: the last 2 edits." in picked.texts()[-1]


def test_a_long_journal_is_made_short_now_and_then(picked, monkeypatch):
    monkeypatch.setattr("napari_drpnet.project.storage.store.LONG", 3)
    for row in range(4):
        picked.current.set_label([row], accepted=False)
    assert picked.session.store.is_long
    picked.session.sync()
    assert not picked.session.store.is_long
    content = snapshot.read_snapshot(picked.session.store.folder / "project.json")
    assert content.project == picked.project.state


def test_edits_of_a_damaged_journal_are_told(new_desk, discs):
    desk = new_desk()
    desk.open(*discs)
    folder = desk.session.store.folder
    desk.close()
    with (folder / "journal.jsonl").open("a") as file:
        file.write("no edit\n{}\n")
    desk = new_desk()
    desk.session.open_project(folder)
    (text,) = desk.texts("warning")
    assert "damaged" in text
    desk.finish()


# ---- the whole story


def test_what_is_exported_is_what_was_seen(picked, tmp_path):
    session, current = picked.session, picked.current
    session.change("peaks", threshold=float(np.median(current.stored.picks.height)))
    current.click(tuple(current.review.centers_yx[0]))
    current.add([[1.0, 2.0]])
    session.undo()
    session.redo()
    reports = []
    session.exporter.finished.connect(reports.append)
    session.exporter.export(tmp_path / "out", ExportOptions(formats=(".csv",)), only_current=False)
    picked.finish()
    (report,) = reports
    assert (report.micrographs, report.particles) == (1, current.accepted_count)
    rows = np.loadtxt(report.files[1], delimiter=",", skiprows=1, usecols=(0, 1), ndmin=2)
    seen = current.review.accepted_coordinates(current.states).centers_yx
    np.testing.assert_allclose(np.sort(rows, axis=0), np.sort(seen[:, ::-1], axis=0), atol=0.01)


def test_a_job_that_fails_is_told(picked):
    picked.session.runner.errored.emit("any", PermissionError(13, "Permission denied", "/a/b"))
    picked.session.runner.errored.emit("any", KeyError("odd"))
    assert picked.texts() == ["b: Permission denied\n/a/b", "KeyError: 'odd'"]


def test_no_work_is_left_behind_a_closed_session(new_desk, discs):
    desk = new_desk()
    desk.open(*discs)
    desk.session.change("particle", diameter_angstrom=36.0)
    desk.session.picking.pick_all()
    folder = desk.session.store.folder
    desk.session.close()
    desk.session.close()
    assert desk.session.runner.join(LIMIT_S)
    assert new_desk().session.open_project(folder)
    assert os.listdir(folder)


def test_picks_found_with_other_settings_say_with_which_diameter(picked):
    session = picked.session
    assert session.staleness == ""
    session.change("particle", polarity="dark")
    picked.finish()
    assert session.staleness == "The settings have changed: press Pick."
    session.change("particle", diameter_angstrom=40.0)
    picked.finish()
    assert session.staleness == "Picked at 36 Å: press Pick."
    session.picking.pick_current()
    assert session.staleness == ""  # it is under way
    picked.finish()
    assert session.staleness == ""
    session.step(1)
    assert session.staleness == ""


def test_undo_says_which_setting_it_has_changed(picked):
    session = picked.session
    session.change("particle", pixel_size_angstrom=2.5)
    session.undo()
    session.redo()
    assert picked.texts("info")[-2:] == [
        "Undone: pixel size default → 2.5 Å",
        "Redone: pixel size default → 2.5 Å",
    ]
    picked.current.set_label([0], accepted=False)
    session.undo()  # which is seen on the micrograph
    assert len(picked.texts("info")) == 2


def test_while_all_are_picked_nothing_asks_for_pick(desk, discs, detector_gate):
    desk.open(*discs)
    desk.session.change("particle", diameter_angstrom=36.0)
    assert desk.session.why_no_picks == "No picks yet: press Pick"
    desk.session.picking.pick_all()
    assert detector_gate.reached.wait(LIMIT_S)
    waiting = "Not picked yet: all micrographs are being picked"
    assert desk.session.why_no_picks == waiting
    desk.session.include([desk.current.id], included=False)
    assert desk.session.why_no_picks == "No picks yet: press Pick"
    detector_gate.opened.set()
    desk.finish()
