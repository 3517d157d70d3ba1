import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter, rotate, shift

from napari_drpnet.evaluation.averages.polar import PolarBasis

SIDE = 48
ORDER = 5


def spots(*places):
    """A box with smooth spots at places ``(y, x)`` from its centre."""
    image = np.zeros((SIDE + 1, SIDE + 1))
    for y, x in places:
        image[SIDE // 2 + y, SIDE // 2 + x] = 100
    return shift(gaussian_filter(image, 2.5), (-0.5, -0.5))[:SIDE, :SIDE].astype(np.float32)


IMAGE = spots((-6, 0), (3, 7), (2, -4))


@pytest.fixture(scope="module")
def basis():
    return PolarBasis(SIDE, 19.0, 4.0, 12)


def harmonics(basis, image):
    return basis.harmonics(torch.from_numpy(image.astype(np.float32))[None])


def relative(a, b):
    return float((a - b).norm() / b.norm())


def test_an_image_comes_back_from_its_harmonics(basis):
    masked = (IMAGE - IMAGE[:4].mean()) * basis.mask
    back = basis.images(harmonics(basis, IMAGE))[0].numpy()
    inside = basis.mask > 0.99
    assert np.corrcoef(back[inside], masked[inside])[0, 1] > 0.99


def test_a_rotation_is_a_phase_of_each_order(basis):
    angle = 40
    # scipy rotates from x towards −y, where rows run downwards.
    turned = harmonics(basis, rotate(IMAGE, -angle, reshape=False, order=ORDER))
    phases = torch.from_numpy(np.exp(-1j * np.deg2rad(angle) * np.arange(basis.orders)))
    expected = harmonics(basis, IMAGE) * phases[:, None, None].to(torch.complex64)
    assert relative(turned, expected) < 0.02


def test_a_shift_moves_the_image_and_moving_back_undoes_it(basis):
    shifts = np.array([[0.0, 0.0], [2.0, -1.5]])
    moved = basis.shifted(harmonics(basis, IMAGE), shifts)
    assert relative(moved[:, :, 1], harmonics(basis, shift(IMAGE, (2, -1.5), order=ORDER))) < 0.05
    assert relative(basis.moved_back(moved, shifts) / 2, moved[:, :, 0]) < 0.02
