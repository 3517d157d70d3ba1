import pytest
import torch
from torch import nn

from napari_drpnet.picking.networks.neighbours import CONTEXT_SIZE
from napari_drpnet.picking.networks.patch_classifier import ContextNet, PatchClassifier


def linear_layers(network):
    return [layer for layer in network.modules() if isinstance(layer, nn.Linear)]


def size(network):
    return sum(each.numel() for each in network.parameters())


def test_the_published_variant():
    with torch.device("meta"):
        network = PatchClassifier(64, pool_stride=1)
    first, second = linear_layers(network)
    assert tuple(first.weight.shape) == (128, 56 * 56 * 64)
    assert first.weight.numel() == pytest.approx(25.7e6, rel=1e-3)
    assert tuple(second.weight.shape) == (2, 128)
    kernels = [
        (layer.kernel_size[0], layer.out_channels)
        for layer in network.features
        if isinstance(layer, nn.Conv2d)
    ]
    assert kernels == [(11, 16), (7, 16), (5, 32), (3, 64)]
    pools = [layer for layer in network.features if isinstance(layer, nn.MaxPool2d)]
    assert [pool.kernel_size for pool in pools] == [4, 4, 2, 2]


def test_the_compact_variant_is_a_hundred_times_smaller():
    with torch.device("meta"):
        published, compact = (PatchClassifier(64, pool_stride=stride) for stride in (1, 2))
    assert size(published) > 100 * size(compact)


@pytest.mark.parametrize("patch_px", [40, 41, 64, 80])
@pytest.mark.parametrize("pool_stride", [1, 2])
def test_one_pair_of_logits_per_patch(patch_px, pool_stride):
    network = PatchClassifier(patch_px, pool_stride).eval()
    with torch.inference_mode():
        assert network(torch.zeros(3, 1, patch_px, patch_px)).shape == (3, 2)


@pytest.mark.parametrize(("patch_px", "pool_stride"), [(9, 2), (21, 2), (4, 1), (8, 1)])
def test_patches_must_outlast_the_pools(patch_px, pool_stride):
    with pytest.raises(ValueError, match=f"patches of {patch_px} px are too small"):
        PatchClassifier(patch_px, pool_stride)


def test_what_is_beyond_the_training_counts_as_its_limit():
    torch.manual_seed(0)
    net = ContextNet().eval()
    rare = torch.zeros(1, CONTEXT_SIZE)
    with torch.inference_mode():
        net.deviation[3] = 1e-3
        rare[0, 3] = 4e-3
        limit = net(rare)
        rare[0, 3] = 1.0
        assert net(rare) == limit != net(torch.zeros(1, CONTEXT_SIZE))
