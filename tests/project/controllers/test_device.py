import pytest

from napari_drpnet.base import devices
from napari_drpnet.base.devices import Device
from napari_drpnet.project.controllers import device as device_probe
from napari_drpnet.project.controllers.device import DeviceProbe
from napari_drpnet.project.jobs.main_thread import MainThreadQueue
from napari_drpnet.project.session import Session, SessionOptions
from waiting import LIMIT_S, finish


@pytest.fixture
def queue():
    return MainThreadQueue()


@pytest.fixture
def session(queue, tmp_path):
    session = Session(queue, SessionOptions(projects_root=tmp_path))
    yield session
    session.close()
    assert session.runner.join(LIMIT_S)


@pytest.fixture
def asked(monkeypatch):
    """The requests that were looked up; there is one GPU."""
    asked = []

    def choose(request):
        asked.append(request)
        if request == "cuda:7":
            raise ValueError("device 'cuda:7' cannot be used; this machine offers cuda:0")
        return Device("cuda:0", "NVIDIA H200")

    monkeypatch.setattr(device_probe, "choose_device", choose)
    return asked


def test_it_tells_the_device_and_why(session, queue, asked):
    probe, told = DeviceProbe(session), []
    probe.changed.connect(lambda: told.append(probe.text))
    probe.ask()
    queue.run_until(lambda: told, 10)
    assert told == ["CUDA: NVIDIA H200"]
    assert probe.is_usable


def test_it_looks_again_only_for_another_device(session, queue, asked):
    probe = DeviceProbe(session)
    probe.ask()
    probe.ask()
    finish(queue, session)
    probe.ask()
    finish(queue, session)
    assert asked == ["auto"]
    session.change("detector", device="cuda:7")
    probe.ask()
    finish(queue, session)
    assert asked == ["auto", "cuda:7"]


def test_a_device_that_is_not_there_is_said_in_words(session, queue, asked):
    session.change("detector", device="cuda:7")
    probe = DeviceProbe(session)
    probe.ask()
    finish(queue, session)
    assert "offers cuda:0" in probe.text
    assert not probe.is_usable


def test_two_who_ask_at_once_are_both_told(session, queue, asked):
    probes = [DeviceProbe(session), DeviceProbe(session)]
    for probe in probes:
        probe.ask()
    finish(queue, session)
    assert [probe.text for probe in probes] == ["CUDA: NVIDIA H200"] * 2


def test_the_cpu_has_its_reason(session, queue):
    session.change("detector", device="cpu")
    probe = DeviceProbe(session)
    probe.ask()
    finish(queue, session)
    assert probe.text == f"CPU: {devices.choose_device('cpu').reason}"
