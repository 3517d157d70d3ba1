import os
import shutil
import threading
import time
from pathlib import Path

import mrcfile
import numpy as np
import pytest
import tifffile

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.jobs import Cancelled
from napari_drpnet.batch import (
    FailedMicrograph,
    Outputs,
    Watch,
    find_entries,
    list_entries,
    watch_micrographs,
)
from napari_drpnet.batch.watch import Arrivals
from napari_drpnet.images.image_files import has_all_bytes
from napari_drpnet.relion.star_tables import read_tables

pytestmark = pytest.mark.usefixtures("use_toy_weights")


def names(entries):
    return [entry.micrograph.path.name for entry in entries]


@pytest.fixture
def look(folder):
    arrivals = Arrivals(10)
    return lambda now: names(arrivals.complete(list_entries(["in"], "out"), now))


def test_a_file_is_complete_when_it_has_not_changed_for_a_while(look):
    assert look(0) == []
    os.utime("in/sub/m1.mrc", (1, 1))
    assert look(9) == []
    assert look(10) == ["m0.mrc", "m2.mrc"]
    assert look(18) == []
    assert look(19) == ["m1.mrc"]
    assert look(99) == []


def test_a_file_that_grows_or_changes_later_is_told_again(look):
    look(0)
    assert len(look(10)) == 3
    with open("in/sub/m2.mrc", "ab") as file:
        file.write(b"more")
    assert look(20) == []
    assert look(30) == ["m2.mrc"]


def test_half_a_file_is_waited_for_but_not_for_ever(look):
    content = Path("in/sub/m0.mrc").read_bytes()
    Path("in/sub/m0.mrc").write_bytes(content[:5000])
    assert look(0) == []
    assert look(50) == ["m1.mrc", "m2.mrc"]
    assert look(100) == ["m0.mrc"]  # picking it will say what is wrong
    Path("in/sub/m0.mrc").write_bytes(content)
    assert look(110) == []
    assert look(120) == ["m0.mrc"]


def test_a_file_that_vanishes_is_forgotten(folder):
    arrivals, entries = Arrivals(0), list_entries(["in"], "out")
    Path("in/sub/m1.mrc").unlink()
    assert names(arrivals.complete(entries, 0)) == ["m0.mrc", "m2.mrc"]


@pytest.mark.parametrize("kept", [0, 100, 1024, 5000, -1, None])
def test_the_header_says_how_long_an_mrc_file_is(folder, kept):
    content = Path("in/sub/m0.mrc").read_bytes()
    Path("a.mrc").write_bytes(content[:kept])
    assert has_all_bytes(Path("a.mrc")) == (kept is None)


@pytest.mark.parametrize("settings", [{}, {"compression": "zlib"}, {"tile": (32, 32)}])
def test_the_header_says_how_long_a_tiff_file_is(tmp_path, settings):
    pixels = np.random.default_rng(0).normal(size=(64, 64)).astype(np.float32)
    file = tmp_path / "a.tif"
    tifffile.imwrite(file, pixels, **settings)
    assert has_all_bytes(file)
    content = file.read_bytes()
    for kept in (4, 100, len(content) // 2, len(content) - 1):
        file.write_bytes(content[:kept])
        assert not has_all_bytes(file)


def test_other_files_are_taken_as_they_are(tmp_path):
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    assert has_all_bytes(tmp_path / "a.png")
    assert not has_all_bytes(tmp_path / "gone.mrc")


@pytest.fixture
def watch(folder, parameters):
    """A function that watches until a job, which looks at the time, has done its steps."""

    def watch(*steps, find=lambda: find_entries(["in"], "out"), told=None, stop_file=None):
        remaining = list(steps)

        class Job:
            def advance(self, done, total, stage):
                if stage == "waiting":
                    if not remaining:
                        raise Cancelled
                    remaining.pop(0)()

        settings = Watch(settle_seconds=0, every_seconds=1e-3, stop_file=stop_file)
        return watch_micrographs(
            find, parameters, Outputs(Path("out")), settings, job=Job(), on_outcome=told
        )

    return watch


def index():
    (table,) = read_tables("out/autopick.star").values()
    return [Path(name).name for name in table["rlnMicrographName"]]


def test_files_are_picked_as_they_come_and_the_index_grows(watch, folder):
    seen = []
    shutil.move("in", "microscope")
    Path("in/sub").mkdir(parents=True)

    def come(name):
        def copy():
            seen.append(index() if Path("out/autopick.star").exists() else [])
            shutil.copy(f"microscope/sub/{name}", f"in/sub/{name}")

        return copy

    report = watch(come("m2.mrc"), come("m0.mrc"), lambda: seen.append(index()))
    assert seen == [[], ["m2.mrc"], ["m0.mrc", "m2.mrc"]]
    assert [picked.name for picked in report.picked] == ["in/sub/m2.mrc", "in/sub/m0.mrc"]
    assert report.interrupted
    assert Path("out/summary.json").exists()


def test_a_watch_that_ended_goes_on(watch):
    Path("in/sub/m2.mrc").rename("late.mrc")
    watch()
    Path("late.mrc").rename("in/sub/m2.mrc")
    report = watch()
    assert [picked.earlier for picked in report.picked] == [True, True, False]
    assert index() == ["m0.mrc", "m1.mrc", "m2.mrc"]


def test_a_file_that_failed_is_tried_again_when_it_changes(watch):
    good = Path("in/sub/m1.mrc").read_bytes()
    Path("in/sub/m1.mrc").write_bytes(good[:1024] + bytes(len(good) - 1024))
    told = []
    report = watch(lambda: None, lambda: Path("in/sub/m1.mrc").write_bytes(good), told=told.append)
    assert [type(outcome) is FailedMicrograph for outcome in told] == [False, True, False, False]
    assert report.failed == ()
    assert len(report.picked) == 3


def test_the_stop_file_ends_a_watch(watch):
    stop = Path("stop")
    report = watch(stop.touch, lambda: time.sleep(9), stop_file=stop)
    assert not report.interrupted
    assert len(report.picked) == 3
    assert report.waiting == 0


def test_the_stop_file_ends_a_micrograph_too(watch, parameters):
    stop = Path("stop")
    report = watch(stop_file=stop, told=lambda _: stop.touch())
    assert not report.interrupted
    assert len(report.picked) == 1
    assert report.waiting == 2
    assert index() == ["m0.mrc"]


def test_ctrl_c_ends_a_watch(watch):
    def interrupt():
        raise KeyboardInterrupt

    report = watch(interrupt)
    assert report.interrupted
    assert len(index()) == 3


def test_a_list_that_cannot_be_read_for_a_moment_is_no_harm(watch):
    answers = [True, False, True, True, True]

    def find():
        if not (answers.pop(0) if answers else True):
            raise InputFileError("list.star", "is half written", "Wait")
        return find_entries(["in"], "out")

    assert watch(*[lambda: None] * 4, find=find).failed == ()


def test_a_list_that_stays_unreadable_is_a_failure(watch):
    answers = [True]

    def find():
        if not answers:
            raise InputFileError("list.star", "is half written", "Wait")
        answers.pop()
        return find_entries(["in"], "out")

    report = watch(find=find)
    assert [failed.name for failed in report.failed] == ["list.star"]
    assert len(report.picked) == 3


def test_the_first_list_must_be_right(watch):
    def find():
        raise InputFileError("list.star", "is not there", "Check the name")

    with pytest.raises(InputFileError, match="is not there"):
        watch(find=find)


def test_a_folder_may_come_later(watch, folder):
    shutil.move("in", "elsewhere")
    report = watch(lambda: shutil.move("elsewhere", "in"), lambda: None)
    assert len(report.picked) == 3


def test_a_slow_writer_is_waited_for(folder, parameters):
    """With real time: a file that is written in pieces is picked once, and whole."""
    content = Path("in/sub/m0.mrc").read_bytes()
    shutil.rmtree("in")
    Path("in").mkdir()
    told, stop = [], Path("stop")

    def write():
        with open("in/slow.mrc", "wb") as file:
            for start in range(0, len(content), len(content) // 8):
                file.write(content[start : start + len(content) // 8])
                file.flush()
                time.sleep(0.03)
        while not told:
            time.sleep(0.01)
        stop.touch()

    writer = threading.Thread(target=write)
    writer.start()
    report = watch_micrographs(
        lambda: find_entries(["in"], "out"),
        parameters,
        Outputs(Path("out")),
        Watch(0.1, 0.02, stop),
        on_outcome=told.append,
    )
    writer.join()
    assert [outcome.accepted for outcome in told] == [16]
    assert len(report.picked) == 1
    assert mrcfile.validate("in/slow.mrc")
