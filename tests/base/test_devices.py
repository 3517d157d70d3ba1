import pytest
import torch

from napari_drpnet.base.devices import Device, choose_device


def offer(monkeypatch, *, cuda=False, mps=False, build=None):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda index: "Some GPU")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    monkeypatch.setattr(torch.version, "cuda", build)


@pytest.mark.parametrize(
    ("machine", "chosen"),
    [
        ({"cuda": True, "mps": True, "build": "12.8"}, Device("cuda:0", "Some GPU")),
        ({"mps": True}, Device("mps", "Apple GPU")),
        ({"build": "12.8"}, Device("cpu", "no CUDA GPU found")),
        ({}, Device("cpu", "PyTorch is installed without GPU support")),
    ],
)
def test_auto_takes_the_best_and_says_why(monkeypatch, machine, chosen):
    offer(monkeypatch, **machine)
    assert choose_device() == chosen
    assert choose_device("auto") == chosen


def test_a_device_by_name():
    assert choose_device("cpu") == Device("cpu", "as requested")


@pytest.mark.parametrize("wanted", ["cuda:99", "toaster", "cpu:x", "", "meta"])
def test_a_device_that_is_not_there(monkeypatch, wanted):
    offer(monkeypatch)
    with pytest.raises(ValueError, match=r"cannot be used .*this machine offers cpu"):
        choose_device(wanted)
