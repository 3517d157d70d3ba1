"""The viewer stays in 2D, where the picks are drawn."""

import numpy as np
import pytest

pytest.importorskip("napari")

from napari_drpnet.plugin.canvas.plane import shows_plane


def test_3d_goes_back_to_2d_and_says_why(picked, viewer, qtbot):
    notices, center = [], tuple(viewer.scene.camera.center)
    picked.session.noticed.connect(notices.append)
    viewer.dims.ndisplay = 3
    qtbot.waitUntil(lambda: viewer.dims.ndisplay == 2)
    assert [notice.text for notice in notices] == ["Micrographs and picks are shown only in 2D."]
    assert viewer.dims.ndim == 2
    assert tuple(viewer.scene.camera.center) == pytest.approx(center)


def test_a_micrograph_that_is_opened_in_3d_is_shown_in_2d(session, viewer, discs, wait, qtbot):
    viewer.dims.ndisplay = 3
    qtbot.wait(5)
    assert viewer.dims.ndisplay == 3  # no micrograph, so no concern of the plugin
    session.open_paths(list(discs))
    wait(session)
    qtbot.waitUntil(lambda: viewer.dims.ndisplay == 2)


def test_a_volume_may_be_shown_in_3d_beside_a_micrograph(picked, viewer, qtbot):
    viewer.add_image(np.zeros((4, 5, 6)))
    viewer.dims.ndisplay = 3
    qtbot.wait(5)
    assert viewer.dims.ndisplay == 3
    assert not shows_plane(viewer)


def test_the_plane_of_the_micrograph_is_that_of_the_last_two_axes(viewer):
    assert shows_plane(viewer)
    viewer.dims.transpose()
    assert shows_plane(viewer)
    viewer.add_image(np.zeros((4, 5, 6)))
    assert shows_plane(viewer)
    viewer.dims.roll()
    assert not shows_plane(viewer)


def test_a_closed_controller_leaves_3d_alone(picked, viewer, qtbot):
    picked.close()
    viewer.dims.ndisplay = 3
    qtbot.wait(5)
    assert viewer.dims.ndisplay == 3
