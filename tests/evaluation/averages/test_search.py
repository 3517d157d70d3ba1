import numpy as np
import pytest
import torch

from napari_drpnet.evaluation.averages.polar import PolarBasis
from napari_drpnet.evaluation.averages.search import Comparison, Level, References, power

LEVEL = Level(rings=10, reach_px=3.2, step_px=1.6)


@pytest.fixture(scope="module")
def basis():
    return PolarBasis(48, 19.0, 4.0, 12)


@pytest.fixture(scope="module")
def averages(basis):
    """Harmonics of two different boxes."""
    y, x = np.indices((48, 48)) - 23.5
    spot = [np.exp(-((y - a) ** 2 + (x - b) ** 2) / 20) for a, b in ((0, 0), (5, 4), (-7, 2))]
    boxes = np.stack([spot[0] + spot[1], spot[0] - spot[2]]).astype(np.float32)
    return basis.harmonics(torch.from_numpy(boxes))


def comparison(basis, averages, noise=1e-3):
    share = torch.full((averages.shape[1],), 1 / averages.shape[1])
    references = References(averages, share, noise * power(averages).mean(0))
    return Comparison(basis, references, LEVEL, spread_px=5.0)


def posed(basis, averages, angle_index, shift):
    """Averages at one of the angles of the level, then shifted."""
    angle = 2 * np.pi * angle_index / (2 * basis.orders_of(LEVEL.rings))
    turn = torch.from_numpy(np.exp(-1j * angle * np.arange(basis.orders))).to(torch.complex64)
    return turn[:, None, None] * basis.shifted(averages, LEVEL.shifts_yx)[:, :, shift]


def test_shifts_lie_in_a_disc():
    assert len(LEVEL.shifts_yx) == 13
    assert np.hypot(*LEVEL.shifts_yx.T).max() == pytest.approx(3.2)


def test_the_planted_pose_is_the_most_likely(basis, averages):
    boxes = posed(basis, averages, 7, 3)
    poses = comparison(basis, averages).probabilities(boxes)
    torch.testing.assert_close(poses.sum(dim=(0, 2, 3)), torch.ones(2))
    for row in range(2):
        best = np.unravel_index(int(poses[:, row].argmax()), poses[:, row].shape)
        assert best == (7, row, 3)


def test_boxes_are_brought_back_to_their_references(basis, averages):
    compared = comparison(basis, averages)
    boxes = posed(basis, averages, 7, 3)
    total = compared.turned_back(boxes, compared.probabilities(boxes))
    back = compared.moved_back(total)
    assert float((back - averages).norm() / averages.norm()) < 0.05


def test_noise_makes_poses_uncertain(basis, averages):
    sure, unsure = (
        comparison(basis, averages, noise).probabilities(averages).amax() for noise in (1e-3, 100)
    )
    assert sure > 0.9
    assert unsure < 0.1
