"""The examples run with the shipped weights, and do what they say."""

import json
import re
import runpy
import sys
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest

from napari_drpnet.formats import FORMATS, WRITTEN, read_coordinates
from napari_drpnet.picking.detectors.families import FAMILIES
from napari_drpnet.picking.networks.build import DETECTORS
from napari_drpnet.picking.networks.weights import read_card
from napari_drpnet.project.storage.store import ProjectStore

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """A function that runs an example in `tmp_path`, and returns what it printed."""

    def run_example(name):
        script = str(EXAMPLES / f"{name}.py")
        monkeypatch.setattr(sys, "argv", [script, str(tmp_path)])
        runpy.run_path(script, run_name="__main__")
        return capsys.readouterr().out

    return run_example


def numbers(pattern, text):
    return [float(number) for number in re.search(pattern, text).groups()]


def test_every_example_is_short_documented_and_tested():
    lengths = {path.stem: len(path.read_text().splitlines()) for path in EXAMPLES.glob("*.py")}
    assert max(lengths.values()) < 60
    page = (EXAMPLES.parent / "docs" / "examples.md").read_text()
    assert set(re.findall(r'^--8<-- "examples/(\w+)\.py"$', page, re.MULTILINE)) == set(lengths)
    assert set(re.findall(r'run\("(\w+)"\)', Path(__file__).read_text())) == set(lengths)


def test_one_micrograph_is_picked_and_scored(run, tmp_path):
    text = run("pick_one_micrograph")
    accepted, picks = numbers(r"(\d+) of (\d+) picks accepted", text)
    assert 20 <= accepted < picks
    assert len(read_coordinates(tmp_path / "sample_autopick.star")) == accepted
    precision, recall, _ = numbers(r"precision (\S+), recall (\S+), F1 (\S+)", text)
    assert min(precision, recall) > 0.9


def test_a_folder_is_picked_without_the_damaged_file(run, tmp_path):
    text = run("pick_folder")
    assert "2 picked, 1 failed" in text
    assert "damaged.mrc" in text
    for name in ("sample_1", "sample_2"):
        accepted, _ = numbers(rf"{name}.mrc: (\d+) of (\d+) picks accepted", text)
        star, table = (
            read_coordinates(tmp_path / "Picks" / f"{name}_autopick{suffix}")
            for suffix in (".star", ".csv")
        )
        assert len(star) == len(table) == accepted > 20
        assert (tmp_path / "Picks" / f"{name}_preview.png").exists()
    assert (tmp_path / "Picks" / "autopick.star").exists()


def test_a_point_is_corrected_and_the_rest_exported(run, tmp_path):
    text = run("project_session")
    (before,) = numbers(r"sample_1.mrc: (\d+) accepted", text)
    (other,) = numbers(r"sample_2.mrc: (\d+) accepted", text)
    y, x, after = numbers(r"click at y = (\S+) px, x = (\S+) px: (\d+) accepted", text)
    assert after == before - 1
    assert f"{after + other:.0f} picks exported" in text
    exported = read_coordinates(tmp_path / "DRPnet" / "sample_1_autopick.star").centers_yx
    assert len(exported) == after
    assert np.hypot(*(exported - (y, x)).T).min() > 20
    store, project = ProjectStore.open(tmp_path / "project")
    store.close(project)
    ((label,),) = (project.labels(name) for name in project.micrographs if project.labels(name))
    assert not label.accepted


def test_the_classifier_learns_from_labels(run, tmp_path):
    text = run("train_from_labels")
    assert sum(numbers(r"(\d+) particles and (\d+) others labelled", text)) == 20
    before, _ = numbers(r"before: (\d+) of (\d+) held-out labels right", text)
    after, _ = numbers(r"after: (\d+) of (\d+) held-out labels right", text)
    assert after > before
    kept = Path(re.search("kept: (.*)", text)[1])
    assert kept.is_relative_to(tmp_path)
    assert read_card(kept).recipe["labels"]["person"]["accepted"] > 5


def test_a_new_format_is_written_read_and_converted(run, tmp_path):
    with patch.dict(FORMATS), patch.dict(WRITTEN):
        text = run("add_file_format")
    assert "json" not in FORMATS
    count = len(json.loads((tmp_path / "sample.json").read_text()))
    assert f"{count} picks read, equal to those written" in text
    assert len(read_coordinates(tmp_path / "sample.star")) == count > 10


def test_a_detector_without_a_distance_map_picks(run, monkeypatch):
    monkeypatch.setitem(DETECTORS, "spots", None)  # forgotten again after the test
    monkeypatch.setitem(FAMILIES, "spots", None)
    (picked,) = numbers(r"(\d+) of 100 particles", run("add_a_detector"))
    assert picked > 20
