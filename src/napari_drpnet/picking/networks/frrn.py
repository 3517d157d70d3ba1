"""Full-resolution residual networks: image to scores of the classes of each pixel."""

from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from napari_drpnet.picking.networks.layers import convolution, two_convolutions


class Stage(NamedTuple):
    """Full-resolution residual units at one scale: number, channels, stride (a power of 2)."""

    units: int
    channels: int
    stride: int


class Widths(NamedTuple):
    """Size of a network: channels and residual units of stem and head, lanes, and stages."""

    stem: int
    units: int
    lanes: int
    stages: tuple[Stage, ...]


_DOWN = Stage(3, 96, 2), Stage(4, 192, 4), Stage(2, 384, 8), Stage(2, 384, 16)
_UP = Stage(2, 192, 8), Stage(2, 192, 4), Stage(2, 96, 2)
_SMALL = Stage(2, 32, 2), Stage(2, 48, 4), Stage(2, 64, 8), Stage(1, 48, 4), Stage(1, 32, 2)
#: Sizes by architecture: 17.7, 24.8 and 0.39 million weights with two inputs and four outputs.
WIDTHS = {
    "frrn-a": Widths(48, 3, 32, (*_DOWN, *_UP)),
    "frrn-b": Widths(48, 3, 32, (*_DOWN, Stage(2, 384, 32), Stage(2, 192, 16), *_UP)),
    "frrn-small": Widths(16, 1, 16, _SMALL),
}


class FRRN(nn.Module):
    """Map an image to scores (logits) of classes, one for each pixel and class.

    A stem, a 5×5 convolution and residual units, gives two streams. The pooled stream passes
    stages of full-resolution residual units, with 2×2 maximum pooling on the way down and bilinear
    upsampling on the way up. The residual stream, 1×1 convolved to a few lanes, stays at full
    resolution; each unit reads it and adds to it. A head of residual units and a 1×1 convolution
    joins the streams. Convolutions larger than 1×1 have batch normalisation, the others a bias.

    Parameters
    ----------
    widths : Widths
        Size of the network.
    inputs, outputs : int
        Numbers of input and of output channels.

    Notes
    -----
    Architecture: FRRN-A and FRRN-B of Pohlen, Hermans, Mathias and Leibe (2017), and a small one.
    The FRRN-B of CASSPER (George et al. 2021) differs: its residual units do not add their input,
    all convolutions have a bias, and batch normalisation always uses the statistics of the image at
    hand, so that the result at a pixel depends on the whole image. Images whose sides are not
    multiples of the stride are padded with zeros at the bottom and right; the output is cropped.
    """

    def __init__(self, widths: Widths, inputs: int, outputs: int) -> None:
        super().__init__()
        stem, units, lanes, stages = widths
        residual = [ResidualUnit(stem, stem) for _ in range(units)]
        self.stem = nn.Sequential(*convolution(inputs, stem, 5), *residual)
        self.split = nn.Conv2d(stem, lanes, 1)
        self.stages = nn.ModuleList()
        channels = stem
        for stage in stages:
            for _ in range(stage.units):
                self.stages.append(FullResolutionUnit(channels, lanes, stage))
                channels = stage.channels
        joined = [ResidualUnit(each, stem) for each in (channels + lanes, *[stem] * (units - 1))]
        self.head = nn.Sequential(*joined, nn.Conv2d(stem, outputs, 1))
        #: Tiles begin at multiples of this, network pixels.
        self.stride = max(stage.stride for stage in stages)
        #: Reach of an output pixel on each side, rounded up to a multiple of the stride.
        self.halo = -(-_reach(widths) // self.stride) * self.stride
        #: Side of the output of a tile on a CPU: large, since halos are computed twice.
        self.tile = max(512, 2 * self.halo)

    @property
    def out(self) -> nn.Conv2d:
        """Last layer, which maps the features of a pixel to its scores."""
        return cast(nn.Conv2d, self.head[-1])

    def features(self, image: Tensor) -> Tensor:
        """Return the features of images ``(n, inputs, h, w)`` before the last layer.

        Images are padded to multiples of the stride.
        """
        height, width = image.shape[-2:]
        stride = self.stride
        pooled = self.stem(functional.pad(image, (0, -width % stride, 0, -height % stride)))
        lanes = self.split(pooled)
        for unit in self.stages:
            pooled = _to_width(pooled, lanes.shape[-1] // cast(FullResolutionUnit, unit).stride)
            pooled, lanes = unit(pooled, lanes)
        joined = torch.cat([_to_width(pooled, lanes.shape[-1]), lanes], dim=1)
        features: Tensor = self.head[:-1](joined)
        return features

    def forward(self, image: Tensor) -> Tensor:
        """Return the scores ``(n, outputs, h, w)`` of images ``(n, inputs, h, w)``."""
        height, width = image.shape[-2:]
        scores: Tensor = self.out(self.features(image))
        return scores[..., :height, :width]


class ResidualUnit(nn.Module):
    """Two 3×3 convolutions whose result is added to the input, which is projected if needed."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        *layers, _ = two_convolutions(inputs, outputs)  # without the last ReLU
        self.convolutions = nn.Sequential(*layers)
        self.skip = nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1)

    def forward(self, features: Tensor) -> Tensor:
        """Return features ``(n, outputs, h, w)``."""
        output: Tensor = self.skip(features) + self.convolutions(features)
        return output


class FullResolutionUnit(nn.Module):
    """Two 3×3 convolutions of the pooled stream with the lanes, then added to the lanes."""

    def __init__(self, inputs: int, lanes: int, stage: Stage) -> None:
        super().__init__()
        self.stride = stage.stride
        self.convolutions = two_convolutions(inputs + lanes, stage.channels)
        self.to_lanes = nn.Conv2d(stage.channels, lanes, 1)

    def forward(self, pooled: Tensor, lanes: Tensor) -> tuple[Tensor, Tensor]:
        """Return the pooled stream ``(n, channels, h / stride, w / stride)``, and the lanes."""
        joined = torch.cat([pooled, functional.max_pool2d(lanes, self.stride)], dim=1)
        pooled = self.convolutions(joined)
        added = functional.interpolate(self.to_lanes(pooled), scale_factor=self.stride)
        return pooled, lanes + added


def _to_width(pooled: Tensor, width: int) -> Tensor:
    """Pool or upsample the pooled stream to a width."""
    present = pooled.shape[-1]
    if present > width:
        return functional.max_pool2d(pooled, present // width)
    if present < width:
        return functional.interpolate(pooled, scale_factor=width // present, mode="bilinear")
    return pooled


def _reach(widths: Widths) -> int:
    """Return how far beyond a block of coarse pixels, and in the end a pixel, features depend."""
    reach, before = 2 + 2 * widths.units, 1
    for stage in (*widths.stages, Stage(0, 0, 1)):
        if stage.stride < before:  # bilinear upsampling reads the next coarse pixel
            reach += before
        reach += 2 * stage.units * stage.stride
        before = stage.stride
    return reach + 2 * widths.units
