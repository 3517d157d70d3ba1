"""Layers that several networks have."""

from torch import nn


def convolution(inputs: int, outputs: int, side: int = 3) -> list[nn.Module]:
    """Make a convolution with zero padding, batch normalisation and ReLU.

    The convolution has no bias because batch normalisation has one.
    """
    return [
        nn.Conv2d(inputs, outputs, side, padding=side // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    ]


def two_convolutions(inputs: int, outputs: int) -> nn.Sequential:
    """Make two 3×3 convolutions, each with batch normalisation and ReLU."""
    return nn.Sequential(*convolution(inputs, outputs), *convolution(outputs, outputs))
