"""Lines and marks keep their size on the screen, whatever the size of the particle and the zoom."""

import numpy as np
import pytest

from napari_drpnet.plugin.canvas.layers.magnification import Magnification

DIAMETER_PX = 18.0


@pytest.fixture
def magnification(viewer, session):
    return Magnification(viewer, session)


@pytest.fixture
def picked(picked):
    picked.session.current.set_label([0, 1], accepted=False)
    return picked


def zoom_to(viewer, session, screen_px):
    """Let a micrograph pixel be as large on the screen."""
    viewer.scene.camera.zoom = screen_px / (session.current.pixel_size_angstrom or 1.0)


@pytest.mark.parametrize("zoom", [0.01, 0.3, 1.0, 5.0, 77.0])
def test_it_is_near_the_zoom(magnification, viewer, zoom):
    viewer.scene.camera.zoom = zoom
    assert 2**-0.25 <= magnification.value / zoom <= 2**0.25


def test_it_tells_of_steps_not_of_each_turn_of_the_wheel(magnification, viewer):
    seen = []
    magnification.changed.connect(lambda: seen.append(magnification.value))
    for zoom in np.geomspace(1, 16, 400):
        viewer.scene.camera.zoom = zoom
    assert seen == pytest.approx([2 ** (k / 2) for k in range(1, 9)])
    magnification.disconnect()
    viewer.scene.camera.zoom = 1.0
    assert len(seen) == 8


def test_sizes_are_kept_within_sizes_on_the_screen(magnification, viewer):
    viewer.scene.camera.zoom = 4.0
    np.testing.assert_allclose(magnification.within([1, 3, 100], 8, 40), [2, 3, 10])
    viewer.scene.camera.zoom = 0.25
    np.testing.assert_allclose(magnification.within([1, 30, 1000], 8, np.inf), [32, 32, 1000])


@pytest.mark.parametrize("screen_px", [1.0, 4.0, 32.0])
def test_rings_have_the_size_of_the_particle_and_a_line_of_two_pixels(
    picked, viewer, session, screen_px
):
    zoom_to(viewer, session, screen_px)
    layer = viewer.layers["picks"]
    rings = np.flatnonzero(session.current.states == 2)
    np.testing.assert_allclose(layer.size[rings], DIAMETER_PX)
    shown = layer.border_width[rings] * DIAMETER_PX * screen_px
    np.testing.assert_allclose(shown, 2.0)


def test_rings_stay_visible_where_particles_are_tiny(picked, viewer, session):
    zoom_to(viewer, session, 0.125)
    layer = viewer.layers["picks"]
    rings = np.flatnonzero(session.current.states == 2)
    assert (layer.size[rings] * 0.125 >= 5).all()
    assert (layer.border_width[rings] < 0.2).all()


@pytest.mark.parametrize("screen_px", [0.125, 1.0, 32.0])
def test_crosses_are_small_marks_at_any_zoom(picked, viewer, session, screen_px):
    zoom_to(viewer, session, screen_px)
    crosses = viewer.layers["picks"].size[:2] * screen_px
    assert (crosses >= 5).all()
    assert (crosses <= 30).all()


def test_hidden_points_stay_hidden_when_the_camera_comes_nearer(picked, viewer, session):
    session.view.show_rejected = False
    zoom_to(viewer, session, 32.0)
    np.testing.assert_array_equal(viewer.layers["picks"].size > 0, session.current.visible)


def test_the_other_marks_keep_their_size_too(picked, viewer, session, discs, tmp_path, wait):
    from napari_drpnet.formats import Coordinates, write_coordinates

    path, truth = next(iter(discs.items()))
    write_coordinates(tmp_path / f"{path.stem}.csv", Coordinates(truth, np.ones(len(truth))))
    session.comparison.load(tmp_path / f"{path.stem}.csv")
    session.selection.show_doubt()
    wait(session)
    for screen_px in (8.0, 64.0):
        zoom_to(viewer, session, screen_px)
        square, truth_layer = viewer.layers["uncertain"], viewer.layers["truth"]
        np.testing.assert_allclose(square.border_width * square.size * screen_px, 2.0)
        np.testing.assert_allclose(truth_layer.size * screen_px, 8.0)
