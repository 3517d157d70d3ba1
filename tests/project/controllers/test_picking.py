"""Jobs that pick: what lands, what does not, and where it is kept."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from napari_drpnet import pick, read_micrograph
from napari_drpnet.picking.networks.weights import find_weights, read_card_and_hash, save_network
from napari_drpnet.project.stages import cache
from napari_drpnet.project.state.edits import MicrographEdit
from napari_drpnet.project.storage import store
from waiting import LIMIT_S


@pytest.fixture
def opened(desk, discs):
    """A desk with three micrographs, of which none is picked, and a diameter."""
    desk.open(*discs)
    desk.session.change("particle", diameter_angstrom=36.0)
    return desk


@pytest.fixture
def lacking(desk):
    """What the user was asked for."""
    names = []
    desk.session.picking.lacking.connect(names.append)
    return names


def summaries(desk):
    return [desk.session.summaries[name] for name in desk.project.micrographs]


def statuses(desk):
    return [summary.status for summary in summaries(desk)]


def wanted_key(desk):
    plan = desk.session.plan
    return plan.candidates_key(desk.current.record)


def candidate_files(folder):
    return sorted(path.name for path in Path(folder, "candidates").glob("*"))


def refuse(*_):
    raise OSError(28, "No space left on device")


def start_picking(desk, gate, action="pick_current"):
    getattr(desk.session.picking, action)()
    assert gate.reached.wait(LIMIT_S)


def release(desk, gate):
    gate.opened.set()
    desk.finish()


# ---- what is asked for


def test_a_pick_without_a_diameter_asks_for_it(desk, discs, lacking):
    desk.open(*discs)
    desk.session.picking.pick_current()
    desk.session.picking.pick_all()
    desk.finish()
    assert desk.texts("warning") == ["Give the particle diameter first."] * 2
    assert lacking == ["diameter_angstrom"] * 2
    assert desk.current.stored is None


def test_a_pick_without_a_pixel_size_asks_for_it(desk, tmp_path, write_discs, lacking):
    write_discs(tmp_path / "unknown.mrc", pixel_size=0)
    desk.open(tmp_path / "unknown.mrc")
    desk.pick(diameter_angstrom=36.0)
    assert lacking == ["pixel_size_angstrom"]
    assert desk.texts("warning") == ["Give the pixel size: the file does not say it."]
    assert desk.texts() == []
    desk.session.change("particle", pixel_size_angstrom=2.0)
    desk.session.picking.pick_current()
    desk.finish()
    assert desk.current.accepted_count == 16
    assert len(lacking) == 1


def test_without_micrographs_nothing_is_picked(desk):
    desk.session.change("particle", diameter_angstrom=36.0)
    desk.session.picking.pick_current()
    desk.session.picking.pick_all()
    desk.finish()
    assert desk.texts() == []


def test_all_are_picked_and_what_is_picked_already_is_left_alone(opened, monkeypatch):
    drawn, detect = [], cache.detect
    monkeypatch.setattr(cache, "detect", lambda *args: drawn.append(1) or detect(*args))
    opened.session.include(["m00002"], included=False)
    opened.pick_all()
    assert statuses(opened) == ["picked", "not picked", "picked"]
    assert summaries(opened)[2].accepted == 16
    opened.session.include(["m00002"], included=True)
    opened.pick_all()
    assert statuses(opened) == ["picked"] * 3
    opened.pick_all()
    assert len(drawn) == 3
    assert opened.texts("info")[-1] == "3 micrographs picked."


def test_cancelling_keeps_what_is_finished(opened, detector_gate):
    detector_gate.let_through = 1
    start_picking(opened, detector_gate, "pick_all")
    opened.session.picking.cancel()
    assert opened.session.runner.status("pick all").state == "cancelling"
    release(opened, detector_gate)
    assert statuses(opened) == ["picked", "not picked", "not picked"]
    assert opened.current.accepted_count == 16
    opened.pick_all()
    assert statuses(opened) == ["picked"] * 3


def test_one_that_breaks_the_engine_does_not_end_the_rest(opened, monkeypatch):
    detect = cache.detect

    def fail_once(micrograph, *others):
        if micrograph.path.stem == "disc1":
            raise RuntimeError("odd")
        return detect(micrograph, *others)

    monkeypatch.setattr(cache, "detect", fail_once)
    opened.pick_all()
    assert statuses(opened) == ["picked", "failed", "picked"]
    assert summaries(opened)[1].message == "RuntimeError: odd"


def test_a_device_that_is_not_there_is_told_once(opened):
    opened.session.change("detector", device="cuda:7")
    opened.pick_all()
    assert len(opened.texts()) == 1
    assert statuses(opened) == ["not picked"] * 3
    assert opened.session.obstacle == opened.texts()[0]
    opened.session.change("detector", device="cpu")
    opened.pick_all()
    assert opened.session.obstacle == ""


# ---- what lands


def test_another_micrograph_meanwhile(opened, detector_gate):
    start_picking(opened, detector_gate)
    opened.session.step(1)
    release(opened, detector_gate)
    assert opened.current.id == "m00002"
    assert opened.current.stored is None
    assert opened.current.map is None
    assert statuses(opened) == ["picked", "not picked", "not picked"]
    opened.session.step(-1)
    assert opened.current.accepted_count == 16


def test_another_diameter_meanwhile(opened, detector_gate):
    start_picking(opened, detector_gate)
    opened.session.change("particle", diameter_angstrom=44.0)
    release(opened, detector_gate)
    assert opened.current.stored.diameter_px == 18
    assert statuses(opened)[0] == "settings changed"
    opened.session.picking.pick_current()
    opened.finish()
    assert opened.current.stored.diameter_px == 22
    assert statuses(opened)[0] == "picked"


def test_another_sigma_meanwhile(opened, detector_gate):
    start_picking(opened, detector_gate)
    opened.session.change("peaks", sigma_px=0.5)
    release(opened, detector_gate)
    assert opened.current.stored.key == wanted_key(opened)
    parameters = opened.project.settings.parameters
    expected = pick(read_micrograph(opened.current.record.path), parameters, all_candidates=True)
    found = opened.current.stored.picks
    np.testing.assert_array_equal(found.centers_yx, expected.centers_yx)
    assert statuses(opened)[0] == "picked"


@pytest.mark.parametrize(
    "change",
    [("peaks", {"sigma_px": 0.5}), ("particle", {"diameter_angstrom": 44.0})],
    ids=["sigma", "diameter"],
)
def test_what_a_long_job_finds_does_not_replace_what_is_newer(opened, detector_gate, change):
    stage, values = change
    start_picking(opened, detector_gate, "pick_all")
    opened.session.change(stage, **values)
    opened.session.picking.pick_current()
    opened.main.run_until(lambda: opened.current.stored is not None, LIMIT_S)
    newer = opened.current.stored
    assert newer.key == wanted_key(opened)
    shown = []
    opened.current.points_changed.connect(lambda: shown.append(opened.current.stored.key))
    release(opened, detector_gate)
    assert set(shown) <= {newer.key}
    assert opened.session.store.load_candidates("m00001").key == newer.key
    assert statuses(opened) == ["picked", "settings changed", "settings changed"]


def test_what_a_long_job_finds_follows_sliders_that_have_moved(opened, detector_gate):
    start_picking(opened, detector_gate, "pick_all")
    opened.session.change("peaks", sigma_px=0.5)
    release(opened, detector_gate)
    assert opened.current.stored.key == wanted_key(opened)
    assert statuses(opened) == ["picked", "settings changed", "settings changed"]
    opened.session.step(1)
    opened.finish()
    assert statuses(opened) == ["picked", "picked", "settings changed"]


def test_a_micrograph_that_is_removed_meanwhile(opened, detector_gate):
    record = opened.current.record
    start_picking(opened, detector_gate)
    opened.session.do(MicrographEdit(before=(record,), after=()))
    assert opened.current.id == "m00002"
    release(opened, detector_gate)
    assert opened.current.stored is None
    assert statuses(opened) == ["not picked"] * 2
    opened.session.undo()
    opened.current.select(record.id)
    assert opened.current.accepted_count == 16  # found meanwhile, and kept


def test_a_failure_of_a_micrograph_that_is_removed_meanwhile(opened):
    record = opened.current.record
    record.path.unlink()
    opened.session.picking.pick_current()
    opened.session.do(MicrographEdit(before=(record,), after=()))
    opened.finish()
    assert statuses(opened) == ["not picked"] * 2


def test_a_micrograph_that_is_excluded_meanwhile(opened, detector_gate):
    start_picking(opened, detector_gate, "pick_all")
    opened.session.include(["m00001", "m00003"], included=False)
    release(opened, detector_gate)
    assert not opened.current.record.included
    assert opened.current.accepted_count == 16
    assert [record.id for record in opened.session.included()] == ["m00002"]


# ---- another project, or none


@pytest.mark.parametrize("action", ["pick_current", "pick_all"])
def test_nothing_of_one_project_lands_in_another(
    opened, detector_gate, tmp_path, write_discs, action
):
    write_discs(tmp_path / "other" / "x.mrc", seed=9)
    first = opened.session.store.folder
    start_picking(opened, detector_gate, action)
    assert opened.session.open_project(tmp_path / "second")
    opened.session.open_paths([tmp_path / "other"])
    opened.main.run_until(lambda: opened.current.image is not None, LIMIT_S)
    assert opened.current.id == "m00001"  # as the one that is picked in the other project
    release(opened, detector_gate)
    assert opened.current.stored is None
    assert opened.current.stored is None
    assert statuses(opened) == ["not picked"]
    assert candidate_files(first) == candidate_files(tmp_path / "second") == []
    assert opened.texts() == []
    opened.session.open_project(first)
    opened.finish()
    assert statuses(opened) == ["not picked"] * 3


def test_parts_that_are_on_their_way_do_not_land_in_another_project(
    opened, detector_gate, tmp_path, write_discs
):
    """Results wait for the main thread while it opens another project."""
    write_discs(tmp_path / "other" / "x.mrc", seed=9)
    first = opened.session.store.folder
    opened.session.open_project(tmp_path / "second")
    opened.open(tmp_path / "other")
    opened.session.open_project(first)
    opened.finish()
    detector_gate.let_through = 1
    start_picking(opened, detector_gate, "pick_all")  # the first result waits in the queue
    assert opened.session.open_project(tmp_path / "second")
    assert opened.current.id == "m00001"
    release(opened, detector_gate)
    assert opened.current.stored is None
    assert statuses(opened) == ["not picked"]


def test_a_failure_that_is_on_its_way_does_not_either(opened, detector_gate, tmp_path, write_discs):
    write_discs(tmp_path / "other" / "x.mrc", seed=9)
    first = opened.session.store.folder
    opened.session.open_project(tmp_path / "second")
    opened.open(tmp_path / "other")
    opened.session.open_project(first)
    opened.finish()
    opened.current.record.path.unlink()
    start_picking(opened, detector_gate, "pick_all")  # the second micrograph
    assert opened.session.open_project(tmp_path / "second")
    release(opened, detector_gate)
    assert statuses(opened) == ["not picked"]


def test_nothing_is_written_into_a_project_that_is_closed(new_desk, discs, detector_gate):
    desk = new_desk()
    desk.open(*discs)
    desk.session.change("particle", diameter_angstrom=36.0)
    folder = desk.session.store.folder
    start_picking(desk, detector_gate, "pick_all")
    desk.session.close()
    other = new_desk()
    assert other.session.open_project(folder)
    other.finish()
    detector_gate.opened.set()
    assert desk.session.runner.join(LIMIT_S)
    desk.main.run_pending()
    assert desk.current.stored is None
    assert candidate_files(folder) == []
    other.close()
    shutil.rmtree(folder)
    assert not folder.exists()


def test_a_closed_project_does_not_come_back_from_the_dead(new_desk, discs, detector_gate):
    desk = new_desk()
    desk.open(*discs)
    desk.session.change("particle", diameter_angstrom=36.0)
    folder = desk.session.store.folder
    start_picking(desk, detector_gate)
    desk.session.close()
    shutil.rmtree(folder)
    detector_gate.opened.set()
    assert desk.session.runner.join(LIMIT_S)
    desk.main.run_pending()
    assert not folder.exists()


def test_what_is_found_at_the_last_moment_is_not_written_any_more(new_desk, discs, gate_before):
    """After the detector nothing asks any more whether the job is wanted."""
    gate = gate_before(cache, "rank_candidates")
    desk = new_desk()
    desk.open(*discs)
    desk.session.change("particle", diameter_angstrom=36.0)
    desk.session.change("classifier", classifier="none")
    folder = desk.session.store.folder
    start_picking(desk, gate)
    desk.session.close()
    gate.opened.set()
    assert desk.session.runner.join(LIMIT_S)
    desk.main.run_pending()
    assert candidate_files(folder) == []


# ---- what is on the disk


def test_candidates_of_other_settings_are_shown_as_such_and_refreshed(new_desk, discs):
    desk = new_desk()
    desk.open(*discs)
    desk.pick()
    desk.session.step(1)
    desk.pick()
    desk.session.change("peaks", sigma_px=0.5)
    desk.finish()
    assert statuses(desk) == ["settings changed", "picked", "not picked"]
    desk.close()
    desk = new_desk()
    desk.open(*discs)
    assert desk.current.id == "m00002"
    assert statuses(desk) == ["settings changed", "picked", "not picked"]
    desk.session.step(-1)
    desk.finish()
    assert statuses(desk) == ["picked", "picked", "not picked"]  # it is shown: refreshed
    assert desk.current.stored.key == wanted_key(desk)


def test_a_micrograph_that_was_replaced_is_picked_anew(picked, write_discs):
    record, before = picked.current.record, picked.current.stored
    record.path.unlink()
    write_discs(record.path, seed=99)
    picked.session.step(1)
    picked.finish()
    assert statuses(picked)[0] == "picked"  # not looked at again yet
    picked.session.summaries.refresh()
    picked.finish()
    assert statuses(picked)[0] == "settings changed"
    picked.session.step(-1)
    picked.finish()
    assert statuses(picked)[0] == "picked"
    assert picked.current.stored.key != before.key


def test_damaged_candidates_count_as_absent(new_desk, discs):
    desk = new_desk()
    desk.open(*discs)
    desk.pick()
    (file,) = (desk.session.store.folder / "candidates").iterdir()
    desk.close()
    file.write_bytes(file.read_bytes()[:100])
    desk = new_desk()
    desk.open(*discs)
    assert statuses(desk)[0] == "not picked"
    assert desk.texts() == []


def test_weights_that_were_replaced_are_used_by_the_next_pick(opened, tmp_path):
    from safetensors.torch import load_file

    file = tmp_path / "mine.safetensors"
    source = find_weights("default", "detector")
    shutil.copy(source, file)
    opened.session.change("detector", weights=str(file))
    opened.session.picking.pick_current()
    opened.finish()
    before = opened.current.stored
    state = load_file(source)
    state["conv_1.weight"] = state["conv_1.weight"] * 0.5
    card, _ = read_card_and_hash(source)
    save_network(file, state, card)
    opened.session.picking.pick_current()
    opened.finish()
    after = opened.current.stored
    assert after.key != before.key
    np.testing.assert_allclose(after.picks.height.max(), before.picks.height.max() / 2, rtol=1e-5)
    assert statuses(opened)[0] == "picked"


def test_a_full_disk_keeps_picks_in_memory_and_they_are_saved_later(new_desk, discs, monkeypatch):
    desk = new_desk()
    desk.open(*discs)
    desk.session.change("particle", diameter_angstrom=36.0)
    folder = desk.session.store.folder
    with monkeypatch.context() as patch:
        patch.setattr(store, "write_candidates", refuse)
        desk.pick_all()
        assert statuses(desk) == ["picked"] * 3
        assert desk.current.accepted_count == 16
        (text,) = desk.texts()
        assert "No space left on device" in text
        assert "in memory" in text
        desk.session.step(1)
        desk.finish()
        assert desk.current.accepted_count == 16
        assert candidate_files(folder) == []
    desk.session.picking.pick_current()
    desk.finish()
    assert candidate_files(folder) == ["m00001.npz", "m00002.npz", "m00003.npz"]
    assert len(desk.texts()) == 1


def test_picks_of_a_full_disk_are_saved_at_the_end(new_desk, discs, monkeypatch):
    desk = new_desk()
    desk.open(*discs)
    with monkeypatch.context() as patch:
        patch.setattr(store, "write_candidates", refuse)
        desk.pick()
    desk.close()
    desk = new_desk()
    desk.open(*discs)
    assert desk.current.accepted_count == 16
