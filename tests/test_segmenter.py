"""With a segmenter, `pick`, a batch and the window find the same particles."""

import pytest
from numpy.testing import assert_allclose, assert_array_equal

from napari_drpnet import PickParameters, pick, read_coordinates, read_micrograph
from napari_drpnet.batch import Outputs, list_entries, pick_micrographs
from napari_drpnet.evaluation.matching import match_one_to_one
from napari_drpnet.project.jobs.main_thread import MainThreadQueue
from napari_drpnet.project.points.review import State
from napari_drpnet.project.session import Session, SessionOptions
from napari_drpnet.project.stages import cache
from segmenting import darken
from waiting import LIMIT_S, finish

#: Rejection of picks, the particle class, and a detector whose view depends on dirt.
EVERY_WAY = pytest.mark.parametrize("parameters", ["veto", "detector", "published"], indirect=True)


@pytest.fixture
def discs(tmp_path, write_discs):
    """A micrograph of 16 discs, the first four in dark ice, and the centres of the others."""
    path = tmp_path / "discs.mrc"
    centers = write_discs(path)
    darken(path)
    return path, centers[(centers > 80).any(axis=1)]


@pytest.fixture(params=["veto", "detector"])
def parameters(request, use_toy_weights, toy_segmenter):
    particle = {"diameter_angstrom": 36.0, "polarity": "dark"}
    if request.param == "veto":
        stages = {"segmenter": {"segmenter": toy_segmenter}, "peaks": {"threshold": 0.5}}
    elif request.param == "published":
        units = {"normalization": "published", "map_units": "published"}
        chosen = {"segmenter": {"segmenter": toy_segmenter}, "peaks": {"threshold": 150}}
        stages = chosen | {"detector": units}
    else:
        stages = {"detector": {"weights": toy_segmenter}, "peaks": {"threshold": 0.2}}
    return PickParameters(particle=particle, **stages)


@pytest.fixture
def open_session(tmp_path):
    """A function that opens a micrograph and picks it."""
    opened = []

    def open_and_pick(path, parameters):
        session = Session(MainThreadQueue(), SessionOptions(projects_root=tmp_path / "projects"))
        opened.append(session)
        session.open_paths([path])
        finish(session.deliver, session)
        for stage in ("particle", "detector", "peaks", "segmenter"):
            session.change(stage, **getattr(parameters, stage).model_dump())
        session.picking.pick_current()
        finish(session.deliver, session)
        return session

    yield open_and_pick
    for session in opened:
        session.close()
        session.runner.join(LIMIT_S)


def exported(session, folder):
    session.exporter.export(folder, session.exporter.choice, only_current=True)
    finish(session.deliver, session)
    (file,) = folder.rglob("discs*.star")
    return read_coordinates(file).centers_yx


def test_particles_on_dirt_are_not_accepted(parameters, discs):
    path, centers = discs
    picks = pick(read_micrograph(path), parameters)
    accepted = picks.centers_yx[picks.accepted]
    assert len(match_one_to_one(accepted, centers, 4.0)) == len(centers)
    assert not (accepted < 60).all(axis=1).any()


@EVERY_WAY
def test_a_batch_writes_the_same_picks(parameters, discs, tmp_path):
    path, _ = discs
    picks = pick(read_micrograph(path), parameters)
    out = tmp_path / "out"
    report = pick_micrographs(list_entries([path], out), parameters, Outputs(out, (".star",)))
    assert [one.accepted for one in report.picked] == [picks.accepted.sum()]
    written = read_coordinates(out / "discs_autopick.star")
    assert_allclose(written.centers_yx, picks.centers_yx[picks.accepted], atol=0.5)


@EVERY_WAY
def test_a_session_shows_and_exports_the_same_picks(parameters, discs, open_session, tmp_path):
    path, _ = discs
    session = open_session(path, parameters)
    expected = pick(read_micrograph(path), parameters, all_candidates=True)
    for name in ("centers_yx", "height", "prominence", "probability", "clearance"):
        found = getattr(session.current.stored.picks, name)
        assert_array_equal(found, getattr(expected, name))
    assert session.current.accepted_count == expected.accepted.sum()
    shown = session.current.map
    if parameters.detector.map_units == "published":
        assert (shown.limit, shown.smoothed.max()) == (255, pytest.approx(255, rel=0.1))
    is_detector = parameters.segmenter.segmenter == "none"
    assert expected.accepted.any()
    assert shown.name == ("P(particle)" if is_detector else "distance map")
    assert_allclose(
        exported(session, tmp_path / "out"), expected.centers_yx[expected.accepted], atol=0.5
    )


@pytest.fixture
def vetoed(use_toy_weights, toy_segmenter, discs, open_session):
    """A session in which a segmenter rejects four of 16 picks, which are on dirt."""
    particle = {"diameter_angstrom": 36.0, "polarity": "dark"}
    given = {"segmenter": {"segmenter": toy_segmenter}, "peaks": {"threshold": 0.5}}
    session = open_session(discs[0], PickParameters(particle=particle, **given))
    assert session.current.decision.on_dirt.any()
    return session


def test_a_person_overrules_dirt(vetoed, tmp_path):
    current, accepted = vetoed.current, vetoed.current.accepted_count
    counts, on_dirt = current.decision.counts, current.decision.on_dirt
    row = int(on_dirt.argmax())
    assert counts.endswith(f"{accepted} accepted, {on_dirt.sum()} on dirt")
    current.click(tuple(current.review.centers_yx[row]))
    assert current.states[row] == State.ACCEPTED_BY_HAND
    assert current.accepted_count == accepted + 1
    assert vetoed.summaries[current.id].accepted == accepted + 1
    assert len(exported(vetoed, tmp_path / "out")) == accepted + 1
    vetoed.undo()
    assert current.states[row] == State.REJECTED
    assert current.decision.counts == counts


def test_sliders_of_dirt_run_no_network_again(vetoed, monkeypatch):
    monkeypatch.setattr(cache, "detect", lambda *_: pytest.fail("detected again"))
    accepted, stored = vetoed.current.accepted_count, vetoed.current.stored
    vetoed.change("segmenter", clearance=3.0)
    assert vetoed.current.stored is stored
    assert vetoed.current.accepted_count < accepted
    vetoed.change("segmenter", clearance=None, dirt_probability=1.0)
    finish(vetoed.deliver, vetoed)
    assert vetoed.current.stored is not stored
    assert not vetoed.current.decision.on_dirt.any()


def test_another_segmenter_is_used_at_once(vetoed):
    vetoed.change("segmenter", segmenter="none")
    finish(vetoed.deliver, vetoed)
    assert not vetoed.plan.has_segmenter
    assert vetoed.current.decision.counts.endswith("accepted")
    vetoed.undo()
    finish(vetoed.deliver, vetoed)
    assert vetoed.current.decision.on_dirt.any()
