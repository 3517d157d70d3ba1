"""The layers are views of the session: what other tools do to them ends in the right state."""

import numpy as np
import pytest

from napari_drpnet.formats import Coordinates, write_coordinates
from napari_drpnet.project.points.review import State, is_accepted

DIAMETER = 36.0


def layer_names(viewer):
    return [layer.name for layer in viewer.layers]


def drawn(layer):
    return layer.size > 0


def test_layers_lie_in_order_in_the_space_of_the_micrograph(picked, viewer):
    assert layer_names(viewer) == ["micrograph", "distance map", "picks"]
    micrograph, distance_map, picks = viewer.layers
    for layer in viewer.layers:
        assert [str(unit) for unit in layer.units] == ["angstrom", "angstrom"]
    np.testing.assert_array_equal(picks.scale, [2, 2])
    np.testing.assert_array_equal(micrograph.scale, [2, 2])
    # Edge to edge: the outer edges of both images agree.
    low = [np.subtract(i.translate, i.scale / 2) for i in (micrograph, distance_map)]
    high = [
        np.add(i.translate, (np.array(i.data.shape) - 0.5) * i.scale)
        for i in (micrograph, distance_map)
    ]
    np.testing.assert_allclose(low[0], low[1])
    np.testing.assert_allclose(high[0], high[1])


def test_the_maximum_of_the_map_lies_on_the_pick(picked, viewer, discs):
    _, distance_map, picks = viewer.layers
    truth = next(iter(discs.values()))
    brightest = np.unravel_index(np.argmax(distance_map.data), distance_map.data.shape)
    world = distance_map.data_to_world(brightest)
    distance = np.linalg.norm(truth - picks.world_to_data(world), axis=1).min()
    assert distance <= 0.75 * picked.session.current.map.frame.scale_yx.max() + 1


def test_the_map_keeps_its_colours_when_sigma_moves(picked, viewer, wait):
    session, distance_map = picked.session, viewer.layers["distance map"]
    limits, before = distance_map.contrast_limits, distance_map.data.max()
    session.change("peaks", sigma_px=4.0)
    wait(session)
    assert viewer.layers["distance map"] is distance_map
    assert distance_map.data.max() < before
    assert distance_map.contrast_limits == limits


def test_points_show_what_the_session_shows(picked, viewer):
    session, layer = picked.session, viewer.layers["picks"]
    current = session.current
    np.testing.assert_array_equal(drawn(layer), current.visible)
    np.testing.assert_allclose(layer.size[drawn(layer)], current.diameter_px)
    session.change("peaks", threshold=float(np.median(current.stored.picks.height)))
    assert drawn(layer).sum() == current.accepted_count == 8
    session.change("classifier", accept=0.9)
    assert current.accepted_count == 0
    assert set(layer.features["state"]) == {"rejected", "below"}
    assert {str(symbol) for symbol in layer.symbol[drawn(layer)]} == {"x"}
    session.view.show_rejected = False
    assert not drawn(layer).any()


def test_rings_follow_the_diameter_and_the_picks_wait_for_pick(picked, viewer):
    session, layer = picked.session, viewer.layers["picks"]
    before, stored = layer.data.copy(), session.current.stored
    for diameter, pixel_size, width_px in ((60.0, None, 30.0), (60.0, 3.0, 20.0)):
        session.change("particle", diameter_angstrom=diameter, pixel_size_angstrom=pixel_size)
        np.testing.assert_allclose(layer.size, width_px)
    session.undo()
    session.undo()
    np.testing.assert_allclose(layer.size, 18.0)
    np.testing.assert_array_equal(layer.data, before)
    assert session.current.stored is stored


def test_marks_follow_the_diameter_too(picked, viewer, tmp_path, wait, discs):
    path, truth = next(iter(discs.items()))
    folder = tmp_path / "truth"
    write_coordinates(folder / f"{path.stem}.csv", Coordinates(truth, np.full(len(truth), np.nan)))
    picked.session.comparison.load(folder)
    wait(picked.session)
    viewer.scene.camera.zoom = 1.0
    before = viewer.layers["truth"].size[0]
    picked.session.change("particle", diameter_angstrom=30.0)
    assert viewer.layers["truth"].size[0] == pytest.approx(before * 30 / 36)


def test_labels_look_different_from_what_the_model_says(picked, viewer):
    session, layer = picked.session, viewer.layers["picks"]
    session.current.set_label([0], accepted=False)
    session.current.add([[5.0, 5.0]])
    states = session.current.states
    assert states[0] == State.REJECTED_BY_HAND
    assert states[-1] == State.ACCEPTED_BY_HAND
    by_model = int(np.flatnonzero(states == State.ACCEPTED)[0])
    assert str(layer.symbol[0]) != str(layer.symbol[by_model])
    assert layer.face_color[-1, 3] > layer.face_color[by_model, 3]
    assert list(layer.features["state"])[-1] == "accepted by hand"


def test_napari_tools_become_edits(picked, viewer):
    session, layer = picked.session, viewer.layers["picks"]
    count = len(layer.data)
    layer.add([10.0, 12.0])
    assert session.current.accepted_count == 17
    assert layer.features["state"].iloc[-1] == "accepted by hand"
    layer.selected_data = {0, 1}
    layer.remove_selected()
    assert session.current.accepted_count == 15
    assert len(layer.data) == count + 1  # rejected ones stay, so that they can be taken back
    moved = layer.data.copy()
    moved[2] += 3
    layer.data = moved
    np.testing.assert_allclose(session.current.review.centers_yx[2], moved[2])
    for _ in range(3):
        session.undo()
    assert session.current.accepted_count == 16
    assert session.project.labels(session.current.id) == ()


def test_deleting_hidden_points_means_nothing(picked, viewer):
    session, layer = picked.session, viewer.layers["picks"]
    heights = session.current.stored.picks.height
    session.change("peaks", threshold=float(np.median(heights)))
    hidden = int(np.count_nonzero(~drawn(layer)))
    assert hidden == 8
    layer.selected_data = set(range(len(layer.data)))
    layer.remove_selected()
    states = session.current.states
    assert np.count_nonzero(states == State.REJECTED_BY_HAND) == 8
    assert np.count_nonzero(states == State.BELOW) == hidden


def test_napari_tools_change_no_points_that_cannot_be_seen(picked, viewer):
    session, layer, notices = picked.session, viewer.layers["picks"], []
    session.noticed.connect(notices.append)
    layer.opacity = 0.0
    before = layer.data.copy()
    layer.selected_data = {0, 1}
    layer.remove_selected()
    layer.add([10.0, 12.0])
    np.testing.assert_array_equal(layer.data, before)
    assert session.project.labels(session.current.id) == ()
    assert ["transparent" in notice.text for notice in notices] == [True, True]


def test_points_that_were_added_without_an_event_are_found(picked, viewer):
    session, layer = picked.session, viewer.layers["picks"]
    with layer.events.data.blocker():
        layer.data = np.vstack([layer.data, [[7.0, 9.0]]])
    picked.picks.reconcile()
    assert session.current.accepted_count == 17
    np.testing.assert_allclose(session.current.review.centers_yx[-1], [7, 9])


def test_points_of_the_last_micrograph_are_no_edits_of_the_next(picked, viewer, wait):
    session = picked.session
    session.step(1)
    wait(session)
    session.change("peaks", threshold=2.0)
    session.picking.pick_current()
    wait(session)
    session.step(-1)
    assert session.current.review is not None
    assert session.current.image is None  # the layer still has the points of the other one
    picked.picks.reconcile()
    wait(session)
    assert all(session.project.labels(name) == () for name in session.project.micrographs)


@pytest.mark.parametrize("name", ["micrograph", "distance map", "picks"])
def test_a_deleted_layer_stays_away_until_the_next_micrograph(picked, viewer, wait, name):
    session = picked.session
    viewer.layers.remove(viewer.layers[name])
    session.change("peaks", threshold=1.0)
    session.change("peaks", sigma_px=2.0)
    session.current.add([[8.0, 8.0]])
    session.view.show_rejected = False
    wait(session)
    assert name not in layer_names(viewer)
    session.step(1)
    session.picking.pick_current()
    wait(session)
    assert layer_names(viewer) == ["micrograph", "distance map", "picks"]


@pytest.mark.parametrize("name", ["micrograph", "distance map", "picks"])
def test_a_renamed_layer_is_still_ours(picked, viewer, wait, name):
    viewer.layers[name].name = "mine"
    picked.session.step(1)
    picked.session.picking.pick_current()
    wait(picked.session)
    assert len(viewer.layers) == 3
    assert "mine" in layer_names(viewer)


@pytest.mark.parametrize("name", ["micrograph", "distance map", "picks", None])
def test_layers_may_go_while_a_job_runs(picked, viewer, wait, name):
    session = picked.session
    session.step(1)
    wait(session)
    session.picking.pick_current()
    for layer in list(viewer.layers):
        if name in (layer.name, None):
            viewer.layers.remove(layer)
    wait(session)
    assert session.current.accepted_count == 16


def test_the_eye_of_the_layer_list_and_the_session_agree(picked, viewer):
    session = picked.session
    viewer.layers["picks"].visible = False
    assert not session.view.show_points
    session.view.show_points = True
    assert viewer.layers["picks"].visible
    session.view.show_map = False
    assert not viewer.layers["distance map"].visible
    viewer.layers["distance map"].visible = True
    assert session.view.show_map


def test_a_map_that_comes_before_its_micrograph_is_shown_with_it(picked, viewer):
    """The two come from threads, in any order."""
    current = picked.session.current
    image, current.display.image = current.image, None
    current.map_changed.emit()
    assert not viewer.layers["distance map"].visible
    current.display.image = image
    current.image_changed.emit()
    assert picked.session.view.show_map
    assert viewer.layers["distance map"].visible


def test_showing_brings_deleted_points_back(picked, viewer):
    viewer.layers.remove(viewer.layers["picks"])
    picked.session.view.show_points = True
    assert is_accepted(picked.session.current.states).sum() == 16
    assert drawn(viewer.layers["picks"]).sum() == 16


@pytest.mark.parametrize(
    ("name", "field"), [("picks", "show_points"), ("distance map", "show_map")]
)
def test_a_deleted_layer_counts_as_hidden_until_it_comes_back(picked, viewer, wait, name, field):
    session = picked.session
    viewer.layers.remove(name)
    assert not getattr(session.view, field)
    session.step(1)
    session.picking.pick_current()
    wait(session)
    assert getattr(session.view, field)
    assert viewer.layers[name].visible
    setattr(session.view, field, False)
    session.step(1)
    wait(session)
    assert not getattr(session.view, field)  # hidden, not deleted: it stays so


def test_truth_is_drawn_for_the_micrograph_it_belongs_to(picked, viewer, tmp_path, wait, discs):
    from napari_drpnet.formats import Coordinates, write_coordinates

    path, truth = next(iter(discs.items()))
    folder = tmp_path / "truth"
    write_coordinates(folder / f"{path.stem}.csv", Coordinates(truth, np.full(len(truth), np.nan)))
    picked.session.comparison.load(folder)
    wait(picked.session)
    np.testing.assert_allclose(viewer.layers["truth"].data, truth)
    assert layer_names(viewer) == ["micrograph", "distance map", "truth", "picks", "comparison"]
    picked.session.step(1)
    wait(picked.session)
    assert "truth" not in layer_names(viewer)


def test_another_micrograph_without_picks_shows_no_points_of_the_last(picked, viewer, wait):
    picked.session.step(1)
    wait(picked.session)
    assert len(viewer.layers["picks"].data) == 0
    assert not viewer.layers["distance map"].visible
    picked.session.step(-1)
    wait(picked.session)
    assert drawn(viewer.layers["picks"]).sum() == 16
    assert viewer.layers["distance map"].visible


def test_fifty_thousand_points(picked, viewer):
    current = picked.session.current
    rng = np.random.default_rng(0)
    current.add(rng.uniform(0, 159, (50_000, 2)))
    layer = viewer.layers["picks"]
    assert len(layer.data) == len(current.review)
    current.delete(range(len(current.review) - 50_000, len(current.review)))
    assert current.accepted_count <= 16
