from threading import Event

import numpy as np
import pytest

from napari_drpnet.project import sample_project
from napari_drpnet.project.jobs.main_thread import MainThreadQueue
from napari_drpnet.project.sample_project import open_sample
from napari_drpnet.project.session import Session, SessionOptions
from waiting import LIMIT_S, finish


@pytest.fixture
def main_thread():
    return MainThreadQueue()


@pytest.fixture
def session(tmp_path, main_thread, use_toy_weights):
    session = Session(
        main_thread, SessionOptions(device="cpu", projects_root=tmp_path / "projects")
    )
    yield session
    session.close()
    session.runner.join(10)


@pytest.fixture
def wait(session, main_thread):
    return lambda: finish(main_thread, session)


@pytest.fixture
def sample(tmp_path, write_discs, monkeypatch):
    """Discs of 36 Å in the place of the sample, which takes seconds to simulate."""
    files = tmp_path / "samples" / "discs.mrc", tmp_path / "samples" / "discs.csv"
    centers = write_discs(files[0])
    np.savetxt(files[1], centers[:, ::-1], delimiter=",", header="x,y", comments="")
    monkeypatch.setattr(sample_project, "sample_files", lambda: files)
    monkeypatch.setattr(sample_project, "SAMPLE_DIAMETER_ANGSTROM", 36.0)
    return files


def test_the_sample_is_opened_picked_and_compared(session, sample, wait):
    open_sample(session)
    wait()
    assert session.current.record.path == sample[0]
    assert session.project.settings.particle.diameter_angstrom == 36
    assert session.current.accepted_count > 8
    assert len(session.comparison.truth_yx) == 16
    assert session.comparison.result.tally.rates.recall > 0.5


def test_the_diameter_of_the_user_stays(session, sample, wait):
    session.change("particle", diameter_angstrom=50.0)
    open_sample(session)
    wait()
    assert session.project.settings.particle.diameter_angstrom == 50


def test_the_second_time_it_is_shown_and_not_added(session, sample, wait, write_discs, tmp_path):
    open_sample(session)
    wait()
    write_discs(tmp_path / "other.mrc")
    session.open_paths([tmp_path / "other.mrc"])
    wait()
    assert session.current.record.path.name == "other.mrc"
    open_sample(session)
    wait()
    assert session.current.record.path == sample[0]
    assert session.current.accepted_count > 8
    assert len(session.project.micrographs) == 2


def test_cancel_while_it_is_simulated(session, sample, wait, monkeypatch, main_thread):
    begun, go_on = Event(), Event()

    def simulate():
        begun.set()
        go_on.wait(10)
        return sample

    monkeypatch.setattr(sample_project, "sample_files", simulate)
    open_sample(session)
    main_thread.run_until(begun.is_set, LIMIT_S)
    session.runner.cancel("list")
    go_on.set()
    wait()
    assert session.store is None
    assert not session.project.micrographs


def test_a_full_disk_is_told(session, wait, monkeypatch):
    def fail():
        raise OSError(28, "No space left on device", "/cache/samples")

    monkeypatch.setattr(sample_project, "sample_files", fail)
    notices = []
    session.noticed.connect(notices.append)
    open_sample(session)
    wait()
    assert [notice.text for notice in notices] == [
        "samples: No space left on device\n/cache/samples"
    ]
    assert not session.project.micrographs


def test_without_a_project_nothing_is_picked_later(session, sample, wait, tmp_path):
    listeners = len(session.runner.status_changed)
    (tmp_path / "projects").write_text("a file where folders should go")
    notices = []
    session.noticed.connect(notices.append)
    open_sample(session)
    wait()
    assert [notice.level for notice in notices] == ["error"]
    assert not session.project.micrographs
    assert len(session.runner.status_changed) == listeners
