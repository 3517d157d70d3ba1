import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from napari_drpnet.picking.detectors.distance_map import predict_distance_map
from napari_drpnet.picking.networks.build import DETECTORS
from napari_drpnet.picking.networks.card import DetectorCard, Network
from napari_drpnet.picking.networks.multiscale import MultiScaleNet


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return MultiScaleNet().eval()


def test_it_is_small(network):
    assert sum(each.numel() for each in network.parameters()) == 287_121


def test_inputs_and_outputs_change_the_first_and_last_layer_only(network):
    wide = MultiScaleNet(2, 4)
    shapes = {name: each.shape for name, each in network.state_dict().items()}
    changed = {name for name, each in wide.state_dict().items() if each.shape != shapes[name]}
    assert changed == {"down.0.0.weight", "out.weight", "out.bias"}
    assert wide.eval()(torch.zeros(1, 2, 20, 30)).shape == (1, 4, 20, 30)


def test_the_halo_reaches_as_far_as_an_output_pixel_sees(network):
    """NaN spreads to all output pixels that depend on it."""
    reach = 0
    for k in range(MultiScaleNet.stride):
        image = torch.zeros(1, 1, 160, 160)
        image[0, 0, 80 + k, 80 + k] = np.nan
        with torch.inference_mode():
            seen = torch.nonzero(network(image)[0, 0].isnan())
        reach = max(reach, int((seen - (80 + k)).abs().max()))
    assert MultiScaleNet.halo - MultiScaleNet.stride < reach <= MultiScaleNet.halo
    assert MultiScaleNet.halo % MultiScaleNet.stride == 0


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (33, 47), (64, 64)])
def test_the_map_has_the_size_of_the_image(network, shape):
    with torch.inference_mode():
        assert network(torch.zeros(2, 1, *shape)).shape == (2, 1, *shape)


@pytest.mark.parametrize("tile", [8, 30, 64])
@pytest.mark.parametrize("shape", [(57, 83), (200, 131), (1, 90)])
def test_tiles_do_not_show(network, shape, tile):
    card = DetectorCard(architecture="multiscale", particle_px=11, licence="x", trained_on="x")
    pixels = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    with torch.inference_mode():
        whole = network(torch.from_numpy(pixels)[None, None])[0, 0].numpy()
    tiled = predict_distance_map(pixels, Network(network, card, "", ""), tile=tile)
    assert_allclose(tiled, whole, atol=1e-5)


def test_gradients_reach_every_layer():
    network = DETECTORS["multiscale"]().train()
    network(torch.randn(2, 1, 48, 48)).square().mean().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())
