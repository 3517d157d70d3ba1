"""Classes and dirt of the micrograph that is shown."""

from functools import cached_property

import numpy as np
import pytest

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.segmentation import BACKGROUND, CARBON, PARTICLE
from napari_drpnet.formats import read_coordinates
from napari_drpnet.project.files.export_options import ExportOptions
from napari_drpnet.project.points.review import State
from napari_drpnet.project.stages import plan
from napari_drpnet.project.stages.segmenting import Segmented


@pytest.fixture
def dirty(tmp_path, write_dirty):
    """Two micrographs with a film on the right quarter, by path: their true centres."""
    paths = [tmp_path / "dirty" / f"dirty{k}.mrc" for k in range(2)]
    return {path: write_dirty(path, seed=k) for k, path in enumerate(paths)}


@pytest.fixture
def at_work(desk, use_toy_segmenter, dirty):
    """A desk with these micrographs open, whose diameter is known."""
    desk.open(*dirty)
    desk.session.change("particle", diameter_angstrom=36.0, polarity="dark")
    return desk


def segment(desk):
    desk.session.segmenting.segment_current()
    desk.finish()
    return desk.session.segmenting.shown


def area_of(desk, name):
    return desk.session.summaries[name].dirty_area


def test_segment_shows_the_classes_and_changes_nothing_about_picking(at_work, dirty):
    before = at_work.project.settings
    shown = segment(at_work)
    assert shown.dirt.area == pytest.approx(0.2, abs=0.05)
    assert shown.shares["carbon"] == pytest.approx(0.2, abs=0.05)
    assert at_work.session.segmenting.about == "Segment uses the weights segmenter-default."
    assert not shown.rejects
    assert at_work.project.settings == before
    assert at_work.current.stored is None
    assert area_of(at_work, at_work.current.id) == shown.dirt.area


def test_the_class_under_the_mouse_is_told_with_its_probability(at_work, dirty):
    shown = segment(at_work)
    frame, classes = shown.segmentation.frame, shown.class_map
    for number, name in ((BACKGROUND, "background"), (PARTICLE, "particle"), (CARBON, "carbon")):
        row, column = np.argwhere(classes == number)[0]
        probability = shown.segmentation.probability[number - 1, row, column]
        assert shown.describe(frame.to_full((row, column))) == f"{name} {probability:.2f}"
    assert shown.describe((-1, 20)) == ""
    assert shown.describe((20, 160)) == ""


def test_picking_with_a_segmenter_brings_the_classes(at_work):
    at_work.session.change("segmenter", segmenter="default")
    at_work.pick()
    segmenting = at_work.session.segmenting
    shown = segmenting.shown
    assert shown.rejects
    assert segmenting.about == ""
    assert at_work.current.stored.dirty_area == shown.dirt.area
    assert area_of(at_work, at_work.current.id) == shown.dirt.area
    same = segment(at_work)
    np.testing.assert_array_equal(same.segmentation.probability, shown.segmentation.probability)
    np.testing.assert_array_equal(same.zone, shown.zone)


def test_picking_again_without_a_segmenter_forgets_the_dirty_area_of_the_picks(at_work):
    at_work.session.change("segmenter", segmenter="default")
    at_work.pick()
    assert area_of(at_work, at_work.current.id) is not None
    at_work.session.change("segmenter", segmenter="none")
    at_work.pick()
    assert at_work.current.stored.dirty_area is None
    assert area_of(at_work, at_work.current.id) is None
    shown = segment(at_work)
    at_work.pick()
    assert area_of(at_work, at_work.current.id) == shown.dirt.area


def test_the_limits_of_dirt_work_on_what_is_there(at_work, detector_gate):
    detector_gate.let_through = 1  # nobody may come there again
    first = segment(at_work)
    session = at_work.session
    session.change("segmenter", live=True, dirt_probability=1.0)
    at_work.finish()
    assert session.segmenting.shown.segmentation is first.segmentation
    assert session.segmenting.shown.dirt.area < first.dirt.area
    assert area_of(at_work, at_work.current.id) == session.segmenting.shown.dirt.area
    session.change("segmenter", dirt_probability=None)
    at_work.finish()
    assert session.segmenting.shown.dirt.area == first.dirt.area
    assert not detector_gate.reached.is_set()


def test_a_step_of_a_slider_finds_the_outline_once(at_work, monkeypatch):
    at_work.session.change("segmenter", segmenter="default")
    at_work.pick()
    found, outline = [], Segmented.outline.func
    counted = cached_property(lambda self: (found.append(self), outline(self))[1])
    counted.__set_name__(Segmented, "outline")
    monkeypatch.setattr(Segmented, "outline", counted)
    at_work.session.change("segmenter", dirt_probability=0.7)
    at_work.finish()
    assert len(found) == 1
    assert at_work.session.segmenting.shown is found[0]


def test_the_zone_has_the_clearance_while_picks_are_rejected(at_work):
    bare = segment(at_work)
    np.testing.assert_array_equal(bare.zone, bare.dirt.mask)
    edge = np.argwhere(bare.outline[1:-1])
    assert 0 < len(edge) < bare.zone.sum() / 3
    assert bare.zone[bare.outline > 0].all()
    at_work.session.change("segmenter", segmenter="default", clearance=1.0)
    at_work.finish()
    shown = at_work.session.segmenting.shown
    assert shown.segmentation is bare.segmentation
    reach = shown.segmentation.diameter_px
    row = np.flatnonzero(shown.zone[20])
    assert np.flatnonzero(bare.zone[20])[0] - row[0] == pytest.approx(reach, abs=1)
    at_work.session.change("segmenter", dirt_probability=0.0)
    at_work.finish()
    everywhere = at_work.session.segmenting
    assert not everywhere.shown.dirt.rejects
    assert not everywhere.shown.zone.any()
    assert everywhere.warning.startswith("100% of the micrograph is dirt, more than 80%")


def test_another_segmenter_segments_again(at_work, toy_segmenter):
    first = segment(at_work)
    at_work.session.change("segmenter", segmenter=toy_segmenter)
    at_work.finish()
    shown = at_work.session.segmenting.shown
    assert shown.segmentation.sha256 != first.segmentation.sha256
    assert shown.rejects


def test_the_plan_is_made_again_only_if_something_has_changed(at_work):
    segmenting = at_work.session.segmenting
    before = segmenting.plan
    assert segmenting.plan is before
    at_work.session.change("segmenter", dirt_probability=0.7)
    assert segmenting.plan.parameters.segmenter.dirt_probability == 0.7


def test_another_diameter_makes_the_classes_outdated(at_work):
    segment(at_work)
    at_work.session.change("particle", diameter_angstrom=40.0)
    at_work.finish()
    assert at_work.session.segmenting.warning == (
        "The settings have changed: press Segment or Pick."
    )
    segment(at_work)
    assert at_work.session.segmenting.warning == ""


def test_what_is_missing_is_asked_for(desk, use_toy_segmenter, dirty):
    desk.open(*dirty)
    lacking = []
    desk.session.picking.lacking.connect(lacking.append)
    assert segment(desk) is None
    assert lacking == ["diameter_angstrom"]
    assert desk.session.segmenting.segmenter == ""


def test_missing_weights_are_told(picked, monkeypatch):
    def refuse(parameters):
        raise InputFileError(parameters.detector.weights, "gone", "Find them")

    monkeypatch.setattr(plan, "choose_weights", refuse)
    assert segment(picked) is None
    assert "gone" in picked.texts("warning")[-1]


def test_a_file_that_cannot_be_read_is_told(at_work, dirty):
    next(iter(dirty)).write_bytes(b"nothing")
    assert segment(at_work) is None
    assert at_work.session.failures["segment"]
    at_work.session.step(1)
    assert not at_work.session.failures["segment"]


def test_nothing_lands_on_another_micrograph_or_after_cancelling(at_work, detector_gate):
    session = at_work.session
    first = at_work.current.id
    session.segmenting.segment_current()
    assert detector_gate.reached.wait(100)
    session.step(1)
    detector_gate.opened.set()
    at_work.finish()
    assert session.segmenting.shown is None
    assert area_of(at_work, at_work.current.id) is None
    session.segmenting.segment_current()
    session.segmenting.cancel()
    at_work.finish()
    assert session.segmenting.shown is None
    session.current.select(first)
    at_work.finish()
    assert session.segmenting.shown is None or area_of(at_work, first) is not None


def test_the_dirty_area_is_there_after_reopening(at_work, new_desk, dirty):
    area = segment(at_work).dirt.area
    first = at_work.current.id
    at_work.session.step(1)
    at_work.session.change("segmenter", segmenter="default")
    at_work.pick()
    second = at_work.current.id
    folder = at_work.session.store.folder
    at_work.close()
    desk = new_desk()
    desk.session.open_project(folder)
    desk.finish()
    assert desk.current.id == second
    assert area_of(desk, first) == area
    assert area_of(desk, second) == desk.session.segmenting.shown.dirt.area
    desk.session.current.select(first)
    desk.finish()
    assert desk.session.segmenting.shown.dirt.area == area


def test_a_micrograph_is_not_segmented_again_while_classes_are_hidden(at_work):
    area = segment(at_work).dirt.area
    first = at_work.current.id
    at_work.session.view.show_classes = False
    at_work.session.step(1)
    at_work.session.step(-1)
    at_work.finish()
    assert at_work.session.segmenting.shown is None
    assert area_of(at_work, first) == area


def test_a_damaged_area_is_unknown(at_work):
    segment(at_work)
    first, store = at_work.current.id, at_work.session.store
    (store.folder / "segmented" / f"{first}.txt").write_text("much")
    assert store.load_dirty_area(first) is None


def test_picks_of_a_segmenter_follow_their_sliders_and_are_picks_to_all(
    at_work, toy_segmenter, detector_gate, tmp_path
):
    detector_gate.let_through = 1  # the network runs once
    session, current = at_work.session, at_work.current
    session.change("detector", weights=toy_segmenter)
    at_work.pick()
    count = current.accepted_count
    assert count > 0
    assert current.map.name == "P(particle)"
    assert session.segmenting.shown.rejects
    assert current.review.merit_name == "P(particle)"
    for name, value in (
        ("particle_probability", 1.0),
        ("least_area", 50.0),
        ("greatest_area", 0.01),
        ("erosion", 1.0),
    ):
        session.change("segmenter", live=True, **{name: value})
        at_work.finish()
        assert current.accepted_count < count, name
        session.change("segmenter", **{name: None})
        at_work.finish()
        assert current.accepted_count == count, name
    assert not detector_gate.reached.is_set()
    place = tuple(current.review.centers_yx[current.states == State.ACCEPTED][0])
    current.click(place)
    assert current.accepted_count == count - 1
    session.undo()
    session.exporter.export(tmp_path / "out", ExportOptions(), only_current=True)
    at_work.finish()
    (file,) = (tmp_path / "out").glob("*_autopick.star")
    assert len(read_coordinates(file)) == count
    detector_gate.opened.set()
    at_work.pick_all()
    assert at_work.session.summaries.totals().counts["picked"] == 2
