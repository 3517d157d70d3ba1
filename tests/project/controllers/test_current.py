"""The micrograph that is shown, and what a person does to its points."""

import gc
import weakref
from dataclasses import replace

import mrcfile
import numpy as np
import pytest

from napari_drpnet.base.picks import Picks
from napari_drpnet.images.display import DisplayParameters
from napari_drpnet.project.controllers.current import UNKNOWN_DIAMETER_PX
from napari_drpnet.project.points.review import State, is_accepted
from napari_drpnet.project.stages import cache as picker


def states(desk, *rows):
    return [State(desk.current.states[row]) for row in rows]


def labels(desk):
    return desk.project.labels(desk.current.id)


def place(desk, row):
    return tuple(desk.current.review.centers_yx[row])


# ---- clicks


def test_a_click_flips_and_a_click_on_nothing_adds(picked):
    picked.current.click(place(picked, 2))
    assert states(picked, 2) == [State.REJECTED_BY_HAND]
    picked.current.click(place(picked, 2))
    assert states(picked, 2) == [State.ACCEPTED_BY_HAND]
    picked.current.click((1.0, 2.0))
    assert place(picked, -1) == (1, 2)
    assert picked.current.accepted_count == 17
    picked.current.click((1.0, 2.0))
    assert len(picked.current.states) == 16
    assert len(labels(picked)) == 1
    assert picked.session.history.undo_title == "Remove point"
    picked.current.click((-30.0, 2.0))  # outside
    assert picked.current.accepted_count == 16
    picked.session.undo()
    assert place(picked, -1) == (1, 2)
    assert picked.current.accepted_count == 17
    for _ in range(3):
        picked.session.undo()
    assert labels(picked) == ()


@pytest.mark.parametrize("route", ["click", "brush", "reject", "delete", "napari"])
def test_an_added_particle_is_rejected_by_removing_it(picked, route):
    """Beside a candidate below the threshold, and where there is none."""
    session, current = picked.session, picked.current
    session.change("peaks", threshold=1e6)
    near = np.array(place(picked, 5)) + 1.5
    for here in (near, np.array([2.0, 2.0])):
        current.click(tuple(here))
        (row,) = np.flatnonzero(current.visible)
        if route == "click":
            current.click(tuple(here))
        elif route == "brush":
            with current.stroke(accepted=False):
                current.paint([here, here + 1], 5.0, accepted=False)
                current.paint([here + 1, here + 2], 5.0, accepted=False)
        elif route == "reject":
            session.selection.choose([row])
            session.selection.label(accepted=False)
        elif route == "delete":
            current.delete([row])
        else:
            current.take_over(current.visible, np.delete(current.review.centers_yx, row, axis=0))
        assert labels(picked) == ()
        assert not current.visible.any()
        session.undo()
        np.testing.assert_allclose(place(picked, np.flatnonzero(current.visible)[0]), here)
        session.redo()
        assert labels(picked) == ()


@pytest.fixture
def bare(desk, tmp_path, write_discs):
    """A desk with a micrograph whose pixel size is unknown, without a diameter and picks."""
    write_discs(tmp_path / "bare" / "unknown.mrc", pixel_size=0)
    desk.open(tmp_path / "bare" / "unknown.mrc")
    return desk


def test_particles_are_added_to_a_bare_micrograph(bare):
    current = bare.current
    assert bare.session.plan is None
    current.click((50.0, 50.0))
    current.add([(80.0, 90.0), (500.0, 20.0)])  # the second one is outside
    assert current.accepted_count == 2
    assert states(bare, 0, 1) == [State.ACCEPTED_BY_HAND] * 2
    summary = bare.session.summaries[current.id]
    assert (summary.status, summary.accepted) == ("not picked", 2)
    assert bare.session.summaries.totals().particles == 2
    current.click((51.0, 49.0))
    assert bare.session.history.undo_title
    bare.session.undo()
    assert current.accepted_count == 2
    assert bare.texts("info") == []


def test_what_was_added_to_a_bare_micrograph_is_saved_and_stays_when_it_is_picked(bare, new_desk):
    bare.current.add([(50.0, 50.0), (80.0, 90.0)])
    folder = bare.session.store.folder
    bare.close()
    again = new_desk()
    again.session.open_project(folder)
    again.finish()
    assert again.current.accepted_count == 2
    again.session.change("particle", diameter_angstrom=36.0, pixel_size_angstrom=2.0)
    again.session.picking.pick_current()
    again.finish()
    places = again.current.review.centers_yx[again.current.states == State.ACCEPTED_BY_HAND]
    np.testing.assert_array_equal(places, [(50.0, 50.0), (80.0, 90.0)])


def test_points_on_a_bare_micrograph_have_the_measured_size_as_soon_as_there_is_one(bare):
    current = bare.current
    assert current.drawn_diameter_px == UNKNOWN_DIAMETER_PX
    redrawn = []
    current.states_changed.connect(lambda: redrawn.append(current.drawn_diameter_px))
    bare.session.keep_measured(30.0)
    assert redrawn == [30.0]
    bare.session.change("particle", diameter_angstrom=36.0, pixel_size_angstrom=2.0)
    assert current.drawn_diameter_px == 18.0


def test_without_a_micrograph_corrections_do_nothing(desk):
    current = desk.current
    current.set_label([0], accepted=True)
    current.move(0, (1.0, 1.0))
    current.delete([0])
    current.forget([0])
    current.add([[5.0, 5.0]])
    current.paint([(5.0, 5.0)], 50.0, accepted=False)
    assert not current.take_over(np.ones(1, bool), [[5.0, 5.0]])
    current.click((5.0, 5.0))
    assert not desk.session.history.can_undo


def test_a_click_where_a_rejected_point_is_not_drawn_turns_that_one(picked):
    here = place(picked, 2)
    picked.current.click(here)
    picked.session.view.show_rejected = False
    picked.current.click((here[0] + 3, here[1]))
    assert len(labels(picked)) == 1
    assert states(picked, 2) == [State.ACCEPTED_BY_HAND]
    assert picked.current.accepted_count == 16


def test_a_click_reaches_as_far_as_the_ring_that_is_drawn(picked):
    y, x = place(picked, 0)
    assert picked.current.diameter_px == 18.0
    assert picked.current.row_at((y + 8, x)) == 0
    picked.session.change("particle", diameter_angstrom=12.0)  # not picked with this one yet
    assert picked.current.diameter_px == 6.0
    assert picked.current.row_at((y + 8, x)) is None
    assert picked.current.row_at((y + 2, x)) == 0


def test_points_that_are_not_drawn_are_not_clicked(picked):
    picked.session.change("classifier", accept=0.9)  # the model rejects all
    assert picked.current.row_at(place(picked, 0)) == 0
    picked.session.view.show_rejected = False
    assert picked.current.row_at(place(picked, 0)) is None
    assert not picked.current.visible.any()


# ---- brush


def test_a_stroke_is_one_step_and_leaves_alone_what_is_so_already(picked):
    with picked.current.stroke(accepted=False):
        picked.current.paint([(0.0, 0.0)], 60.0, accepted=False)
        picked.current.paint([(0.0, 0.0), (160.0, 0.0)], 30.0, accepted=False)
    rejected = (picked.current.states == State.REJECTED_BY_HAND).sum()
    assert 4 <= rejected < 10
    assert len(labels(picked)) == rejected
    before = labels(picked)
    picked.current.paint([(0.0, 0.0)], 60.0, accepted=False)
    assert labels(picked) == before
    picked.session.undo()
    assert labels(picked) == ()


# ---- other tools


def test_other_tools_add_drag_and_delete(picked):
    current, drawn = picked.current, picked.current.visible
    centers = current.review.centers_yx
    assert not current.take_over(drawn, centers)
    moved = centers + (np.arange(16) == 4)[:, None] * 3.0
    assert current.take_over(drawn, moved)
    np.testing.assert_array_equal(current.review.centers_yx, moved)
    assert current.take_over(current.visible, np.delete(moved, [4, 7], axis=0))
    assert states(picked, 4, 7) == [State.REJECTED_BY_HAND] * 2
    assert current.take_over(current.visible, np.concatenate([moved, [[3.0, 4.0]]]))
    assert place(picked, 16) == (3, 4)
    assert picked.session.history.undo_title == "Edit points"
    for _ in range(3):
        picked.session.undo()
    assert labels(picked) == ()


def test_other_tools_cannot_touch_what_they_did_not_see(picked):
    picked.session.change("peaks", threshold=float(np.median(picked.current.stored.picks.height)))
    current, drawn = picked.current, picked.current.visible
    assert 0 < drawn.sum() < 16
    centers = current.review.centers_yx
    assert current.take_over(drawn, centers + 1.0)  # as after "select all" and a drag
    assert (current.states[drawn] == State.ACCEPTED_BY_HAND).all()
    assert (current.states[~drawn] == State.BELOW).all()
    picked.session.undo()
    assert current.take_over(drawn, centers[:0])
    assert len(labels(picked)) == drawn.sum()


def test_rows_in_another_order_are_only_drawn_anew(picked):
    current = picked.current
    assert current.take_over(current.visible, current.review.centers_yx[::-1])
    assert labels(picked) == ()
    assert picked.session.history.undo_title != "Edit points"


def test_one_added_while_one_is_deleted(picked):
    current = picked.current
    changed = np.concatenate([np.delete(current.review.centers_yx, 3, axis=0), [[2.0, 3.0]]])
    current.take_over(current.visible, changed)
    assert [label.accepted for label in labels(picked)] == [False, True]
    assert states(picked, 3) == [State.REJECTED_BY_HAND]
    assert current.accepted_count == 16


# ---- the cut in use


def test_an_automatic_cut_is_that_of_the_micrograph_that_is_shown(picked, automatic_weights):
    session, current = picked.session, picked.current
    assert current.accept == 0.5
    session.change("classifier", classifier=automatic_weights())
    picked.finish()
    assert current.decision.is_automatic
    assert current.accept == current.decision.cut.accept != 0.5
    assert current.accepted_count == 16
    session.change("classifier", accept=0.9)
    assert current.accept == 0.9
    assert current.accepted_count == 0
    session.undo()
    assert current.accept == current.decision.cut.accept < 0.5
    session.step(1)  # not picked as yet
    assert current.accept is None


def test_advice_comes_and_goes_with_the_picks(picked, automatic_weights):
    session, current = picked.session, picked.current

    def about_picks():
        return [one.text for one in current.decision.advice if one.topic == "picks"]

    assert about_picks() == []
    session.change("classifier", classifier=automatic_weights(least_f1=0.99))
    picked.finish()
    assert current.accepted_count == 0
    assert "promises" in about_picks()[0]
    session.change("classifier", least_f1=0.5)
    assert session.runner.status("candidates").state == "idle"  # a comparison is enough
    assert current.accepted_count == 16
    assert about_picks() == []
    session.change("peaks", threshold=1e6)
    assert "No candidate" in about_picks()[0]


# ---- labels and settings


def test_labels_survive_sigma_threshold_and_a_new_pick(picked):
    session, current = picked.session, picked.current
    current.set_label([2, 5], accepted=False)
    current.add([[1.0, 1.0]])
    current.move(7, (place(picked, 7)[0] + 2, place(picked, 7)[1]))
    kept = labels(picked)
    places = sorted(map(tuple, current.review.centers_yx[current.review.labelled]))
    for settings in (
        {"sigma_px": 2.5},
        {"threshold": 0.01},
        {"threshold": 1e6},
        {"sigma_px": 1.0, "threshold": 0.5, "score": "prominence"},
    ):
        session.change("peaks", **settings)
        picked.finish()
        review = current.review
        assert labels(picked) == kept
        assert sorted(map(tuple, review.centers_yx[review.labelled])) == places
        assert (current.states[review.labelled] > State.ACCEPTED).all()
        assert current.accepted_count - is_accepted(current.states[~review.labelled]).sum() == 2
    picked.pick(40.0)
    assert labels(picked) == kept


def test_points_are_there_as_soon_as_the_settings_suffice(new_desk, discs, tmp_path):
    desk = new_desk()
    desk.open(*discs)
    desk.pick()
    desk.session.change("detector", weights=str(tmp_path / "gone.safetensors"))
    desk.session.close()
    desk = new_desk()
    desk.open(*discs)
    assert desk.session.plan is None
    assert "gone.safetensors" in desk.session.problem
    assert desk.current.review is None
    desk.session.change("detector", weights="default")
    assert desk.current.accepted_count == 16


def test_only_the_display_depends_on_the_view(picked):
    before = picked.current.stored
    view = picked.session.view
    image = picked.current.image
    view.display = view.display.model_copy(update={"invert": True, "lowpass_angstrom": 20.0})
    picked.finish()
    assert picked.current.image is not image
    assert picked.current.stored is before


def test_without_a_pixel_size_there_is_no_low_pass_and_no_error(desk, tmp_path):
    """A header without a pixel size."""
    rng = np.random.default_rng(0)
    with mrcfile.new(tmp_path / "a.mrc") as file:
        file.set_data(rng.normal(size=(64, 64)).astype(np.float32))
    desk.open(tmp_path / "a.mrc")
    assert desk.current.image.display.lowpass_px == 0
    desk.session.change("particle", diameter_angstrom=80.0, pixel_size_angstrom=2.0)
    desk.finish()
    assert desk.current.image.display.lowpass_px == 5  # an eighth of the diameter
    assert desk.texts() == []


def test_the_low_pass_follows_the_diameter_unless_it_is_given(desk, discs):
    desk.open(*discs)
    assert desk.current.image.display.parameters.lowpass_angstrom == 20
    desk.session.change("particle", diameter_angstrom=80.0)
    desk.finish()
    assert desk.current.image.display.parameters.lowpass_angstrom == 10
    view = desk.session.view
    view.display = view.display.model_copy(update={"lowpass_angstrom": 30.0})
    desk.finish()
    image = desk.current.image
    assert image.display.parameters.lowpass_angstrom == 30
    desk.session.change("particle", diameter_angstrom=120.0)
    desk.finish()
    assert desk.current.image is image


def test_the_image_has_the_pixels_that_the_magnification_shows(desk, discs):
    desk.session.view.display = DisplayParameters(lowpass=False)
    desk.open(*discs)
    current, view = desk.current, desk.session.view
    fine = current.image.display
    assert fine.image.shape == (160, 160)
    view.magnification = 0.25
    assert current.image.display is fine  # while the other one is rendered
    desk.finish()
    coarse = current.image.display
    assert coarse.image.shape == (40, 40)
    assert coarse.frame.full_shape == (160, 160)
    view.magnification = 0.26
    assert not desk.session.runner.is_busy
    view.magnification = 2.0
    assert not desk.session.runner.is_busy
    assert current.image.display is fine
    view.magnification = 0.25
    assert current.image.display is coarse


def test_images_of_earlier_settings_do_not_come_back(desk, discs):
    desk.session.view.display = DisplayParameters(lowpass=False)
    desk.open(*discs)
    view = desk.session.view
    view.magnification = 0.25
    desk.finish()
    view.display = DisplayParameters(lowpass=False, invert=True)
    desk.finish()
    view.magnification = 1.0
    desk.finish()
    assert desk.current.image.display.parameters.invert
    assert desk.current.image.display.image.shape == (160, 160)
    desk.session.step(1)
    desk.finish()
    view.magnification = 0.25
    assert desk.session.runner.is_busy
    desk.finish()


def test_a_magnification_that_changes_while_the_image_is_rendered_is_followed(desk, discs):
    desk.session.open_paths(discs)
    desk.session.view.magnification = 0.1
    desk.finish()
    assert desk.current.image.display.scale == 8


def test_the_scale_follows_the_pixel_size(picked):
    session, images = picked.session, []
    picked.current.image_changed.connect(lambda: images.append(picked.current.image))
    assert picked.current.pixel_size_angstrom == 2.0
    session.change("particle", pixel_size_angstrom=3.0)
    picked.finish()
    assert picked.current.pixel_size_angstrom == 3.0
    session.change("particle", pixel_size_angstrom=None)
    picked.finish()
    assert picked.current.pixel_size_angstrom == 2.0
    assert len(images) == 2


@pytest.fixture
def unknown(desk, tmp_path, write_discs):
    """A desk with a micrograph whose file does not say the pixel size."""
    write_discs(tmp_path / "unknown.mrc", pixel_size=0)
    desk.open(tmp_path / "unknown.mrc")
    return desk


def test_a_pixel_size_may_be_given_before_the_diameter(unknown):
    session, current = unknown.session, unknown.current
    session.change("particle", pixel_size_angstrom=2.0)
    unknown.finish()
    assert current.pixel_size_angstrom == 2.0
    view = session.view
    view.display = view.display.model_copy(update={"lowpass_angstrom": 20.0})
    unknown.finish()
    assert view.display.lowpass_angstrom == 20.0
    assert unknown.project.settings.particle is None
    session.change("particle", polarity="dark")
    session.change("particle", diameter_angstrom=36.0)
    particle = unknown.project.settings.particle
    assert (particle.pixel_size_angstrom, particle.polarity) == (2.0, "dark")
    session.undo()
    assert unknown.project.settings.particle is None
    assert current.pixel_size_angstrom == 2.0
    assert unknown.texts() == []


def test_a_wrong_value_that_would_wait_is_told(unknown):
    unknown.session.change("particle", pixel_size_angstrom=-1.0)
    (text,) = unknown.texts()
    assert "pixel_size_angstrom" in text
    assert unknown.current.pixel_size_angstrom is None


def test_a_diameter_measured_in_pixels_waits_for_the_pixel_size(unknown):
    unknown.current.measure(18.04)
    assert unknown.project.settings.particle is None
    unknown.session.change("particle", pixel_size_angstrom=2.0)
    particle = unknown.project.settings.particle
    assert (particle.diameter_angstrom, particle.pixel_size_angstrom) == (36.1, 2.0)
    unknown.current.measure(20)
    assert unknown.project.settings.particle.diameter_angstrom == 40.0
    unknown.session.undo()
    unknown.session.undo()
    assert unknown.project.settings.particle is None  # one step for both


def test_a_diameter_that_is_typed_replaces_a_measured_one(unknown):
    unknown.session.change("particle", diameter_angstrom=100.0)
    unknown.current.measure(18.0)
    assert unknown.session.draft.diameter_px == 18.0
    unknown.session.change("particle", diameter_angstrom=50.0)
    unknown.session.change("particle", pixel_size_angstrom=2.0)
    assert unknown.project.settings.particle.diameter_angstrom == 50.0


# ---- which one


def test_nothing_of_one_micrograph_is_shown_with_another(picked):
    seen = []

    def look():
        current = picked.current
        owner = current.record.path.stem if current.record else None
        seen.append((owner, current.image, current.map, current.stored, len(current.states)))

    picked.current.changed.connect(look)
    picked.session.step(1)
    assert seen == [("disc1", None, None, None, 0)]
    assert picked.current.decision is None
    picked.finish()
    assert picked.current.image is not None
    picked.session.step(-1)
    assert picked.current.accepted_count == 16  # at once, from the disk
    assert picked.current.map is None
    picked.finish()
    assert picked.current.map is not None


def test_steps_end_at_the_ends(picked):
    picked.session.step(-1)
    assert picked.current.id == "m00001"
    picked.session.step(99)
    assert picked.current.id == "m00003"
    picked.finish()


@pytest.mark.parametrize("fault", ["one pixel", "constant", "NaN", "truncated", "missing"])
def test_what_is_no_micrograph_is_told_and_fails_alone(desk, discs, tmp_path, fault):
    bad = tmp_path / "discs" / "bad.mrc"
    pixels = np.random.default_rng(0).normal(size=(64, 64)).astype(np.float32)
    pixels = {"one pixel": pixels[:1, :1], "constant": 0 * pixels + 5}.get(fault, pixels)
    with mrcfile.new(bad) as file:
        file.set_data(pixels)
        file.voxel_size = 2.0
    content = bad.read_bytes()
    if fault == "NaN":
        bad.write_bytes(content[:-4] + np.float32(np.nan).tobytes())
    elif fault == "truncated":
        bad.write_bytes(content[:3000])
    desk.open(bad.parent)
    if fault == "missing":
        bad.unlink()
    desk.session.change("particle", diameter_angstrom=36.0)
    desk.pick_all()
    status = {
        record.path.stem: desk.session.summaries[record.id].status
        for record in desk.project.micrographs.values()
    }
    assert status == {"bad": "failed", "disc0": "picked", "disc1": "picked", "disc2": "picked"}
    name = next(r.id for r in desk.project.micrographs.values() if r.path == bad)
    desk.current.select(name)
    desk.finish()
    assert "bad.mrc" in desk.session.summaries[name].message
    assert any("bad.mrc" in text for text in desk.texts())
    assert desk.current.image is None
    desk.session.picking.pick_current()
    desk.finish()
    assert desk.current.decision is None
    desk.session.step(1)
    desk.finish()
    assert desk.current.accepted_count == 16


def test_a_micrograph_without_particles_has_none_to_correct(desk, tmp_path):
    rng = np.random.default_rng(0)
    with mrcfile.new(tmp_path / "empty.mrc") as file:
        file.set_data((100 + rng.normal(size=(160, 160))).astype(np.float32))
        file.voxel_size = 2.0
    desk.open(tmp_path / "empty.mrc")
    desk.pick(threshold=1e6)
    current = desk.current
    assert (current.above_count, current.accepted_count) == (0, 0)
    assert desk.session.summaries[current.id].status == "picked"
    desk.pick(300.0, border=5.0)  # the border leaves no room at all
    assert len(current.review) == 0
    current.click((20.0, 20.0))
    assert current.accepted_count == 1
    desk.session.selection.show_doubt()
    current.paint([(20.0, 20.0)], 9.0, accepted=False)
    assert current.accepted_count == 0


# ---- much


def test_fifty_thousand_candidates_on_one_micrograph(picked):
    session, current = picked.session, picked.current
    rng, count = np.random.default_rng(0), 50_000
    score = np.linspace(2, 0, count)
    picks = Picks(rng.uniform(0, 9999, (count, 2)), score, score, score / 2, np.zeros(count, bool))
    current.show_candidates(replace(current.stored, picks=picks, shape=(9999, 9999)), current.map)
    for threshold in np.linspace(0, 2, 20):
        session.change("peaks", live=True, threshold=float(threshold))
    session.change("peaks", threshold=0.0)
    session.change("classifier", accept=0.0)
    assert current.accepted_count == count
    for offset in range(0, 9000, 300):
        current.paint([(0.0, offset), (0.0, offset + 300.0)], 300.0, accepted=False)
    assert len(labels(picked)) > 1000
    moved = np.array(current.review.centers_yx)
    moved[7] += 1.0
    assert current.take_over(current.visible, moved)
    while session.history.can_undo:
        session.undo()
    assert labels(picked) == ()


def test_memory_is_bounded_however_many_micrographs_are_seen(
    new_desk, tmp_path, write_discs, monkeypatch
):
    for k in range(30):
        write_discs(tmp_path / "many" / f"{k}.mrc", seed=k, side=80)
    detections, images, detect = [], [], picker.detect

    def note(*args):
        detection = detect(*args)
        detections.append(weakref.ref(detection))
        return detection

    monkeypatch.setattr(picker, "detect", note)
    desk = new_desk(cache_bytes=100_000)  # for three or four of them
    desk.open(tmp_path / "many")
    desk.pick()
    for _ in range(29):
        images.append(weakref.ref(desk.current.image))
        desk.session.step(1)
        desk.session.picking.pick_current()
        desk.finish()
    gc.collect()
    assert len(detections) == 30
    alive = [detection() for detection in detections if detection()]
    assert 1 < len(alive) < 8
    assert alive[-1] is detections[-1]()
    assert not any(image() for image in images)
