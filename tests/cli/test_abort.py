import subprocess
import sys

import pytest

from napari_drpnet.cli import abort
from napari_drpnet.cli.abort import ends_when_aborted
from napari_drpnet.relion import JobFolder

#: A job that is busy for ever, without a look at the file.
BUSY = """
import sys, time
from pathlib import Path
from napari_drpnet.cli.abort import ends_when_aborted
from napari_drpnet.relion import JobFolder

job = JobFolder(Path(sys.argv[1]))
with ends_when_aborted(job):
    print("busy", flush=True)
    while True:
        time.sleep(1)
"""


def states(folder):
    return [path.name for path in folder.glob("RELION_JOB_*")]


@pytest.mark.slow
def test_a_job_that_does_not_listen_is_ended(tmp_path):
    command = [sys.executable, "-c", BUSY, tmp_path]
    with subprocess.Popen(command, stdout=-1, stderr=-1, text=True) as process:
        assert process.stdout.readline() == "busy\n"
        assert states(tmp_path) == []
        (tmp_path / "RELION_JOB_ABORT_NOW").touch()
        assert process.wait() == 2
        assert "Interrupted: continue the job" in process.stderr.read()
    assert states(tmp_path) == ["RELION_JOB_EXIT_ABORTED"]


def test_a_job_that_ends_by_itself_marks_its_own_state(tmp_path, monkeypatch):
    monkeypatch.setattr(abort, "GRACE_SECONDS", 600)
    job = JobFolder(tmp_path)
    with ends_when_aborted(job):
        job.abort_file.touch()
    assert states(tmp_path) == ["RELION_JOB_ABORT_NOW"]
