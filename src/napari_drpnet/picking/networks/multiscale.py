"""Network with four scales: image to distance map, or to scores of the classes of each pixel."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from napari_drpnet.picking.networks.layers import two_convolutions

_CHANNELS = (24, 40, 56, 56)
_STRIDE = 2 ** (len(_CHANNELS) - 1)


class MultiScaleNet(nn.Module):
    """Map an image to a distance map of the same size, or to scores of classes, at four scales.

    Two 3×3 convolutions at each scale, with 24, 40, 56 and 56 channels, each with batch
    normalisation and ReLU; 2×2 maximum pooling on the way down, nearest-neighbour upsampling and
    skip connections on the way up; a linear 1×1 convolution to the outputs. With one input and one
    output it has 287,121 weights.

    Parameters
    ----------
    inputs : int
        Number of input channels.
    outputs : int
        Number of output channels: 1 for a distance map, or the number of classes.

    Notes
    -----
    Architecture: a small U-Net (Ronneberger, Fischer and Brox 2015). Images whose sides are not
    multiples of 8 are padded with zeros at the bottom and right, and the output is cropped.
    """

    #: Reach of an output pixel on each side, network pixels; a multiple of the coarsest pixel, so
    #: that tiles and the whole image have the same coarse pixels.
    halo = 56
    #: Tiles begin at multiples of this.
    stride = _STRIDE
    #: Side of the output of a tile on a CPU, network pixels: large, since halos are computed twice.
    tile = 512

    def __init__(self, inputs: int = 1, outputs: int = 1) -> None:
        super().__init__()
        channels = (inputs, *_CHANNELS[:-1])
        self.down = nn.ModuleList(map(two_convolutions, channels, _CHANNELS))
        below, here = _CHANNELS[:0:-1], _CHANNELS[-2::-1]
        joined = (coarse + fine for coarse, fine in zip(below, here, strict=True))
        self.up = nn.ModuleList(map(two_convolutions, joined, here))
        self.out = nn.Conv2d(_CHANNELS[0], outputs, 1)

    def features(self, image: Tensor) -> Tensor:
        """Return the features of images ``(n, inputs, h, w)`` before the last layer, ``out``.

        Images are padded to multiples of the stride.
        """
        height, width = image.shape[-2:]
        features = functional.pad(image, (0, -width % _STRIDE, 0, -height % _STRIDE))
        skipped: list[Tensor] = []
        for scale, convolutions in enumerate(self.down):
            features = convolutions(functional.max_pool2d(features, 2) if scale else features)
            skipped.append(features)
        features = skipped.pop()
        for convolutions in self.up:
            finer = functional.interpolate(features, scale_factor=2, mode="nearest")
            features = convolutions(torch.cat([finer, skipped.pop()], dim=1))
        return features

    def forward(self, image: Tensor) -> Tensor:
        """Return maps ``(n, outputs, h, w)`` of images ``(n, inputs, h, w)``."""
        height, width = image.shape[-2:]
        maps: Tensor = self.out(self.features(image))
        return maps[..., :height, :width]
