import numpy as np
import pytest
import torch

from napari_drpnet.picking.networks.frrn import FRRN, WIDTHS, Stage, Widths

SMALL = WIDTHS["frrn-small"]


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return FRRN(SMALL, 2, 4).eval()


def narrow(widths):
    """The same stages with few channels, which reach as far."""
    stages = tuple(stage._replace(channels=2) for stage in widths.stages)
    return Widths(2, widths.units, 2, stages)


@pytest.mark.parametrize(
    ("architecture", "weights", "stride"),
    [("frrn-a", 17_744_884, 16), ("frrn-b", 24_753_780, 32), ("frrn-small", 394_340, 8)],
)
def test_the_size_of_each_architecture(architecture, weights, stride):
    with torch.device("meta"):
        network = FRRN(WIDTHS[architecture], 2, 4)
    assert sum(each.numel() for each in network.parameters()) == weights
    assert network.stride == stride


@pytest.mark.parametrize("architecture", WIDTHS)
def test_the_halo_reaches_as_far_as_an_output_pixel_sees(architecture):
    """NaN spreads to all output pixels that depend on it."""
    network = FRRN(narrow(WIDTHS[architecture]), 1, 1).eval()
    center = network.halo + network.stride
    reach = 0
    for shift in (0, network.stride // 2, network.stride - 1):
        image = torch.zeros(1, 1, 1, 2 * center + network.stride)
        image[..., center + shift] = np.nan
        with torch.inference_mode():
            seen = torch.nonzero(network(image)[0, 0, 0].isnan())
        reach = max(reach, int((seen - center - shift).abs().max()))
    assert network.halo - network.stride < reach <= network.halo
    assert network.halo % network.stride == 0


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (33, 47), (64, 64)])
def test_the_scores_have_the_size_of_the_image(network, shape):
    with torch.inference_mode():
        assert network(torch.zeros(2, 2, *shape)).shape == (2, 4, *shape)


def test_a_residual_unit_adds_its_input(network):
    unit = network.stem[-1]
    features = torch.randn(1, 16, 9, 9)
    with torch.inference_mode():
        added = unit(features) - unit.convolutions(features)
    torch.testing.assert_close(added, features, atol=1e-5, rtol=0)


def test_units_add_to_the_lanes_in_blocks_of_their_stride(network):
    unit = network.stages[-2]
    stride = SMALL.stages[-2].stride
    lanes = torch.randn(1, 16, 4 * stride, 4 * stride)
    inputs = unit.convolutions[0].in_channels - 16
    with torch.inference_mode():
        pooled, new = unit(torch.randn(1, inputs, 4, 4), lanes)
        expected = unit.to_lanes(pooled).repeat_interleave(stride, 2).repeat_interleave(stride, 3)
    torch.testing.assert_close(new, lanes + expected)


def test_gradients_reach_every_weight():
    network = FRRN(Widths(4, 2, 3, (Stage(2, 6, 2), Stage(1, 8, 4), Stage(1, 6, 2))), 2, 4).train()
    network(torch.randn(2, 2, 24, 24)).square().mean().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())
