"""The filter that has learned from examples."""

import pytest
import torch

from napari_drpnet.picking.networks.example_detector import REACH, ExampleDetector
from napari_drpnet.picking.networks.fcrn import FCRN


@pytest.fixture
def detector():
    torch.manual_seed(0)
    return ExampleDetector(FCRN()).eval()


def test_tiles_fit_those_of_the_base_and_reach_as_far_as_the_filter(detector):
    base = detector.base
    assert (detector.stride, detector.tile) == (base.stride, base.tile)
    assert detector.halo % detector.stride == 0
    assert base.halo + REACH <= detector.halo < base.halo + REACH + detector.stride


def test_the_filter_sees_the_image_and_the_map(detector):
    size = 8 * detector.stride
    image = torch.randn(2, 1, size, size)
    with torch.no_grad():
        detector.filter.weight.zero_()
        detector.filter.weight[0, :, REACH, REACH] = torch.tensor([2.0, -1.0])
        detector.filter.bias.fill_(0.5)
        expected = 2 * image - detector.base(image) + 0.5
        torch.testing.assert_close(detector(image), expected)


def test_beyond_its_reach_nothing_matters(detector):
    middle = detector.halo + detector.stride
    size = 2 * middle
    image = torch.zeros(1, 1, size, size)
    changed = image.clone()
    changed[..., 0, 0] = 100.0
    with torch.no_grad():
        before, after = detector(image), detector(changed)
    torch.testing.assert_close(after[..., middle:, middle:], before[..., middle:, middle:])
    assert not torch.equal(before, after)
