"""Picking of what is shown, and preparation of the next micrograph."""

import numpy as np
import pytest

from napari_drpnet import pick, read_micrograph
from napari_drpnet.picking.cuts import above_threshold
from napari_drpnet.project.controllers import display
from napari_drpnet.project.stages import cache
from waiting import LIMIT_S


@pytest.fixture
def six(tmp_path, write_discs):
    """Six micrographs of 16 discs each."""
    paths = [tmp_path / "six" / f"disc{k}.mrc" for k in range(6)]
    for k, path in enumerate(paths):
        write_discs(path, seed=k)
    return paths


@pytest.fixture
def opened(desk, six):
    """A desk with six micrographs and a diameter, where nobody has picked yet."""
    desk.open(*six)
    desk.session.store.picks_shown = None
    desk.session.change("particle", diameter_angstrom=36.0)
    return desk


@pytest.fixture
def picked(opened):
    """A desk where Pick was pressed on the first of six micrographs."""
    opened.session.picking.pick_current()
    opened.finish()
    return opened


@pytest.fixture
def detected(monkeypatch):
    """Names of the micrographs that a detector was run on, in order."""
    names, detect = [], cache.detect

    def note(micrograph, *others):
        names.append(micrograph.path.stem)
        return detect(micrograph, *others)

    monkeypatch.setattr(cache, "detect", note)
    return names


@pytest.fixture
def rendered(monkeypatch):
    """Names of the micrographs that were rendered, in order."""
    names, render = [], display.render_record

    def note(rendering, job):
        names.append(rendering.path.stem)
        return render(rendering, job)

    monkeypatch.setattr(display, "render_record", note)
    return names


def step(desk, offset=1):
    desk.session.step(offset)
    desk.finish()


def stored_ids(desk):
    return sorted(desk.session.store.stored_ids())


# ---- the switch


def test_nothing_is_picked_before_pick_was_pressed(opened):
    step(opened)
    assert not opened.session.ahead.is_on
    assert opened.current.stored is None
    assert opened.session.ahead.progress == ""


@pytest.mark.parametrize("press", ["pick_current", "pick_all"])
def test_the_first_pick_switches_it_on(opened, press):
    getattr(opened.session.picking, press)()
    assert opened.session.ahead.is_on
    opened.finish()
    step(opened)
    assert opened.current.accepted_count == 16


def test_a_pick_that_is_refused_does_not_switch_it_on(desk, six):
    desk.open(*six)
    desk.session.store.picks_shown = None
    desk.session.picking.pick_current()
    desk.session.picking.pick_all()
    assert not desk.session.ahead.is_on


def test_who_switched_it_off_is_not_overruled(picked, new_desk):
    picked.session.ahead.turn(False)
    picked.session.picking.pick_current()
    picked.finish()
    step(picked)
    assert picked.current.stored is None
    folder = picked.session.store.folder
    picked.close()
    again = new_desk()
    again.session.open_project(folder)
    again.finish()
    assert again.session.store.picks_shown is False


def test_it_stays_on_in_the_project_and_only_there(picked, new_desk, tmp_path):
    folder = picked.session.store.folder
    picked.session.open_project(tmp_path / "other")
    assert not picked.session.ahead.is_on
    picked.close()
    again = new_desk()
    again.session.open_project(folder)
    assert again.session.ahead.is_on
    again.finish()
    step(again)
    assert again.current.accepted_count == 16


def test_switching_it_on_picks_what_is_shown(opened):
    opened.session.ahead.turn(True)
    opened.finish()
    assert opened.current.accepted_count == 16


# ---- the micrograph that is shown


def test_what_is_shown_is_picked_as_by_the_button_and_the_command_line(picked, new_desk, six):
    step(picked)
    shown = picked.current.stored
    plan = picked.session.plan
    picked.session.ahead.turn(False)
    step(picked)
    picked.session.picking.pick_current()
    picked.finish()
    by_button = picked.current.stored
    for stored, path in ((shown, six[1]), (by_button, six[2])):
        picks = stored.picks.where(above_threshold(stored.picks, plan.parameters))
        expected = pick(read_micrograph(path), plan.parameters)
        np.testing.assert_array_equal(picks.centers_yx, expected.centers_yx)
        np.testing.assert_array_equal(picks.height, expected.height)
        np.testing.assert_array_equal(picks.probability, expected.probability)
    again = new_desk()
    again.open(six[1])
    again.pick()
    assert again.current.stored.key == shown.key
    np.testing.assert_array_equal(again.current.stored.picks.centers_yx, shown.picks.centers_yx)
    np.testing.assert_array_equal(again.current.stored.picks.probability, shown.picks.probability)


def test_stepping_quickly_picks_only_where_it_ends(picked, detector_gate):
    detector_gate.let_through = 0
    for _ in range(4):
        picked.session.step(1)
    assert detector_gate.reached.wait(LIMIT_S)
    for _ in range(4):
        picked.session.step(-1)
    picked.session.step(3)  # m00002 was prepared: its picks may have been there at once
    detector_gate.opened.set()
    picked.finish()
    assert picked.current.record.path.stem == "disc3"
    assert picked.current.accepted_count == 16
    assert stored_ids(picked) in (["m00001", "m00004"], ["m00001", "m00002", "m00004"])


def test_an_outdated_job_ends_at_its_next_report(picked, monkeypatch):
    reports, find = [], picked.session.cache.pick

    def endless(record, plan, job=None):
        if record.path.stem != "disc1":
            return find(record, plan, job)
        while True:
            reports.append(1)
            job.advance(1, 2, "distance map")

    monkeypatch.setattr(picked.session.cache, "pick", endless)
    picked.session.step(1)
    picked.main.run_until(lambda: len(reports) > 3, LIMIT_S)
    assert picked.session.ahead.progress == "Picking…"
    step(picked)
    assert picked.current.accepted_count == 16
    assert stored_ids(picked) == ["m00001", "m00003"]


def test_a_pick_by_the_user_goes_on_when_another_one_is_shown(picked, detector_gate):
    picked.session.ahead.turn(False)
    step(picked, 2)
    detector_gate.let_through = 0
    picked.session.picking.pick_current()
    assert detector_gate.reached.wait(LIMIT_S)
    picked.session.step(1)
    detector_gate.opened.set()
    picked.finish()
    assert stored_ids(picked) == ["m00001", "m00003"]


def test_cancel_stops_it(picked, detector_gate):
    detector_gate.let_through = 0
    picked.session.step(3)
    assert detector_gate.reached.wait(LIMIT_S)
    picked.session.picking.cancel()
    detector_gate.opened.set()
    picked.finish()
    assert picked.current.stored is None
    step(picked, -3)
    step(picked, 3)
    assert picked.current.accepted_count == 16


def test_without_a_pixel_size_nothing_is_picked_and_nothing_is_called_a_failure(
    picked, tmp_path, write_discs
):
    write_discs(tmp_path / "unknown.mrc", pixel_size=0)
    picked.open(tmp_path / "unknown.mrc")
    assert picked.current.stored is None
    assert picked.session.summaries[picked.current.id].status == "not picked"
    assert picked.texts() == []
    assert picked.texts("warning") == []


def test_one_that_fails_is_told_once_and_not_tried_again(picked, detected):
    path = picked.project.micrographs["m00003"].path
    path.write_bytes(path.read_bytes()[:2000])
    for _ in range(2):
        step(picked)
    assert picked.session.summaries["m00003"].status == "failed"
    told = [text for text in picked.texts() if path.name in text]
    step(picked)
    step(picked, -1)
    assert picked.session.summaries["m00003"].status == "failed"
    assert "disc2" not in detected
    assert len(told) == len(set(told)) or len(told) <= 2
    assert picked.session.obstacle


def test_one_that_breaks_the_engine_is_not_tried_again(picked, monkeypatch):
    tried, detect = [], cache.detect

    def fail(micrograph, *others):
        if micrograph.path.stem == "disc4":
            tried.append(1)
            raise RuntimeError("odd")
        return detect(micrograph, *others)

    monkeypatch.setattr(cache, "detect", fail)
    step(picked, 4)
    assert picked.texts() == ["RuntimeError: odd"]
    step(picked, -1)
    step(picked, 1)
    assert len(tried) == 1
    assert picked.texts() == ["RuntimeError: odd"]
    picked.session.picking.pick_current()
    picked.finish()
    assert len(tried) == 2


# ---- the next micrograph


def test_the_next_one_is_prepared_and_nothing_is_saved(picked, detected, rendered):
    assert picked.session.ahead.progress == "The next one is prepared."
    assert stored_ids(picked) == ["m00001"]
    assert picked.session.summaries["m00002"].status == "not picked"
    detected.clear()
    rendered.clear()
    picked.session.step(1)
    assert picked.current.image is not None
    picked.finish()
    assert picked.current.accepted_count == 16
    assert detected == ["disc2"]
    assert rendered == []
    assert stored_ids(picked) == ["m00001", "m00002"]


def test_the_one_below_in_the_table_is_prepared(picked, detected):
    picked.session.step(1)
    picked.session.ahead.following = "m00006"
    picked.finish()
    assert detected == ["disc5"]


def test_one_image_is_kept_ready_at_most(picked):
    kept = []
    for _ in range(3):
        step(picked)
        kept.append(picked.current.display._ready[1])
    assert len({id(image) for image in kept}) == 3
    step(picked, 2)
    assert picked.current.display._ready is None


def test_it_is_prepared_again_for_another_diameter_or_display(picked, detected, rendered):
    picked.session.change("particle", diameter_angstrom=40.0)
    picked.finish()
    assert detected == ["disc1"]
    picked.session.change("peaks", sigma_px=2.0)
    picked.finish()
    assert detected.count("disc1") == 1
    view = picked.session.view
    view.display = replace_display(view.display)
    picked.finish()
    picked.session.step(1)
    assert picked.current.image is not None
    assert picked.current.image.display.contrast_limits[0] < 0


def replace_display(display):
    return display.model_copy(update={"invert": True})


def test_other_jobs_come_first(picked, detector_gate):
    detector_gate.let_through = 0
    picked.session.step(1)
    picked.main.run_until(lambda: picked.session.runner.status("prepare").state != "idle", LIMIT_S)
    assert picked.session.ahead.progress == "Preparing the next one…"
    assert detector_gate.reached.wait(LIMIT_S)
    picked.session.change("peaks", sigma_px=2.0)
    picked.main.run_until(lambda: picked.session.runner.status("prepare").state == "idle", LIMIT_S)
    detector_gate.opened.set()
    picked.finish()
    assert picked.session.ahead.progress == "The next one is prepared."


def test_one_that_cannot_be_prepared_is_not_tried_again_until_it_is_shown(picked, detected):
    path = picked.project.micrographs["m00003"].path
    path.write_bytes(b"nothing")
    step(picked)
    assert picked.texts() == []
    picked.session.change("peaks", sigma_px=2.0)
    picked.finish()
    assert picked.texts() == []
    assert picked.session.ahead.progress == ""
    step(picked)
    assert picked.texts()


def test_the_last_one_prepares_nothing(picked):
    step(picked, 5)
    assert picked.session.ahead.progress == ""
    assert picked.current.accepted_count == 16
