"""The modules of networks, by the architecture that a card names."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from napari_drpnet.picking.networks.card import AnyCard, DetectorCard

if TYPE_CHECKING:
    from torch import nn


def _fcrn() -> "nn.Module":
    from napari_drpnet.picking.networks.fcrn import FCRN

    return FCRN()


def _multiscale() -> "nn.Module":
    from napari_drpnet.picking.networks.multiscale import MultiScaleNet

    return MultiScaleNet()


#: What makes the module of a detector with random weights, by architecture.
#:
#: The module of a distance map has a `halo`, which says how far an output pixel sees; a `stride`,
#: at whose multiples tiles begin; and a `tile`, the side of the output that suits a CPU's cache.
#: All are network pixels.
DETECTORS: dict[str, Callable[[], "nn.Module"]] = {"fcrn": _fcrn, "multiscale": _multiscale}


def build_network(card: AnyCard) -> "nn.Module":
    """Make the module that a card describes, with random weights.

    Raises
    ------
    KeyError
        When there is no such architecture.
    """
    if isinstance(card, DetectorCard):
        return DETECTORS[card.architecture]()
    from napari_drpnet.picking.networks.patch_classifier import PatchClassifier

    return PatchClassifier(card.patch_px, card.pool_stride, card.context)
