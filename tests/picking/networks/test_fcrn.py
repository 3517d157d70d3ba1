import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from napari_drpnet.picking.networks.fcrn import FCRN


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return FCRN().eval()


def test_it_has_the_weights_of_the_paper(network):
    shapes = {name: tuple(each.shape) for name, each in network.state_dict().items()}
    assert {name: shape for name, shape in shapes.items() if name.endswith("weight")} == {
        "conv_1.weight": (32, 1, 9, 9),
        "conv_2.weight": (32, 32, 3, 3),
        "conv_3.weight": (32, 32, 1, 7),
        "conv_4.weight": (32, 32, 7, 1),
        "conv_5.weight": (1, 32, 3, 3),
    }
    assert sum(each.numel() for each in network.parameters()) == 26_561


def test_the_halo_is_how_far_an_output_pixel_sees(network):
    """NaN spreads to all output pixels that depend on it."""
    image = torch.zeros(1, 1, 61, 71)
    image[..., 30, 40] = np.nan
    with torch.inference_mode():
        rows, columns = torch.nonzero(network(image)[0, 0].isnan(), as_tuple=True)
    # The pool is one-sided, so an output pixel reaches farther down and right than up and left.
    assert (rows.min(), rows.max()) == (30 - FCRN.halo, 30 + FCRN.halo - 1)
    assert (columns.min(), columns.max()) == (40 - FCRN.halo, 40 + FCRN.halo - 1)


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (33, 47), (64, 64)])
def test_the_map_has_the_size_of_the_image(network, shape):
    with torch.inference_mode():
        assert network(torch.zeros(2, 1, *shape)).shape == (2, 1, *shape)


def test_the_pool_pads_at_the_bottom_and_right():
    network = FCRN()
    with torch.no_grad():
        for layer in network.children():
            layer.weight.zero_()
            layer.bias.zero_()
            layer.weight[0, 0, layer.weight.shape[2] // 2, layer.weight.shape[3] // 2] = 1
        image = torch.zeros(1, 1, 5, 6)
        image[..., 2, 3] = 1
        image[..., 4, 5] = 1
        drawn = network(image)[0, 0].numpy()
    expected = np.zeros((5, 6))
    expected[1:3, 2:4] = expected[3:5, 4:6] = 1
    assert_allclose(drawn, expected)


def test_gradients_reach_every_layer(network):
    network.zero_grad()
    network(torch.randn(2, 1, 32, 32, generator=torch.Generator().manual_seed(1))).sum().backward()
    for name, weights in network.named_parameters():
        assert weights.grad.abs().sum() > 0, name
    network.zero_grad()
