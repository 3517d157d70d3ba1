"""The networks that draw distance maps, by name."""

from typing import Literal

from torch import nn

from napari_drpnet.picking.networks.fcrn import FCRN
from napari_drpnet.picking.networks.multiscale import MultiScaleNet

Architecture = Literal["fcrn", "multiscale"]

_NETWORKS: dict[Architecture, type[FCRN] | type[MultiScaleNet]] = {
    "fcrn": FCRN,
    "multiscale": MultiScaleNet,
}


def build_detector(architecture: Architecture) -> nn.Module:
    """Make a detector with random weights.

    Every detector has a `halo`, which says how far an output pixel sees; a `stride`, at whose
    multiples tiles begin; and a `tile`, the side of the output that suits a CPU's cache. All are
    network pixels.
    """
    return _NETWORKS[architecture]()
