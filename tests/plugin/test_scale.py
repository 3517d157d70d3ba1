"""The scale of the layers, and where the camera is, when micrographs and pixel sizes change."""

import numpy as np
import pytest
from napari.layers import Points
from napari.layers._source import Source

from napari_drpnet.plugin import controller as controllers
from napari_drpnet.plugin.napari_hooks.reader import read_coordinate_file


@pytest.fixture
def opened(session, discs, wait):
    session.open_paths(list(discs))
    wait(session)
    return session


def select(session, name):
    records = session.project.micrographs.values()
    session.current.select(next(record.id for record in records if record.path.name == name))


def look_closer(viewer):
    """Look at one place of the micrograph, far from where the camera would go by itself."""
    viewer.scene.camera.center = (0.0, 100.0, 60.0)
    viewer.scene.camera.zoom = 9.0


def unbinned(session, position):
    """The place in unbinned pixels of a position in the layer of the micrograph."""
    return session.current.image.display.frame.to_full(position)


def test_the_camera_stays_where_the_next_micrograph_is_as_large(opened, viewer, wait):
    look_closer(viewer)
    opened.step(1)
    wait(opened)
    assert viewer.scene.camera.center == (0.0, 100.0, 60.0)
    assert viewer.scene.camera.zoom == 9.0


def test_a_micrograph_of_another_size_is_fitted(opened, viewer, wait, write_discs, tmp_path):
    write_discs(tmp_path / "large.mrc", side=240)
    opened.open_paths([tmp_path / "large.mrc"])
    wait(opened)
    select(opened, "disc0.mrc")
    wait(opened)
    look_closer(viewer)
    select(opened, "large.mrc")
    wait(opened)
    np.testing.assert_allclose(viewer.scene.camera.center[-2:], (239.0, 239.0), atol=2)
    assert viewer.scene.camera.zoom < 9.0


def test_layers_of_the_last_micrograph_do_not_count_when_one_is_fitted(
    opened, viewer, wait, write_discs, tmp_path
):
    write_discs(tmp_path / "small.mrc", side=80)
    opened.open_paths([tmp_path / "small.mrc"])
    wait(opened)
    opened.change("particle", diameter_angstrom=36.0)
    opened.picking.pick_all()
    wait(opened)
    select(opened, "disc0.mrc")
    wait(opened)
    assert viewer.layers["distance map"].visible
    select(opened, "small.mrc")
    wait(opened)
    np.testing.assert_allclose(viewer.scene.camera.center[-2:], (79.0, 79.0), atol=2)


def test_another_pixel_size_leaves_the_same_place_in_view(opened, viewer, wait):
    look_closer(viewer)
    layer = viewer.layers["micrograph"]
    seen = unbinned(opened, layer.world_to_data((100.0, 60.0)))
    opened.change("particle", diameter_angstrom=36.0, pixel_size_angstrom=4.0)
    for _ in range(2):  # at once, and when it was drawn anew
        camera = viewer.scene.camera
        place = unbinned(opened, layer.world_to_data(camera.center[-2:]))
        np.testing.assert_allclose(place, seen, atol=0.01)
        assert camera.zoom == pytest.approx(9.0 / 2)
        wait(opened)


def test_all_layers_change_their_scale_at_once(opened, viewer, wait, tmp_path, discs):
    from napari_drpnet.formats import Coordinates, write_coordinates

    path, truth = next(iter(discs.items()))
    write_coordinates(tmp_path / f"{path.stem}.csv", Coordinates(truth, np.ones(len(truth))))
    opened.change("particle", diameter_angstrom=36.0)
    opened.picking.pick_current()
    wait(opened)
    opened.comparison.load(tmp_path / f"{path.stem}.csv")
    opened.selection.show_doubt()
    data, about, _ = read_coordinate_file(tmp_path / f"{path.stem}.csv")[0]
    foreign = Points(data, **about)
    foreign._set_source(Source(reader_plugin="napari-drpnet"))
    viewer.layers.append(foreign)
    wait(opened)
    assert len(viewer.layers) == 7
    opened.change("particle", pixel_size_angstrom=3.0)
    for name in ("micrograph", "picks", "truth", "uncertain", "comparison", foreign.name):
        np.testing.assert_allclose(viewer.layers[name].scale, (3.0, 3.0))
    frame = opened.current.map.frame
    np.testing.assert_allclose(viewer.layers["distance map"].scale, 3.0 * frame.scale_yx)


def test_layers_never_differ_in_their_units(session, viewer, wait, tmp_path):
    from PIL import Image

    noise = np.random.default_rng(0).integers(0, 255, (160, 160), np.uint8)
    for k in range(2):
        Image.fromarray(noise).save(tmp_path / f"no_pixel_size_{k}.png")
    controllers.controller_of(viewer)
    session.open_paths([tmp_path])
    wait(session)
    assert session.current.pixel_size_angstrom is None
    look_closer(viewer)
    session.change("particle", diameter_angstrom=40.0, pixel_size_angstrom=2.0)
    assert viewer.layers.extent.units is not None  # None where they differ, and napari complains
    assert {str(unit) for layer in viewer.layers for unit in layer.units} == {"angstrom"}
    assert viewer.scene.camera.zoom == pytest.approx(9.0 / 2)
