import numpy as np
import pytest

from napari_drpnet.images.mrc_files import decode_volume, write_mrc
from napari_drpnet.simulation.density import density_map
from napari_drpnet.simulation.structures import Structure


def structure(points):
    points = np.array(points, float)
    return Structure(points, np.full(len(points), 8.0), "points")


def test_points_lie_where_they_should():
    points = [(4.0, 0.0, 0.0), (-4.0, 0.0, 0.0), (0.0, 5.0, 0.0), (0.0, -5.0, 0.0)]
    density = density_map(structure(points), 10, 2.0)
    assert density.shape == (10, 10, 10)
    assert density.dtype == np.float32
    assert density[7, 5, 5] == density[3, 5, 5] == 1.0  # 8 V·Å³ in a voxel of 8 Å³
    assert density[5, 7, 5] == density[5, 8, 5] == 0.5
    assert density.sum() == pytest.approx(4)


def test_what_lies_outside_is_left_out():
    assert density_map(structure([(0, 0, -30.0), (0, 0, 30.0), (0, 0, 0)]), 10, 2.0).sum() == 1


def test_the_file_has_its_voxel_size(tmp_path):
    path = tmp_path / "map.mrc"
    density = density_map(structure([(1.0, 2.0, 3.0), (-1.0, -2.0, -3.0)]), 12, 1.5)
    write_mrc(path, density, 1.5)
    read, voxel = decode_volume(path)
    np.testing.assert_array_equal(read, density)
    assert voxel == pytest.approx(1.5)
