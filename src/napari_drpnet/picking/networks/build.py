"""Modules of networks, by the architecture that a card names."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from napari_drpnet.picking.networks.card import AnyCard, DetectorCard, SegmenterCard

if TYPE_CHECKING:
    from torch import nn


def _fcrn() -> "nn.Module":
    from napari_drpnet.picking.networks.fcrn import FCRN

    return FCRN()


def _multiscale(inputs: int = 1, outputs: int = 1) -> "nn.Module":
    from napari_drpnet.picking.networks.multiscale import MultiScaleNet

    return MultiScaleNet(inputs, outputs)


def _examples(base: str) -> "nn.Module":
    from napari_drpnet.picking.networks.example_detector import ExampleDetector

    return ExampleDetector(DETECTORS[base]())


def _frrn(architecture: str, inputs: int, outputs: int) -> "nn.Module":
    from napari_drpnet.picking.networks.frrn import FRRN, WIDTHS

    return FRRN(WIDTHS[architecture], inputs, outputs)


#: Functions that make the module of a detector with random weights, by architecture.
#:
#: The module of a distance map, and that of a segmenter, has a `halo`, the reach of an output pixel
#: on each side; a `stride`, at whose multiples tiles begin; and a `tile`, the side of the output of
#: a tile that suits the cache of a CPU. All are in network pixels. That of a segmenter also has
#: `features` and `scores`, the two halves of its `forward`; and a `tail`, the layers of `scores`,
#: which are trained on strokes.
DETECTORS: dict[str, Callable[[], "nn.Module"]] = {
    "fcrn": _fcrn,
    "multiscale": _multiscale,
    "examples-fcrn": partial(_examples, "fcrn"),
    "examples-multiscale": partial(_examples, "multiscale"),
}
#: Functions that make the module of a segmenter with random weights from the numbers of inputs and
#: of classes, by architecture. The output of the module are the scores (logits) of the classes.
SEGMENTERS: dict[str, Callable[[int, int], "nn.Module"]] = {
    "frrn-a": partial(_frrn, "frrn-a"),
    "frrn-b": partial(_frrn, "frrn-b"),
    "frrn-small": partial(_frrn, "frrn-small"),
    "multiscale": _multiscale,
}


def build_network(card: AnyCard) -> "nn.Module":
    """Make the module that a card describes, with random weights.

    Raises
    ------
    KeyError
        If there is no such architecture.
    """
    if isinstance(card, SegmenterCard):
        return SEGMENTERS[card.architecture](len(card.inputs), len(card.classes))
    if isinstance(card, DetectorCard):
        return DETECTORS[card.architecture]()
    from napari_drpnet.picking.networks.patch_classifier import PatchClassifier

    return PatchClassifier(card.patch_px, card.pool_stride, card.context)
