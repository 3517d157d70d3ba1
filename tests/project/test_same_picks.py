"""The window, the command line and `pick` find the same particles."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import napari_drpnet
from napari_drpnet import pick, read_coordinates, read_micrograph
from napari_drpnet.cli import main
from napari_drpnet.project.files.export_options import ExportOptions
from napari_drpnet.project.points.review import is_accepted

SHIPPED = Path(napari_drpnet.__file__).parent / "picking" / "networks" / "pretrained"
FLAGS = {
    "sigma_px": "--sigma",
    "threshold": "--threshold",
    "level": "--level",
    "max_count": "--max-count",
    "score": "--score",
    "classifier": "--classifier",
    "accept": "--accept",
}
JUDGE = {"classifier": str(SHIPPED / "classifier-default.safetensors")}


@pytest.mark.parametrize(
    ("peaks", "classifier"),
    [
        ({}, {}),
        ({"sigma_px": 0.5, "threshold": 1.0}, {"classifier": "none"}),
        ({"threshold": 0.8, "level": 2, "sigma_px": 2.5}, {"accept": 0.8}),
        ({"max_count": 5}, {}),
        ({"threshold": 0.1, "max_count": 9}, JUDGE | {"accept": 0.05}),
        ({"score": "prominence", "threshold": 0.3}, JUDGE),
        ({"threshold": 0.1}, {"classifier": "aware.safetensors", "accept": 0.4}),
        ({"threshold": 1e6}, {}),
    ],
)
def test_all_ways_find_the_same(
    desk, discs, tmp_path, monkeypatch, aware_weights, peaks, classifier
):
    monkeypatch.chdir(tmp_path)
    aware_weights()
    session, folder = desk.session, next(iter(discs)).parent
    desk.open(folder)
    # Sliders have been elsewhere before they are where they are.
    desk.pick(threshold=0.2, sigma_px=1.0)
    session.change("peaks", **{"sigma_px": None, "threshold": None} | peaks)
    session.change("classifier", **classifier)
    desk.finish()
    desk.pick_all()
    session.exporter.export(tmp_path / "window", ExportOptions(), only_current=False)
    desk.finish()
    given = [
        str(item) for name, value in (peaks | classifier).items() for item in (FLAGS[name], value)
    ]
    arguments = ["pick", str(folder), "--out", "line", "--diameter", "36", "--device", "cpu"]
    result = CliRunner().invoke(main, arguments + given)
    assert result.exit_code == 0, result.output
    parameters = desk.project.settings.parameters
    total = 0
    for record in desk.project.micrographs.values():
        picks = pick(read_micrograph(record.path), parameters)
        session.current.select(record.id)
        desk.finish()
        review, states = desk.current.review, desk.current.states
        np.testing.assert_array_equal(review.centers_yx[states > 0], picks.centers_yx)
        np.testing.assert_array_equal(review.probability[states > 0], picks.probability)
        np.testing.assert_array_equal(is_accepted(states)[states > 0], picks.accepted)
        total += int(picks.accepted.sum())
        name = f"{record.output}_autopick.star"
        assert Path("window", name).read_bytes() == Path("line", name).read_bytes()
        assert len(read_coordinates(Path("line", name))) == picks.accepted.sum()
    assert total == sum(session.summaries[name].accepted for name in desk.project.micrographs)
    assert total > 0 or peaks == {"threshold": 1e6} or classifier == {"accept": 0.8}
