"""Marks of the comparison: what is drawn, when, and that nothing of it becomes a label."""

import numpy as np
import pytest

from napari_drpnet.formats import Coordinates, write_coordinates
from napari_drpnet.plugin.canvas.layers.looks import MARK_LOOKS
from napari_drpnet.plugin.controller import controller_of
from napari_drpnet.project.points.marks import Mark

NAME = "comparison"


@pytest.fixture
def drawn_all(wait, viewer, qtbot):
    """A function that waits for a session, and for its marks, which are drawn at intervals."""

    def wait_for_marks(session):
        wait(session)
        views = controller_of(viewer).marks, controller_of(viewer).other_picks
        qtbot.waitUntil(lambda: not any(view.is_due for view in views))

    return wait_for_marks


@pytest.fixture
def truth(discs, tmp_path):
    """True centres of the first two of three micrographs."""
    for path, centers in list(discs.items())[:2]:
        file = tmp_path / "truth" / f"{path.stem}.csv"
        write_coordinates(file, Coordinates(centers, np.ones(len(centers))))
    return tmp_path / "truth"


@pytest.fixture
def compared(picked, truth, drawn_all):
    """The session of the viewer with its first micrograph compared with truth."""
    picked.session.comparison.load(truth)
    drawn_all(picked.session)
    return picked.session


def drawn(layer, mark):
    """Places where the symbol of a kind of mark is drawn."""
    look = MARK_LOOKS[mark]
    kind = np.array([str(symbol) for symbol in layer.symbol]) == look.symbol
    color = np.abs(layer.border_color[:, :3] - look.rgba[:3]).max(axis=1) < 1e-3
    return layer.data[kind & color & (layer.size > 0)]


def numbers(layer):
    return {mark: len(drawn(layer, mark)) for mark in (Mark.RIGHT, Mark.WRONG, Mark.MISSED)}


def test_right_wrong_and_missed_are_marked_and_follow_the_sliders(compared, viewer, drawn_all):
    layer = viewer.layers[NAME]
    assert numbers(layer) == {Mark.RIGHT: 16, Mark.WRONG: 0, Mark.MISSED: 0}
    compared.current.set_label([0, 1], accepted=False)
    compared.current.add([[1.0, 1.0]])
    drawn_all(compared)
    assert numbers(layer) == {Mark.RIGHT: 14, Mark.WRONG: 1, Mark.MISSED: 2}
    assert drawn(layer, Mark.WRONG).tolist() == [[1.0, 1.0]]
    compared.change("classifier", live=True, accept=0.9)  # all have 0.73
    drawn_all(compared)
    assert numbers(layer) == {Mark.RIGHT: 0, Mark.WRONG: 1, Mark.MISSED: 16}
    truth = {tuple(place) for place in compared.comparison.truth_yx.tolist()}
    assert {tuple(place) for place in drawn(layer, Mark.MISSED).tolist()} == truth


def test_they_lie_on_the_micrograph_above_the_picks(compared, viewer):
    names = [layer.name for layer in viewer.layers]
    assert names.index(NAME) > names.index("picks")
    layer, picks = viewer.layers[NAME], viewer.layers["picks"]
    np.testing.assert_array_equal(layer.scale, picks.scale)
    assert viewer.layers.selection.active is picks


def test_the_layer_goes_with_the_truth_and_is_empty_without(compared, viewer, drawn_all):
    compared.step(2)
    compared.picking.pick_current()
    drawn_all(compared)
    assert not (viewer.layers[NAME].size > 0).any()
    compared.step(-2)
    drawn_all(compared)
    assert numbers(viewer.layers[NAME])[Mark.RIGHT] == 16
    compared.comparison.forget()
    assert NAME not in viewer.layers


def test_switched_off_they_are_drawn_no_more_and_come_back_up_to_date(compared, viewer, drawn_all):
    layer, view = viewer.layers[NAME], compared.view
    view.show_marks = False
    assert not layer.visible
    compared.current.set_label([0], accepted=False)
    drawn_all(compared)
    assert numbers(layer)[Mark.MISSED] == 0
    view.show_marks = True
    assert layer.visible
    assert numbers(layer)[Mark.MISSED] == 1


def test_switched_off_no_layer_is_made(picked, viewer, truth, drawn_all):
    picked.session.view.show_marks = False
    picked.session.comparison.load(truth)
    drawn_all(picked.session)
    assert NAME not in viewer.layers
    picked.session.view.show_marks = True
    assert numbers(viewer.layers[NAME])[Mark.RIGHT] == 16


def test_the_eye_and_the_bin_of_the_layer_list_switch_them_off(compared, viewer, drawn_all):
    viewer.layers[NAME].visible = False
    assert not compared.view.show_marks
    compared.view.show_marks = True
    viewer.layers.remove(viewer.layers[NAME])
    assert not compared.view.show_marks
    compared.current.set_label([0], accepted=False)
    drawn_all(compared)
    assert NAME not in viewer.layers
    compared.view.show_marks = True
    assert numbers(viewer.layers[NAME])[Mark.MISSED] == 1


def test_sizes_follow_particle_and_zoom(compared, viewer, drawn_all):
    layer, camera = viewer.layers[NAME], viewer.scene.camera
    compared.change("classifier", accept=0.9)
    drawn_all(compared)
    camera.zoom = 2.0
    before = layer.size.max()
    compared.change("particle", diameter_angstrom=72.0)
    assert layer.size.max() == pytest.approx(2 * before)
    camera.zoom = 0.01
    on_screen = layer.size[layer.size > 0].min() * compared.current.pixel_size_angstrom * 0.01
    assert on_screen > 5


def test_nothing_done_to_the_layer_changes_a_label_or_an_undo_step(compared, viewer):
    layer, step = viewer.layers[NAME], compared.history.undo_step
    labels = compared.project.labels(compared.current.id)
    layer.add([[20.0, 20.0]])
    layer.selected_data = {0, 1}
    layer.remove_selected()
    compared.view.show_marks = False
    compared.view.show_marks = True
    compared.sync()
    assert compared.project.labels(compared.current.id) == labels == ()
    assert compared.current.accepted_count == 16
    assert compared.history.undo_step is step


def test_many_results_are_drawn_once(compared, viewer, drawn_all):
    drawn_times, layer = [], viewer.layers[NAME]
    layer.events.set_data.connect(lambda: drawn_times.append(1))
    for _ in range(5):
        compared.comparison.changed.emit()
    assert not drawn_times
    drawn_all(compared)
    assert len(drawn_times) == 1


def test_other_picks_have_a_layer_of_their_own(compared, viewer, truth, drawn_all):
    compared.other_picks.load(truth)
    drawn_all(compared)
    layer = viewer.layers["other picks"]
    assert {str(symbol) for symbol in layer.symbol} == {MARK_LOOKS[Mark.AGREED].symbol}
    agreed = layer.size.max()
    np.testing.assert_allclose(layer.size, agreed)
    compared.current.set_label([0], accepted=False)
    drawn_all(compared)
    assert (layer.size > agreed).sum() == 1  # only theirs
    compared.view.show_marks = False
    assert layer.visible
    compared.view.show_other_picks = False
    assert not layer.visible
    compared.other_picks.forget()
    assert "other picks" not in viewer.layers
    assert NAME in viewer.layers


def test_nothing_done_to_other_picks_changes_a_label(compared, viewer, truth, drawn_all):
    compared.other_picks.load(truth)
    drawn_all(compared)
    layer = viewer.layers["other picks"]
    viewer.layers.selection.active = layer
    layer.add([[20.0, 20.0]])
    layer.selected_data = {0, 1}
    layer.remove_selected()
    compared.sync()
    assert compared.project.labels(compared.current.id) == ()
    assert compared.current.accepted_count == 16
