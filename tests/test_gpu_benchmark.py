import runpy
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch

from napari_drpnet.picking.networks.weights import load_detector

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def script(monkeypatch):
    """The names of the script, which its functions look up too."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return runpy.run_path(str(BENCHMARKS / "gpu.py"))["main"].__globals__


def test_without_an_accelerator_it_says_so(script, monkeypatch, capsys):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr("sys.argv", ["gpu.py"])
    script["main"]()
    assert capsys.readouterr().out.startswith("No accelerator was found, so nothing was measured")


def test_the_cpu_beside_itself(script, monkeypatch, capsys, use_toy_weights):
    monkeypatch.setitem(script, "host_memory_mb", lambda side: 0.0)
    options = ["--device", "cpu", "--side", "512", "--micrographs", "1", "--runs", "1"]
    monkeypatch.setattr("sys.argv", ["gpu.py", *options])
    script["main"]()
    report = capsys.readouterr().out
    assert "| 100.0% | 0.0000 | 0.0000 | PASS |" in report
    assert "tiles were halved: no, so this was not tried." in report
    assert "FAIL" not in report


@pytest.mark.parametrize(
    ("change", "same"),
    [
        (lambda yx: yx[::-1] + 0.03, True),
        (lambda yx: yx + 0.05, False),
        (lambda yx: yx[1:], False),
        (lambda yx: np.vstack([yx, yx[:1]]), False),
        (lambda yx: yx[:0], False),
    ],
)
def test_picks_are_the_same_or_not(script, change, same):
    centers = np.random.default_rng(0).uniform(0, 4096, (50, 2))
    assert script["compare"](centers, change(centers)).same == same


def test_what_little_memory_does_is_told(script, monkeypatch, use_toy_weights):
    detector = load_detector()

    def refuse_large(module, inputs):
        if inputs[0].shape[-1] > 100:
            raise RuntimeError("CUDA out of memory")

    @contextmanager
    def little_memory(kind, limit):
        with detector.module.register_forward_pre_hook(refuse_large):
            yield

    monkeypatch.setitem(script, "memory_limit", little_memory)
    image = np.random.default_rng(0).normal(size=(256, 256)).astype(np.float32)
    text = script["back_off"]("cpu", image, detector)
    assert "| 4, 128 px a side on average |" in text
    assert "| 16, 64 px a side on average |" in text
    assert "tiles were halved: yes." in text
    assert text.endswith("PASS.")
