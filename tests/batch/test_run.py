import errno
import json
import math
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_drpnet import batch
from napari_drpnet.base.jobs import Cancelled
from napari_drpnet.batch import AlreadyPickedError, Outputs, list_entries, pick_micrographs, task
from napari_drpnet.batch.folder import outputs
from napari_drpnet.evaluation.matching import match_one_to_one
from napari_drpnet.formats import read_coordinates
from napari_drpnet.relion.star_tables import read_tables

pytestmark = pytest.mark.usefixtures("use_toy_weights")


def index():
    (table,) = read_tables("out/autopick.star").values()
    return dict(zip(table["rlnMicrographName"], table["rlnMicrographCoordinates"], strict=True))


def strict(parameters, threshold=2.0):
    peaks = parameters.peaks.model_copy(update={"threshold": threshold})
    return parameters.model_copy(update={"peaks": peaks})


def test_picks_lie_on_the_particles_and_are_indexed(pick, write_discs, tmp_path):
    report = pick()
    truth = write_discs(tmp_path / "again.mrc", 0)
    found = read_coordinates("out/sub/m0_autopick.star").centers_yx
    assert len(match_one_to_one(found, truth, 4)) == len(found) == 16
    assert [picked.accepted for picked in report.picked] == [16, 16, 16]
    assert report.picked[0].diameter_px == 18
    assert report.failed == ()
    assert not report.interrupted
    assert index() == {f"in/sub/m{k}.mrc": f"out/sub/m{k}_autopick.star" for k in range(3)}


def test_all_formats_and_candidates(pick):
    formats = (".star", ".csv", ".box")
    report = pick(out=Outputs(Path("out"), formats, all_candidates=True))
    coordinates = [read_coordinates(f"out/sub/m0_autopick{suffix}") for suffix in formats]
    assert [len(of_one) for of_one in coordinates] == [16, 16, 16]
    assert coordinates[2].box_size_px == 28  # 1.5 × 18, rounded up to even
    candidates = read_coordinates("out/candidates.csv")
    assert len(candidates) == 3 * 16
    assert set(candidates.micrograph_names) == {f"in/sub/m{k}.mrc" for k in range(3)}
    assert report.picked[0].above_threshold == 16


def test_candidates_below_the_threshold_are_written_but_not_picked(pick, parameters):
    out = Outputs(Path("out"), all_candidates=True)
    report = pick("in/sub/m0.mrc", out=out, parameters=strict(parameters, 100.0))
    assert (report.picked[0].above_threshold, report.picked[0].accepted) == (0, 0)
    assert len(read_coordinates("out/candidates.csv")) == 16
    assert len(read_coordinates("out/m0_autopick.star")) == 0


def test_without_a_classifier_probabilities_stay_empty(pick, parameters):
    classifier = parameters.classifier.model_copy(update={"classifier": "none"})
    alone = parameters.model_copy(update={"classifier": classifier})
    pick(out=Outputs(Path("out"), all_candidates=True), parameters=alone)
    assert np.isnan(read_coordinates("out/candidates.csv").score).all()


def test_the_pixel_size_of_the_list_beats_the_header(pick, parameters):
    (entry,) = list_entries(["in/sub/m0.mrc"], "out")
    listed = replace(entry, micrograph=replace(entry.micrograph, pixel_size_angstrom=1.8))
    report = pick_micrographs([listed], parameters, Outputs(Path("out")))
    assert report.picked[0].diameter_px == pytest.approx(20)


def test_existing_picks_are_not_touched_without_being_asked(pick):
    pick()
    with pytest.raises(AlreadyPickedError, match="4 files"):
        pick()


def test_resume_keeps_what_is_finished(pick):
    pick()
    before = os.stat("out/sub/m1_autopick.star").st_mtime_ns
    Path("out/.drpnet/sub/m2.json").unlink()
    report = pick(existing="resume")
    assert [picked.earlier for picked in report.picked] == [True, True, False]
    assert os.stat("out/sub/m1_autopick.star").st_mtime_ns == before
    assert len(index()) == 3


@pytest.mark.parametrize("damage", ["{", "{}", ""])
def test_a_damaged_record_means_not_finished(pick, damage):
    pick()
    Path("out/.drpnet/sub/m2.json").write_text(damage)
    assert [picked.earlier for picked in pick(existing="resume").picked] == [True, True, False]


@pytest.mark.parametrize("number", [math.nan, math.inf])
@pytest.mark.parametrize(
    ("part", "name"), [("result", "diameter_px"), ("result", "mean_fom"), ("source", "bytes")]
)
def test_a_record_with_a_number_that_is_not_finite_means_not_finished(pick, part, name, number):
    pick()
    path = Path("out/.drpnet/sub/m2.json")
    record = json.loads(path.read_text())
    record[part][name] = number
    path.write_text(json.dumps(record))
    assert [picked.earlier for picked in pick(existing="resume").picked] == [True, True, False]


_LOST = {
    "centers_yx": [[1, None]], "height": [1], "prominence": [1], "probability": [1],
    "accepted": [True],
}  # fmt: skip


@pytest.mark.parametrize(
    "candidates", [{}, {"centers_yx": [[1]]}, {"centers_yx": ["a", "b"]}, _LOST]
)
def test_a_record_with_damaged_candidates_means_not_finished(pick, candidates):
    pick()
    path = Path("out/.drpnet/sub/m2.json")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"candidates": candidates}))
    assert [picked.earlier for picked in pick(existing="resume").picked] == [True, True, False]


def test_a_missing_output_means_not_finished(pick):
    pick()
    Path("out/sub/m0_autopick.star").unlink()
    assert not pick(existing="resume").picked[0].earlier
    assert Path("out/sub/m0_autopick.star").exists()


def test_a_changed_micrograph_is_picked_again(pick):
    pick()
    os.utime("in/sub/m1.mrc", (1, 1))
    assert [picked.earlier for picked in pick(existing="resume").picked] == [True, False, True]


def test_a_micrograph_that_is_replaced_while_it_is_picked_is_picked_again(pick, monkeypatch):
    write = task.write_outputs

    def replace_and_write(outputs, entry, *rest):
        if entry.output.name == "m1":
            entry.micrograph.path.write_bytes(Path("in/sub/m2.mrc").read_bytes())
        write(outputs, entry, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(task, "write_outputs", replace_and_write)
        assert len(pick().picked) == 3
    assert [picked.earlier for picked in pick(existing="resume").picked] == [True, False, True]
    assert all(picked.earlier for picked in pick(existing="resume").picked)


def test_a_micrograph_that_is_replaced_while_it_is_read_fails_and_is_resumed(pick, monkeypatch):
    read = task.read_micrograph

    def read_and_touch(path, *sizes):
        micrograph = read(path, *sizes)
        if path.name == "m1.mrc":
            os.utime(path, (1, 1))
        return micrograph

    with monkeypatch.context() as patch:
        patch.setattr(task, "read_micrograph", read_and_touch)
        report = pick()
    assert "m1.mrc: it changed while it was read" in report.failed[0].message
    assert [picked.earlier for picked in pick(existing="resume").picked] == [True, False, True]


@pytest.mark.parametrize("existing", ["overwrite", "resume"])
@pytest.mark.parametrize("file", ["../victim.txt", "sub/../../victim.txt", "{here}/victim.txt"])
def test_a_record_cannot_remove_files_outside_the_output_folder(pick, folder, existing, file):
    pick()
    victim = Path("victim.txt")
    victim.touch()
    record = Path("out/.drpnet/sub/m1.json")
    content = json.loads(record.read_text())
    content["result"]["files"].append(file.format(here=folder))
    record.write_text(json.dumps(content))
    assert not pick(existing=existing).picked[1].earlier
    assert victim.exists()


def test_a_record_cannot_remove_files_through_a_link(pick, folder):
    pick()
    (folder / "other").mkdir()
    victim = folder / "other/victim.txt"
    victim.touch()
    Path("out/away").symlink_to(folder / "other")
    record = Path("out/.drpnet/sub/m1.json")
    content = json.loads(record.read_text())
    content["result"]["files"].append("away/victim.txt")
    record.write_text(json.dumps(content))
    pick(existing="overwrite")
    assert victim.exists()


@pytest.mark.parametrize("place", ["out/sub", "out/.drpnet/sub"])
def test_nothing_is_written_through_a_link_in_the_output_folder(pick, folder, place):
    (folder / "other").mkdir()
    Path(place).parent.mkdir(parents=True)
    Path(place).symlink_to(folder / "other")
    with pytest.raises(AlreadyPickedError, match="a folder is a link"):
        pick(existing="overwrite")
    assert not list((folder / "other").iterdir())


def test_the_output_folder_itself_may_be_a_link(pick, folder):
    (folder / "real").mkdir()
    Path("out").symlink_to("real")
    assert len(pick().picked) == 3
    assert Path("real/sub/m0_autopick.star").exists()


def test_changed_parameters_are_picked_again_and_leave_nothing_stale(pick, parameters):
    pick(out=Outputs(Path("out"), (".star", ".box")))
    report = pick(existing="resume", parameters=strict(parameters))
    assert not any(picked.earlier for picked in report.picked)
    assert not list(Path("out").rglob("*.box"))


def test_another_device_name_is_not_another_result(pick, parameters):
    pick()
    detector = parameters.detector.model_copy(update={"device": "cpu"})
    report = pick(
        existing="resume", parameters=parameters.model_copy(update={"detector": detector})
    )
    assert all(picked.earlier for picked in report.picked)


def test_overwrite_picks_all_again(pick):
    pick()
    assert not any(picked.earlier for picked in pick(existing="overwrite").picked)


def test_the_index_has_all_that_is_finished_with_whatever_parameters(pick, parameters):
    pick("in/sub/m0.mrc")
    pick("in/sub/m1.mrc", existing="resume")
    assert set(index()) == {"in/sub/m0.mrc", "in/sub/m1.mrc"}
    pick("in/sub/m1.mrc", existing="overwrite", parameters=strict(parameters))
    assert set(index()) == {"in/sub/m0.mrc", "in/sub/m1.mrc"}


def test_another_name_of_a_micrograph_is_another_result(pick, monkeypatch, folder):
    pick("in")
    monkeypatch.chdir("in")
    report = pick(".", existing="resume", out=Outputs(folder / "out"))
    assert [picked.earlier for picked in report.picked] == [False] * 3
    (table,) = read_tables(folder / "out/autopick.star").values()
    assert set(table["rlnMicrographName"]) == {f"sub/m{k}.mrc" for k in range(3)}


def test_picks_of_another_micrograph_are_not_replaced(pick, folder):
    pick("in/sub/m0.mrc")
    other = folder / "other"
    other.mkdir()
    (other / "m0.mrc").write_bytes((folder / "in/sub/m1.mrc").read_bytes())
    with pytest.raises(AlreadyPickedError, match=r"would replace those of .*in/sub/m0\.mrc"):
        pick("other/m0.mrc", existing="resume")
    (folder / "in/sub/m0.mrc").rename(folder / "in/sub/moved.mrc")
    assert len(pick("other/m0.mrc", existing="resume").picked) == 1


def test_two_runs_do_not_share_a_folder(pick):
    def look(_):
        with pytest.raises(AlreadyPickedError, match="another run is writing into out"):
            pick(existing="overwrite")

    report = pick(on_outcome=look)
    assert len(report.picked) == 3
    assert not report.interrupted


def test_an_index_never_names_files_that_are_gone(pick):
    pick(out=Outputs(Path("out"), (".star", ".csv"), all_candidates=True))
    pick(out=Outputs(Path("out"), (".csv",)), existing="overwrite")
    assert not list(Path("out").rglob("*.star"))
    assert not Path("out/candidates.csv").exists()


def test_a_disk_that_fills_up_leaves_the_old_picks(pick, monkeypatch):
    pick()
    before = {file: file.read_bytes() for file in Path("out").rglob("*_autopick.star")}

    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(task, "write_outputs", fail)
        report = pick(existing="overwrite")
    assert [failed.message for failed in report.failed] == ["out: No space left on device"] * 3
    assert {file: file.read_bytes() for file in before} == before
    assert len(pick(existing="resume").picked) == 3


def test_bad_micrographs_are_listed_and_the_good_are_written(pick):
    Path("in/sub/m1.mrc").write_text("not an image")
    report = pick("in", "gone.mrc")
    assert len(report.picked) == 2
    assert [failed.name for failed in report.failed] == ["in/sub/m1.mrc", "gone.mrc"]
    assert "too short" in report.failed[0].message
    assert "no such file" in report.failed[1].message
    assert set(index()) == {"in/sub/m0.mrc", "in/sub/m2.mrc"}


def test_a_failed_redo_leaves_the_old_picks(pick):
    pick()
    Path("in/sub/m1.mrc").unlink()
    report = pick("in/sub/m1.mrc", existing="resume")
    assert len(report.failed) == 1
    assert Path("out/sub/m1_autopick.star").exists()


def test_outdated_picks_of_a_micrograph_that_fails_are_not_in_the_index(pick, parameters):
    out = Outputs(Path("out"), all_candidates=True)
    pick(out=out)
    Path("in/sub/m1.mrc").write_text("not an image")
    pick(out=out, existing="resume")
    assert set(index()) == {"in/sub/m0.mrc", "in/sub/m2.mrc"}
    assert "m1" not in Path("out/candidates.csv").read_text()
    assert Path("out/sub/m1_autopick.star").exists()
    assert pick("in/sub/m1.mrc", out=out, existing="resume").index is not None
    for name in ("m0", "m2"):
        Path(f"in/sub/{name}.mrc").unlink()
    assert pick("in/sub/m1.mrc", out=out, existing="resume").index is None
    assert not Path("out/autopick.star").exists()


def test_an_unforeseen_error_is_noted_with_its_traceback(pick, monkeypatch):
    def fail(path, *_):
        raise ZeroDivisionError("surprise")

    monkeypatch.setattr(task, "read_micrograph", fail)
    (failed, *_) = pick().failed
    assert failed.message == "in/sub/m0.mrc: ZeroDivisionError: surprise"
    assert "Traceback" in failed.details


def test_a_full_disk_is_reported_for_its_file(pick, monkeypatch):
    def write(path, *rest, **settings):
        if "m1" in str(path):
            raise OSError(28, "No space left on device", str(path))
        real(path, *rest, **settings)

    real = outputs.write_coordinates
    monkeypatch.setattr(outputs, "write_coordinates", write)
    report = pick()
    assert len(report.picked) == 2
    assert report.failed[0].message == "out/sub/m1_autopick.star: No space left on device"
    assert "in/sub/m1.mrc" not in index()


@pytest.mark.parametrize("stop", [KeyboardInterrupt, Cancelled])
def test_an_interrupted_batch_keeps_and_indexes_what_is_finished(pick, stop):
    class Job:
        calls = 0

        def advance(self, done, total, stage):
            Job.calls += stage == "distance map"
            if Job.calls == 2:  # the second micrograph
                raise stop

    report = pick(job=Job())
    assert report.interrupted
    assert [picked.name for picked in report.picked] == ["in/sub/m0.mrc"]
    assert set(index()) == {"in/sub/m0.mrc"}
    assert len(pick(existing="resume").picked) == 3


def test_leftovers_of_a_killed_run_are_removed(pick):
    leftovers = [
        Path("out/sub/.m0_autopick-abcd1234.part.star"),
        Path("out/.logfile-abcd1234.part.pdf"),
    ]
    leftovers[0].parent.mkdir(parents=True)
    for leftover in leftovers:
        leftover.touch()
    pick(existing="resume")
    assert not any(leftover.exists() for leftover in leftovers)


def test_a_run_without_any_success_does_not_stand_in_the_way_of_the_next(pick):
    assert pick("gone.mrc").index is None
    assert len(pick().picked) == 3


def test_a_micrograph_that_is_gone_leaves_the_index_and_one_asked_for_stays(pick):
    pick()
    Path("in/sub/m0.mrc").unlink()
    Path("in/sub/m1.mrc").unlink()
    pick("in/sub/m1.mrc", "in/sub/m2.mrc", existing="resume", out=Outputs(Path("out/sub")))
    assert len(index()) == 3  # of another folder
    pick("in", existing="resume")
    assert set(index()) == {"in/sub/m2.mrc"}


def test_a_project_that_has_moved_keeps_its_index(pick, folder, monkeypatch):
    pick()
    moved = folder.with_name(f"{folder.name}-moved")
    folder.rename(moved)
    monkeypatch.chdir(moved)
    pick("in/sub/m0.mrc", existing="resume", out=Outputs(Path("out")))
    assert len(index()) == 3


def test_an_index_of_another_program_stays_when_nothing_is_picked(pick):
    Path("out").mkdir()
    Path("out/autopick.star").write_text("of the window")
    pick("gone.mrc", existing="resume")
    assert Path("out/autopick.star").read_text() == "of the window"


def test_relion_3_finds_the_list_behind_the_suffix(pick):
    pick(out=Outputs(Path("out"), (".csv", ".star"), micrographs_star=Path("mics.star")))
    assert Path("out/coords_suffix_autopick.star").read_text() == "mics.star\n"


def test_csv_alone_has_no_index(pick):
    assert pick(out=Outputs(Path("out"), (".csv",))).index is None
    assert not Path("out/autopick.star").exists()


def test_a_folder_that_cannot_be_written_to_is_found_out_first(pick):
    Path("out").write_text("a file")
    with pytest.raises(OSError, match="out"):
        pick()


def test_outcomes_are_told_one_by_one(pick):
    told = []
    report = pick(on_outcome=told.append)
    assert tuple(told) == report.picked


def test_records_are_plain_json(pick):
    pick()
    record = json.loads(Path("out/.drpnet/sub/m0.json").read_text())
    assert record["settings"]["particle"]["diameter_angstrom"] == 36
    assert record["result"]["files"] == ["sub/m0_autopick.star"]


def test_unknown_formats_are_refused():
    with pytest.raises(ValueError, match="formats"):
        batch.Outputs(Path("out"), (".xyz",))


#: A record as the version before segmenters wrote it, with words in place of what differs.
OLD_RECORD = (
    '{"version":"0.1.0","settings":{"particle":{"diameter_angstrom":36.0,'
    '"pixel_size_angstrom":null,"polarity":"auto"},"detector":{"weights":"DETECTOR",'
    '"precision":"float32","normalization":"robust","map_units":"absolute"},"peaks":{'
    '"sigma_px":1.5,"threshold":0.0,"level":1,"score":"height","min_distance":0.5,"border":'
    '0.5,"max_count":null},"classifier":{"classifier":"CLASSIFIER","accept":0.5,"least_f1":'
    '0.0},"outputs":{"endings":["_autopick.star"],"box_size_px":null,"all_candidates":'
    'false}},"source":{"name":"in/sub/m0.mrc","path":"PATH","bytes":103424.0,"modified":'
    'MODIFIED,"pixel_size_angstrom":null},"result":{"name":"in/sub/m0.mrc","files":['
    '"sub/m0_autopick.star"],"accepted":16,"above_threshold":16,"mean_fom":'
    '0.7310585786300049,"fom_quantiles":[0.7310585786300049,0.7310585786300049,'
    '0.7310585786300049,0.7310585786300049,0.7310585786300049],"doubtful":0,"accept":0.5,'
    '"automatic":false,"expected_precision":0.7310585786300049,"expected_recall":1.0,'
    '"expected_f1":0.8446375965030365,"valid_share":1.0,"diameter_px":18.0,'
    '"pixel_size_angstrom":2.0,"polarity":"dark","polarity_confidence":1.0,"seconds":'
    '5.282892094000999,"earlier":false,"advice":[{"topic":"diameter","text":"A particle '
    "diameter of 36 Å is smaller than what can be seen in ice. If you meant 36 nm, give 360 "
    'Å."}]},"candidates":null}'
)


def test_records_of_the_version_before_segmenters_still_resume(pick, parameters):
    new, _ = task.PickTask.prepare(parameters, Outputs(Path("out")))
    micrograph = Path("in/sub/m0.mrc")
    record, file = Path("out/.drpnet/sub/m0.json"), Path("out/sub/m0_autopick.star")
    values = {
        "DETECTOR": new.sha256.detector,
        "CLASSIFIER": new.sha256.classifier,
        "PATH": str(micrograph.absolute()),
        "MODIFIED": repr(micrograph.stat().st_mtime),
    }
    text = OLD_RECORD
    for word, value in values.items():
        text = text.replace(word, value)
    for path, content in ((record, text), (file, "the picks")):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    report = pick("in", existing="resume")
    assert [picked.earlier for picked in report.picked] == [True, False, False]
    assert file.read_text() == "the picks"
    assert report.picked[0].dirty_area is None
