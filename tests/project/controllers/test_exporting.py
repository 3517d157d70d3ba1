from pathlib import Path

import numpy as np
import pytest

from napari_drpnet.formats import read_coordinates
from napari_drpnet.project.controllers import exporting as module
from napari_drpnet.project.files.export_options import ExportChoice
from napari_drpnet.project.jobs.main_thread import MainThreadQueue
from napari_drpnet.project.session import Session, SessionOptions
from waiting import LIMIT_S, finish, never_pick_unasked


@pytest.fixture
def queue():
    return MainThreadQueue()


@pytest.fixture
def session(queue, tmp_path, use_toy_weights):
    session = Session(queue, SessionOptions(device="cpu", projects_root=tmp_path / "projects"))
    never_pick_unasked(session)
    yield session
    session.close()
    session.runner.join(LIMIT_S)


@pytest.fixture
def rest(queue, session):
    return lambda: finish(queue, session)


@pytest.fixture
def picked(session, rest, write_discs, tmp_path):
    """A session with two micrographs, of which the first is picked."""
    paths = [tmp_path / f"disc{k}.mrc" for k in range(2)]
    for seed, path in enumerate(paths):
        write_discs(path, seed=seed)
    session.open_paths(paths)
    rest()
    session.change("particle", diameter_angstrom=36.0)
    session.picking.pick_current()
    rest()
    return session


def export(session, rest, folder, **choice):
    reports = []
    session.exporter.finished.connect(reports.append)
    session.exporter.choose(**choice)
    chosen = session.exporter.choice
    session.exporter.export(folder, chosen, only_current=chosen.only_current)
    rest()
    return reports


def test_included_and_picked_micrographs_are_exported(picked, rest, tmp_path):
    (report,) = export(picked, rest, tmp_path / "out")
    assert (report.folder, report.micrographs, report.particles) == (tmp_path / "out", 1, 16)
    picked.include([picked.current.id], included=False)
    (report,) = export(picked, rest, tmp_path / "none")
    assert report.micrographs == 0
    assert not (tmp_path / "none").exists()
    (report,) = export(picked, rest, tmp_path / "one", only_current=True)
    assert report.particles == 16


def test_added_particles_whose_box_would_leave_the_micrograph_are_left_out(picked, rest, tmp_path):
    before = picked.current.accepted_count
    picked.current.add([[6.0, 80.0]])
    picked.change("peaks", border_box_px=14)
    rest()
    (report,) = export(picked, rest, tmp_path)
    assert report.particles == before
    assert "1 pick left out: the box would leave the micrograph" in report.notes
    picked.change("peaks", border_box_px=12)
    rest()
    assert export(picked, rest, tmp_path)[0].particles == before + 1


def test_what_is_previewed_is_what_is_written(picked, rest, tmp_path):
    (report,) = export(picked, rest, tmp_path, program="EMAN2")
    name, text = picked.exporter.preview(picked.exporter.choice)
    assert report.files[0].name == name
    assert report.files[0].read_text().strip().startswith(text.removesuffix("…"))
    assert len(read_coordinates(report.files[0])) == picked.current.accepted_count


def test_without_picks_there_is_no_preview(session):
    assert session.exporter.preview(ExportChoice()) == ("", "")
    assert session.exporter.folder is None


def test_one_notice_tells_of_all_that_failed(picked, rest, tmp_path):
    notices = []
    picked.noticed.connect(notices.append)
    for name in ("disc0_autopick.star", "autopick.star"):
        (tmp_path / "out" / name).mkdir(parents=True)
    (report,) = export(picked, rest, tmp_path / "out", formats=())
    assert len(report.failed) == 1
    (notice,) = notices
    assert notice.level == "error"
    assert "disc0_autopick.star" in notice.text
    assert "choose another folder, and export again" in notice.text


def test_a_file_in_place_of_the_folder_is_refused_at_once(picked, rest, tmp_path):
    notices = []
    picked.noticed.connect(notices.append)
    (tmp_path / "file").write_text("kept")
    assert export(picked, rest, tmp_path / "file" / "deep" / "out") == []
    assert "file: is a file, not a folder. Choose another folder." in notices[0].text
    assert (tmp_path / "file").read_text() == "kept"


def test_the_choice_belongs_to_the_project(picked, tmp_path):
    odd = Path("/data/\udc80é")
    picked.exporter.choose(folder=odd, program="RELION 3.1", formats=(".box",), box_size_px=64)
    chosen, project = picked.exporter.choice, picked.store.folder
    told = []
    picked.exporter.choice_changed.connect(lambda: told.append(picked.exporter.choice))
    picked.open_project(tmp_path / "another")
    assert picked.exporter.choice == ExportChoice()
    assert picked.exporter.folder == tmp_path / "another" / "DRPnet"
    picked.open_project(project)
    assert picked.exporter.choice == chosen
    assert picked.exporter.folder == odd
    assert told[-1] == chosen


def test_the_box_is_as_large_as_chosen_or_as_the_particle_needs(session, picked):
    exporter = session.exporter
    assert exporter.box_size_px == exporter.default_box_size_px == 28  # of 18 pixels, even
    exporter.choose(box_size_px=64)
    assert (exporter.box_size_px, exporter.default_box_size_px) == (64, 28)
    session.current.select(None)
    exporter.choose(box_size_px=None)
    assert exporter.box_size_px is None


def test_a_damaged_choice_is_forgotten(picked, tmp_path):
    folder = picked.store.folder
    picked.exporter.choose(program="RELION 4")
    for text in ("{", '{"program": "RELION 7"}', "[]"):
        (folder / "export.json").write_text(text)
        picked.open_project(tmp_path / "another")
        picked.open_project(folder)
        assert picked.exporter.choice == ExportChoice()


def test_a_choice_that_cannot_be_kept_is_still_made(picked):
    (picked.store.folder / "export.json").mkdir()
    picked.exporter.choose(program="RELION 4")
    assert picked.exporter.choice.program == "RELION 4"


def test_a_choice_nobody_can_make_is_refused(picked):
    with pytest.raises(ValueError, match="formats must be some of"):
        picked.exporter.choose(formats=(".mrc",))
    assert picked.exporter.choice == ExportChoice()


def test_labels_of_micrographs_that_are_not_shown_are_exported(picked, rest, tmp_path):
    picked.current.set_label([0, 1], accepted=False)
    picked.current.add([[3.0, 4.0]])
    expected = picked.current.review.accepted_coordinates(picked.current.states)
    picked.step(1)
    rest()
    (report,) = export(picked, rest, tmp_path / "out", formats=(".csv",))
    assert (report.micrographs, report.particles) == (1, 15)
    written = read_coordinates(report.files[1])
    assert written.centers_yx.tolist() == pytest.approx(expected.centers_yx, abs=0.01)
    assert written.score[-1] == 1


def test_particles_added_to_a_bare_micrograph_are_exported(picked, rest, tmp_path, write_discs):
    write_discs(tmp_path / "unknown.mrc", pixel_size=0)
    picked.open_paths([tmp_path / "unknown.mrc"])
    rest()
    for name in ("m00002", "m00003"):
        picked.current.select(name)
        rest()
        picked.current.add([[30.0, 40.0], [50.0, 60.0]])
    assert picked.exporter.preview(ExportChoice(program="EMAN2")) == ("", "")
    (report,) = export(picked, rest, tmp_path / "out", formats=(".csv", ".box"))
    assert (report.micrographs, report.particles) == (2, 18)
    (failed,) = report.failed
    assert failed.endswith("unknown.mrc: give its pixel size, which the file does not say")
    boxes = read_coordinates(tmp_path / "out" / "disc1_autopick.box")
    np.testing.assert_allclose(boxes.centers_yx, [[30, 40], [50, 60]], atol=0.5)
    assert boxes.box_size_px >= 18


def test_an_export_goes_on_when_another_project_is_opened(picked, rest, tmp_path, gate_before):
    gate, reports = gate_before(module, "review_picks"), []
    picked.exporter.finished.connect(reports.append)
    picked.exporter.export(tmp_path / "out", ExportChoice(), only_current=False)
    assert gate.reached.wait(LIMIT_S)
    assert picked.open_project(tmp_path / "second")
    gate.opened.set()
    rest()
    assert reports[0].particles == 16


def test_what_could_not_be_saved_is_exported_all_the_same(picked, rest, tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("napari_drpnet.project.storage.store.write_candidates", fail)
    picked.step(1)
    picked.picking.pick_current()
    rest()
    (report,) = export(picked, rest, tmp_path / "out")
    assert (report.micrographs, report.particles) == (2, 32)


def test_the_included_micrographs_become_a_list(session, rest, write_discs, tmp_path):
    rows = [f"disc{k}.mrc {k}000.50\n" for k in range(3)]
    head = "data_micrographs\nloop_\n_rlnMicrographName\n_rlnDefocusU\n"
    (tmp_path / "list.star").write_text(head + "".join(rows))
    for seed in range(3):
        write_discs(tmp_path / f"disc{seed}.mrc", seed=seed)
    session.open_paths([tmp_path / "list.star"])
    rest()
    session.change("particle", diameter_angstrom=36.0)
    session.picking.pick_current()
    rest()
    session.include([session.current.id], included=False)
    (report,) = export(session, rest, tmp_path / "out", only_current=True, selection=True)
    assert report.files[-1] == tmp_path / "out" / "micrographs_selected.star"
    assert report.files[-1].read_text() == head + rows[1] + rows[2]
    assert report.results[-1].text == "out/micrographs_selected.star"
    (tmp_path / "list.star").unlink()
    (report,) = export(session, rest, tmp_path / "out", only_current=True)
    assert report.failed[0].startswith(str(tmp_path / "list.star"))


def test_without_a_list_of_relion_none_is_made(picked, rest, tmp_path):
    (report,) = export(picked, rest, tmp_path / "out", selection=True)
    assert "open that list" in report.notes[-1]
    assert not (tmp_path / "out" / "micrographs_selected.star").exists()


def test_good_files_are_emptied_only_on_request(picked, rest, tmp_path):
    (report,) = export(picked, rest, tmp_path / "out")
    (star,) = report.files
    picked.change("peaks", threshold=1e6)
    rest()
    (report,) = export(picked, rest, tmp_path / "out")
    assert (report.kept, report.micrographs) == ((star,), 0)
    assert len(read_coordinates(star)) == 16
    exporter = picked.exporter
    exporter.export(
        tmp_path / "out", exporter.choice, only_current=False, replace_with_empty=report.kept
    )
    rest()
    assert len(read_coordinates(star)) == 0
