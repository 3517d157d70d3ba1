"""A detector of what looks like the particles that the user has added."""

import numpy as np
import pytest

from napari_drpnet import pick, read_micrograph
from napari_drpnet.picking.cuts import above_threshold
from napari_drpnet.project.points.review import State


@pytest.fixture
def taught(desk, discs):
    """A desk with a bare micrograph, on which six of 16 discs were added."""
    desk.open(*discs)
    desk.session.change("particle", diameter_angstrom=36.0)
    desk.current.add(next(iter(discs.values()))[:6])
    return desk


def find(desk):
    desk.session.similar.find()
    desk.finish()


def test_the_rest_is_found_on_a_bare_micrograph_as_one_undo_step(taught, discs):
    truth, before = next(iter(discs.values())), taught.project.settings
    assert taught.session.similar.example_count == 6
    find(taught)
    current = taught.current
    found = current.review.centers_yx[current.states == State.ACCEPTED]
    assert len(found) >= 8
    for place in found:
        assert np.hypot(*(truth[6:] - place).T).min() < 6
    assert taught.session.similar.can_discard
    taught.session.undo()
    taught.finish()
    assert taught.project.settings == before
    assert not taught.session.similar.can_discard
    assert len(taught.project.labels(current.id)) == 6


def test_what_was_found_can_be_discarded(taught):
    before = taught.project.settings
    find(taught)
    assert taught.project.settings.classifier.classifier == "none"
    for _ in range(2):
        taught.session.similar.discard()
        taught.finish()
        assert taught.project.settings == before


@pytest.mark.parametrize("way", ["discard", "undo"])
def test_a_bare_micrograph_is_bare_again(taught, way):
    session, first = taught.session, taught.current.id
    session.step(1)
    session.picking.pick_current()
    taught.finish()
    second = taught.current.stored
    session.step(-1)
    find(taught)
    assert taught.current.stored is not None
    assert session.summaries[first].status == "picked"
    session.similar.discard() if way == "discard" else session.undo()
    taught.finish()
    assert taught.current.stored is None
    assert taught.current.accepted_count == 6
    assert session.summaries[first].status == "not picked"
    session.step(1)
    taught.finish()
    assert taught.current.stored.key == second.key
    session.step(-1)
    taught.finish()
    assert taught.current.stored is None


def test_micrographs_are_picked_when_shown_only_as_long_as_it_is_kept(taught):
    session = taught.session
    session.store.picks_shown = None
    find(taught)
    assert session.ahead.is_on
    session.similar.discard()
    assert session.store.picks_shown is None
    session.step(1)
    session.step(-1)
    taught.finish()
    assert taught.current.stored is None


def test_the_command_line_finds_the_same_with_the_file(taught, discs):
    find(taught)
    plan, stored = taught.session.plan, taught.current.stored
    expected = pick(read_micrograph(next(iter(discs))), plan.parameters)
    picks = stored.picks.where(above_threshold(stored.picks, plan.parameters))
    np.testing.assert_array_equal(picks.centers_yx, expected.centers_yx)
    taught.session.step(1)
    taught.session.picking.pick_current()
    taught.finish()
    assert 14 <= taught.current.accepted_count <= 18


def test_learning_again_uses_the_map_of_a_detector_and_not_of_a_filter(taught):
    find(taught)
    find(taught)
    assert taught.session.plan.weights.detector.architecture == "examples-fcrn"
    files = (taught.session.store.folder / "weights").glob("*.safetensors")
    assert sorted(file.stem for file in files) == ["examples-1", "examples-2"]


def test_fewer_than_five_are_too_few(taught):
    taught.session.undo()
    taught.current.add([(20.0, 20.0)])
    find(taught)
    assert taught.texts("info") == ["Add at least 5 particles first: there are 1."]
    assert not taught.session.similar.can_discard


def test_a_missing_diameter_or_pixel_size_is_asked_for(desk, tmp_path, write_discs):
    asked = []
    desk.session.picking.lacking.connect(asked.append)
    truth = write_discs(tmp_path / "unknown.mrc", pixel_size=0)
    desk.open(tmp_path / "unknown.mrc")
    desk.current.add(truth[:6])
    find(desk)
    assert asked == ["diameter_angstrom"]
    desk.session.change("particle", diameter_angstrom=36.0)
    find(desk)
    assert asked == ["diameter_angstrom", "pixel_size_angstrom"]
    assert desk.texts() == []
