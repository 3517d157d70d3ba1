"""A detector that draws no distance map goes the same way as DRPnet."""

import runpy
from pathlib import Path

import mrcfile
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from napari_drpnet import PickParameters, pick, read_coordinates, read_micrograph
from napari_drpnet.batch import Outputs, list_entries, pick_micrographs
from napari_drpnet.evaluation.matching import match_one_to_one
from napari_drpnet.picking.detectors.families import FAMILIES
from napari_drpnet.picking.networks.build import DETECTORS
from napari_drpnet.picking.networks.card import DetectorCard
from napari_drpnet.picking.networks.weights import save_network
from napari_drpnet.project.jobs.main_thread import MainThreadQueue
from napari_drpnet.project.session import Session, SessionOptions
from waiting import LIMIT_S, finish


@pytest.fixture
def spots(monkeypatch, tmp_path):
    """Weights of the detector of the example."""
    monkeypatch.setitem(DETECTORS, "spots", None)
    monkeypatch.setitem(FAMILIES, "spots", None)
    runpy.run_path(str(Path(__file__).parents[1] / "examples" / "add_a_detector.py"))
    card = DetectorCard(
        architecture="spots", particle_px=9, threshold=1.0, licence="none", trained_on="nothing"
    )
    save_network(tmp_path / "spots.safetensors", {}, card)
    return str(tmp_path / "spots.safetensors")


@pytest.fixture
def parameters(spots, use_toy_weights):
    return PickParameters(
        particle={"diameter_angstrom": 36.0, "polarity": "dark"}, detector={"weights": spots}
    )


@pytest.fixture
def discs(tmp_path, write_discs):
    """A micrograph of 16 discs, the first four in a dark square, and the centres of the others."""
    path = tmp_path / "discs.mrc"
    centers = write_discs(path)
    with mrcfile.open(path, "r+") as file:
        file.data[:70, :70] -= 20
    return path, centers[(centers > 80).any(axis=1)]


def same(found, expected):
    for name in ("centers_yx", "height", "probability"):
        assert_array_equal(getattr(found, name), getattr(expected, name))


def test_dirt_is_not_picked(parameters, discs):
    path, centers = discs
    picks = pick(read_micrograph(path), parameters)
    # The classifier is made for other heights: it rejects nothing.
    assert_array_equal(picks.accepted, picks.clearance > 0.25)
    accepted = picks.centers_yx[picks.accepted]
    assert len(match_one_to_one(accepted, centers, 4.0)) == len(centers)
    assert not (accepted < 40).all(axis=1).any()


def test_a_batch_writes_the_same_picks(parameters, discs, tmp_path):
    path, _ = discs
    picks = pick(read_micrograph(path), parameters)
    out = tmp_path / "out"
    report = pick_micrographs(list_entries([path], out), parameters, Outputs(out, (".star",)))
    assert [one.accepted for one in report.picked] == [picks.accepted.sum()]
    written = read_coordinates(out / "discs_autopick.star")
    assert_allclose(written.centers_yx, picks.centers_yx[picks.accepted], atol=0.5)


def test_a_session_shows_and_exports_the_same_picks(parameters, discs, tmp_path):
    path, _ = discs
    main_thread = MainThreadQueue()
    session = Session(main_thread, SessionOptions(projects_root=tmp_path / "projects"))
    session.open_paths([path])
    finish(main_thread, session)
    for stage in ("particle", "detector"):
        session.change(stage, **getattr(parameters, stage).model_dump())
    session.picking.pick_current()
    finish(main_thread, session)
    expected = pick(read_micrograph(path), parameters, all_candidates=True)
    same(session.current.stored.picks, expected)
    assert session.current.accepted_count == expected.accepted.sum()
    assert session.current.map.limit == 1.0
    session.exporter.export(tmp_path / "out", session.exporter.choice, only_current=True)
    finish(main_thread, session)
    (file,) = (tmp_path / "out").rglob("discs*.star")
    assert_allclose(
        read_coordinates(file).centers_yx, expected.centers_yx[expected.accepted], atol=0.5
    )
    session.close()
    session.runner.join(LIMIT_S)
