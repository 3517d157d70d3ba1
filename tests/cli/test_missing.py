"""Inputs that do not exist: each is named, and nothing is made, neither folder nor file."""

import shlex
from pathlib import Path

import pytest

PICK = "--out out/a --diameter 36"
JOB = "relion --o out/a --diameter 36"
TRAIN = "train {} --out out/a.safetensors --device cpu --workers 1"

MISSING = [
    f"pick gone.mrc {PICK}",
    f"pick gone1.mrc gone2.mrc gone3.mrc gone4.mrc {PICK} --json",
    f"pick gone.mrc {PICK} --report --preview --all-candidates --resume",
    f"pick gone {PICK} --overwrite",
    f"pick 'gone/*.mrc' {PICK}",
    f"pick gone.star {PICK}",
    f"pick list.star {PICK}",
    f"pick gone.star {PICK} --watch --stop-file list.star",
    f"pick here.mrc {PICK} --weights gone",
    f"pick here.mrc {PICK} --classifier gone",
    "report gone",
    "quality gone --out out/a",
    "curate gone --out out/a.star",
    f"{JOB} --in_mics gone.star",
    f"{JOB} --in_mics list.star --weights gone",
    "convert gone.star out/a.csv",
    "convert gone.star out/a.csv --from-matlab-scale 2",
    "convert gone.csv out/a.star --preview out/a.png --micrograph here.mrc",
    "convert a.csv out/a.star --preview out/a.png --micrograph gone.mrc",
    "convert a.csv out/a.csv --flip-rows gone.mrc",
    "convert gone.cs out/a.csv --from cryosparc-stored",
    "evaluate gone.csv a.csv --diameter 9 --json out/a.json --plot out/a.png",
    "evaluate a.csv gone --diameter 9 --json out/a.json --plot out/a.png",
    "evaluate a.csv a.csv --diameter 9 --flip-truth-rows gone.mrc --json out/a.json",
    "simulate --out out/a --structure gone.pdb",
    f"{TRAIN.format('detector')} --config gone.json",
    f"{TRAIN.format('detector')} --structures gone",
    f"{TRAIN.format('detector')} --negatives gone --raw-spectrum",
    f"{TRAIN.format('detector')} --weights gone",
    f"{TRAIN.format('classifier')} --config gone.json",
    f"{TRAIN.format('classifier')} --detector gone",
    "weights info gone",
    "weights import gone.mat",
    "gui gone --project out/a",
]


@pytest.fixture
def run(drpnet, tmp_path, monkeypatch, write_discs):
    """Run a command, and assert that it says what is missing and makes nothing."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    write_discs("here.mrc")
    Path("a.csv").write_text("x,y\n1,2\n")
    Path("list.star").write_text("data_\n\nloop_\n_rlnMicrographName #1\ngone.mrc\n")

    def invoke(command, code):
        before = sorted(tmp_path.rglob("*"))
        result = drpnet(*shlex.split(command), code=code)
        assert sorted(tmp_path.rglob("*")) == before
        return result

    return invoke


@pytest.mark.parametrize("command", MISSING)
def test_nothing_is_made_when_the_input_does_not_exist(run, command):
    is_usage = command.startswith("gui")
    assert "gone" in run(command, code=2 if is_usage else 1).stderr


@pytest.mark.parametrize("source", ["gone.mrc", "gone", "'gone/*.mrc'", "list.star"])
def test_a_watch_that_finds_nothing_leaves_nothing(run, source):
    command = f"pick {source} {PICK} --watch --workers 1 --stop-file list.star"
    assert run(command, code=0).stdout.startswith("Picked 0 micrographs")


def test_curate_makes_nothing_without_its_lists(run, drpnet):
    drpnet(*shlex.split("pick here.mrc --out picked --diameter 36"))
    for option in ("--in-mics", "--exclude", "--include"):
        assert "gone" in run(f"curate picked {option} gone --out out/a.star", code=1).stderr


def test_files_that_are_missing_are_named(run):
    stderr = run(MISSING[1], code=1).stderr
    assert "gone1.mrc, gone2.mrc, gone3.mrc, …: there are no such files. Check" in stderr
