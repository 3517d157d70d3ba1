"""A batch that is killed, or asked to end, and resumed."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from napari_drpnet.formats import read_coordinates, read_mask
from napari_drpnet.relion.star_tables import read_tables

COUNT = 12
#: Moments at which the segmentation of a few micrographs is killed.
MOMENTS = 20
STAR, MASK = "_autopick.star", "_mask.mrc"
PICK = ("pick", "in", "--out", "out", "--diameter", "36", "--format", "star,csv")
SEGMENT = ("segment", "in", "--out", "out", "--diameter", "36", "--format", "mrc,png,npz")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no kill -9"),
]


@pytest.fixture(autouse=True)
def micrographs(drpnet, write_discs):
    write_discs("in/m00.mrc", side=400)
    for number in range(1, COUNT):
        shutil.copy("in/m00.mrc", f"in/m{number:02d}.mrc")


@pytest.mark.parametrize(("workers", "after"), [(1, 0), (2, 3)])
def test_a_killed_batch_goes_on_where_it_stopped(drpnet, workers, after):
    pids = _kill_after(after, workers, signal.SIGKILL, -signal.SIGKILL)
    _wait_until(lambda: not any(map(_is_alive, pids)))
    finished = _times()
    assert after <= len(finished) < COUNT
    for path in Path("out").glob("*_autopick.*"):
        assert len(read_coordinates(path)) == 100, path
    resumed = drpnet(*PICK, "--resume", "--workers", 1).stdout
    if finished:
        assert f"{len(finished)} more were finished before" in resumed
    assert finished.items() <= _times().items()
    assert len(_times()) == COUNT
    assert not list(Path("out").rglob("*.part*"))
    assert len(_index()) == COUNT


def test_a_killed_segmentation_goes_on_where_it_stopped(drpnet, use_toy_segmenter):
    pids = _kill_after(4, 2, signal.SIGKILL, -signal.SIGKILL, SEGMENT, MASK)
    _wait_until(lambda: not any(map(_is_alive, pids)))
    finished = _times(MASK)
    assert 4 <= len(finished) < COUNT
    for path in Path("out").glob("m*_*"):
        assert read_mask(path, (400, 400)).shape == (200, 200), path
    resumed = drpnet(*SEGMENT, "--resume", "--workers", 1).stdout
    assert f"{len(finished)} more were finished before" in resumed
    assert finished.items() <= _times(MASK).items()
    assert len(_times(MASK)) == COUNT
    assert len(list(Path("out").glob("m??_*"))) == 3 * COUNT
    assert not list(Path("out").rglob("*.part*"))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_segmentation_may_be_killed_at_any_moment(drpnet, write_dirty, use_toy_segmenter):
    for number in range(2):
        write_dirty(f"few/m{number}.mrc", number)
    few = ("segment", "few", "--out", "OUT", "--diameter", "36", "--workers", "1")
    command = (*few, "--format", "mrc,png,npz,tif", "--full-size")
    script = Path(__file__).with_name("kill_points.py")
    subprocess.run([sys.executable, script, str(MOMENTS), *command], check=True, timeout=300)
    whole = _contents("whole")
    assert len(whole) == 2 * 5
    unfinished = 0
    for folder in (f"killed{number}" for number in range(MOMENTS)):
        there = _contents(folder)
        assert there.items() <= whole.items()
        for record in Path(folder, ".drpnet").glob("[!.]*.json"):
            files = json.loads(record.read_text())["result"]["files"]
            assert set(files) <= set(there)
        unfinished += len(there) < len(whole)
        drpnet(*[word.replace("OUT", folder) for word in command], "--resume")
        assert _contents(folder) == whole
        assert not list(Path(folder).rglob("*.part*"))
        json.loads(Path(folder, "summary.json").read_text())
    assert unfinished >= MOMENTS // 2


@pytest.mark.parametrize(("workers", "stop"), [(1, signal.SIGTERM), (2, signal.SIGINT)])
def test_a_batch_that_is_asked_to_end_writes_its_index(workers, stop):
    pids = _kill_after(2, workers, stop, 130)
    _wait_until(lambda: not any(map(_is_alive, pids)))
    assert 2 <= len(_times()) < COUNT
    assert len(_index()) == len(_times())
    assert not list(Path("out").rglob("*.part*"))


def _kill_after(
    count: int,
    workers: int,
    stop: signal.Signals,
    code: int,
    command: tuple[str, ...] = PICK,
    ending: str = STAR,
) -> list[int]:
    """Stop a batch at its n-th record; return which processes worked for it."""
    call = "from napari_drpnet.cli import main; main()"
    arguments = [sys.executable, "-c", call, *command, "--workers", str(workers)]
    with subprocess.Popen(arguments, stdout=subprocess.DEVNULL, start_new_session=True) as process:
        _wait_until(lambda: len(_times(ending)) >= count and Path("out/.drpnet/lock").exists())
        assert process.poll() is None
        pids = _children(process.pid)
        if stop == signal.SIGINT:  # Ctrl-C in a terminal reaches all of them
            os.killpg(process.pid, stop)
        else:
            process.send_signal(stop)
        assert process.wait() == code
    return pids


def _wait_until(holds):
    end = time.monotonic() + 300
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.002)


def _children(pid: int) -> list[int]:
    """Return the processes that one has started, on a system that says so."""
    file = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in file.read_text().split()] if file.exists() else []


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/status")
    return "zombie" not in status.read_text() if status.exists() else True


def _times(ending: str = STAR) -> dict[str, int]:
    """Return when the files with an ending of finished micrographs were written."""
    records = Path("out/.drpnet").glob("[!.]*.json")
    files = [Path("out", f"{record.stem}{ending}") for record in records]
    return {file.name: file.stat().st_mtime_ns for file in files}


def _contents(folder: str) -> dict[str, bytes]:
    """Return the files of micrographs in a folder, MRC files without the time in their labels."""
    contents = {}
    for path in Path(folder).glob("m[0-9]*"):
        content = path.read_bytes()
        contents[path.name] = content[:224] + content[1024:] if path.suffix == ".mrc" else content
    return contents


def _index() -> list[str]:
    (table,) = read_tables("out/autopick.star").values()
    return list(table["rlnMicrographName"])
