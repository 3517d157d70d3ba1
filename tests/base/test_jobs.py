import pytest

from napari_drpnet.base.jobs import Cancelled, SilentJob, UntilFile


class Noted(SilentJob):
    def __init__(self):
        self.seen = []

    def advance(self, done, total, stage):
        self.seen.append((done, total, stage))


def test_a_job_is_cancelled_when_the_file_is_there(tmp_path):
    noted = Noted()
    job = UntilFile(tmp_path / "stop", noted)
    job.advance(1, 3, "tiles")
    (tmp_path / "stop").touch()
    with pytest.raises(Cancelled):
        job.advance(2, 3, "tiles")
    assert noted.seen == [(1, 3, "tiles"), (2, 3, "tiles")]


def test_without_a_file_nothing_cancels():
    UntilFile(None).advance(1, 2, "tiles")
