"""Layers of the classes and of the outline of dirt."""

import numpy as np
import pytest

pytest.importorskip("napari")

from napari_drpnet.base.segmentation import BACKGROUND, CARBON, CLASSES
from napari_drpnet.formats.masks.class_maps import CLASS_COLOURS
from napari_drpnet.plugin.canvas.layers.looks import GREEN, ORANGE


@pytest.fixture
def dirty(tmp_path, write_dirty):
    paths = [tmp_path / "dirty" / f"dirty{k}.mrc" for k in range(2)]
    return {path: write_dirty(path, seed=k) for k, path in enumerate(paths)}


@pytest.fixture
def segmented(viewer, session, wait, use_toy_segmenter, dirty):
    """A session with the first of two dirty micrographs segmented."""
    session.open_paths(list(dirty))
    wait(session)
    session.change("particle", diameter_angstrom=36.0)
    session.segmenting.segment_current()
    wait(session)
    return session


def names(viewer):
    return [layer.name for layer in viewer.layers]


def test_classes_and_dirt_lie_between_micrograph_and_picks(viewer, segmented):
    assert names(viewer) == ["micrograph", "classes", "dirt", "picks"]
    shown = segmented.segmenting.shown
    classes, dirt = viewer.layers["classes"], viewer.layers["dirt"]
    assert classes.data is shown.class_map
    np.testing.assert_array_equal(dirt.data, shown.outline)
    assert dirt.data.any()
    assert not classes.editable
    assert not dirt.editable
    assert viewer.layers.selection.active.name == "picks"


def test_a_pixel_of_the_classes_lies_where_it_belongs(viewer, segmented):
    shown, layer = segmented.segmenting.shown, viewer.layers["classes"]
    size = segmented.current.pixel_size_angstrom
    assert size == 2.0
    for place in ((0, 0), (3, 17)):
        world = layer.data_to_world(place)
        np.testing.assert_allclose(
            np.array(world) / size, shown.segmentation.frame.to_full(place), atol=1e-9
        )


def test_the_outline_follows_the_limits_of_dirt(viewer, segmented, wait):
    layer = viewer.layers["dirt"]
    before = layer.data.copy()
    segmented.change("segmenter", live=True, dirt_probability=0.05)
    wait(segmented)
    assert viewer.layers["dirt"] is layer
    np.testing.assert_array_equal(layer.data, segmented.segmenting.shown.outline)
    assert not np.array_equal(layer.data, before)


def test_the_colours_are_those_of_no_pick_and_differ_in_lightness():
    lightness = [0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in CLASS_COLOURS[1:]]
    assert np.diff(sorted(lightness)).min() > 20
    for colour in CLASS_COLOURS[1:]:
        for pick in (GREEN, ORANGE):
            assert np.linalg.norm(np.array(colour) / 255 - pick) > 0.4


def test_the_background_stays_as_it_is(viewer, segmented):
    drawn = viewer.layers["classes"].colormap.map(np.arange(len(CLASSES) + 1))
    assert (drawn[:, 3] > 0).tolist() == [False, False, True, True, True]
    np.testing.assert_allclose(drawn[CARBON, :3], np.array(CLASS_COLOURS[CARBON]) / 255, atol=0.01)


def test_eye_opacity_and_lines_are_those_of_the_view(viewer, segmented):
    layer, view = viewer.layers["classes"], segmented.view
    view.classes_opacity = 0.2
    assert layer.opacity == pytest.approx(0.2)
    layer.opacity = 0.7
    assert view.classes_opacity == pytest.approx(0.7)
    view.classes_as_lines = True
    assert layer.contour == 1
    view.classes_as_lines = False
    assert layer.contour == 0
    view.show_classes = False
    assert not layer.visible
    assert not viewer.layers["dirt"].visible
    layer.visible = True
    assert view.show_classes
    assert viewer.layers["dirt"].visible


def test_what_napari_says_about_a_place_has_the_class(viewer, segmented):
    shown = segmented.segmenting.shown
    row, column = np.argwhere(shown.class_map == BACKGROUND)[0]
    place = shown.segmentation.frame.to_full((row, column))
    viewer.cursor.position = tuple(2.0 * place)
    viewer.status = {"layer_base": "picks", "coordinates": " [3, 4]"}
    assert viewer.status["coordinates"] == f" [3, 4]; {shown.describe(place)}"
    viewer.status = {"layer_base": "picks", "coordinates": " [3, 4]: "}
    assert viewer.status["coordinates"] == f" [3, 4]; {shown.describe(place)}"
    assert viewer.status["layer_base"] == "picks"
    viewer.status = "Ready"
    assert viewer.status == "Ready"
    segmented.view.show_classes = False
    viewer.status = {"layer_base": "picks", "coordinates": " [3, 4]"}
    assert viewer.status["coordinates"] == " [3, 4]"


def test_another_micrograph_has_no_classes_until_it_is_segmented(viewer, segmented, wait):
    segmented.step(1)
    wait(segmented)
    assert not viewer.layers["classes"].visible
    assert not viewer.layers["dirt"].visible
    assert segmented.view.show_classes
    segmented.segmenting.segment_current()
    wait(segmented)
    assert viewer.layers["classes"].visible
    assert viewer.layers["classes"].data is segmented.segmenting.shown.class_map


@pytest.mark.parametrize("name", ["classes", "dirt"])
def test_a_layer_that_was_deleted_comes_back_only_if_asked_for(viewer, segmented, wait, name):
    viewer.layers.remove(viewer.layers[name])
    segmented.change("segmenter", dirt_probability=0.8)
    wait(segmented)
    assert name not in names(viewer)
    segmented.view.show_classes = False
    segmented.view.show_classes = True
    assert name in names(viewer)


def test_layers_may_be_renamed_and_removed_while_segmenting_runs(
    viewer, segmented, wait, detector_gate
):
    detector_gate.let_through = 0
    segmented.step(1)
    wait(segmented)
    viewer.layers["classes"].name = "mine"
    segmented.segmenting.segment_current()
    assert detector_gate.reached.wait(100)
    viewer.layers.remove(viewer.layers["dirt"])
    viewer.layers.remove(viewer.layers["micrograph"])
    detector_gate.opened.set()
    wait(segmented)
    assert viewer.layers["mine"].data is segmented.segmenting.shown.class_map
    viewer.layers.clear()
    segmented.segmenting.segment_current()
    wait(segmented)
