"""The sample micrograph: made once, whole, and the one of the demonstration."""

import re
from pathlib import Path

import pytest

from napari_drpnet.cli.options import build_model
from napari_drpnet.cli.simulate import command
from napari_drpnet.formats import read_coordinates
from napari_drpnet.images.micrograph import read_micrograph
from napari_drpnet.simulation import sample, simulate_micrograph
from napari_drpnet.simulation.parameters import SimulationParameters

SMALL = SimulationParameters(width_px=128, height_px=96, diameter_angstrom=30, particles=4)


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("DRPNET_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def made(monkeypatch) -> list[int]:
    """Make the sample small, and count how often it is made."""
    seeds = []

    def simulate_small(parameters, structures, seed):
        seeds.append(seed)
        return simulate_micrograph(SMALL, seed=seed)

    monkeypatch.setattr(sample, "simulate_micrograph", simulate_small)
    return seeds


def test_the_sample_is_made_once_and_lies_in_the_cache(cache, made):
    micrograph, truth = sample.sample_files()
    assert micrograph.parent == truth.parent == cache / "samples"
    assert read_micrograph(micrograph).shape == (96, 128)
    assert read_micrograph(micrograph).pixel_size_angstrom == 1.5
    assert len(read_coordinates(truth)) > 0
    assert sample.sample_files() == (micrograph, truth)
    assert len(made) == 1


@pytest.mark.parametrize("broken", ["truncated", "no truth", "empty truth", "truth cut off"])
def test_damaged_files_are_made_again(cache, made, broken):
    micrograph, truth = sample.sample_files()
    before = micrograph.read_bytes(), truth.read_bytes()
    if broken == "truncated":
        micrograph.write_bytes(before[0][:-100])
    elif broken == "no truth":
        truth.unlink()
    else:
        truth.write_text("" if broken == "empty truth" else "x,y,score\n")
    sample.sample_files()
    assert len(made) == 2
    assert (micrograph.read_bytes()[1024:], truth.read_bytes()) == (before[0][1024:], before[1])


def test_without_an_environment_variable_the_cache_is_the_users(monkeypatch):
    monkeypatch.delenv("DRPNET_CACHE", raising=False)
    assert "napari-drpnet" in sample.cache_folder().parts


def test_the_sample_is_that_of_the_demonstration():
    script = (Path(__file__).parents[2] / "scripts" / "demo.sh").read_text()
    words = re.search(r'parameters="(.*?)"', script, re.DOTALL)[1].replace("\\\n", "").split()
    given = command.make_context("simulate", ["--out", "demo", *words]).params
    assert build_model(SimulationParameters, given) == sample.SAMPLE_PARAMETERS
    assert (given["seed"], given["shape"]) == (sample.SAMPLE_SEED, sample.SAMPLE_SHAPE)
    assert f"--diameter {sample.SAMPLE_DIAMETER_ANGSTROM:g}" in script
