"""A batch that is killed without warning, and resumed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from napari_drpnet.formats import read_coordinates
from napari_drpnet.formats.star_tables import read_tables

COUNT = 12
PICK = ("pick", "in", "--out", "out", "--diameter", "36", "--format", "star,csv")


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no kill -9")
def test_a_killed_batch_goes_on_where_it_stopped(drpnet, write_discs):
    for number in range(COUNT):
        write_discs(f"in/m{number:02d}.mrc", number, side=400)
    finished = _kill_after(3)
    assert 3 <= len(finished) < COUNT
    for path in Path("out").glob("*_autopick.*"):
        assert len(read_coordinates(path)) == 100, path
    resumed = drpnet(*PICK, "--resume").stdout
    assert f"{len(finished)} more were finished before" in resumed
    assert finished.items() <= _times().items()
    assert len(_times()) == COUNT
    assert not list(Path("out").rglob("*.part*"))
    (index,) = read_tables("out/autopick.star").values()
    assert len(index) == COUNT


def _kill_after(count: int) -> dict[str, int]:
    """Kill a batch at its n-th record; return when its finished micrographs were written."""
    code = "from napari_drpnet.cli import main; main()"
    process = subprocess.Popen([sys.executable, "-c", code, *PICK], stdout=subprocess.DEVNULL)
    while len(_times()) < count:
        assert process.poll() is None
        time.sleep(0.002)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    return _times()


def _times() -> dict[str, int]:
    """Return when the picks of finished micrographs were written."""
    records = Path("out/.drpnet").glob("[!.]*.json")
    files = [Path("out", f"{record.stem}_autopick.star") for record in records]
    return {file.name: file.stat().st_mtime_ns for file in files}
