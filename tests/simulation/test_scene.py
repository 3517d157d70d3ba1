import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.spatial.transform import Rotation

from napari_drpnet.simulation.scene import random_rotation


def test_rotations_are_uniform_and_do_not_mirror():
    rng = np.random.default_rng(0)
    turns = np.array([random_rotation(rng) for _ in range(2000)])
    assert_allclose(
        turns @ turns.swapaxes(1, 2), np.broadcast_to(np.eye(3), turns.shape), atol=1e-9
    )
    assert_allclose(np.linalg.det(turns), 1)
    assert_allclose(turns.mean(axis=0), 0, atol=0.05)
    angles = Rotation.from_matrix(turns).magnitude()
    assert angles.mean() == pytest.approx(np.pi / 2 + 2 / np.pi, abs=0.05)
