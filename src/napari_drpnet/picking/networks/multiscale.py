"""A regression network that sees particles and their surroundings: image to distance map."""

import torch
from torch import Tensor, nn
from torch.nn import functional

_CHANNELS = (24, 40, 56, 56)
_STRIDE = 2 ** (len(_CHANNELS) - 1)


class MultiScaleNet(nn.Module):
    """Map an image to a distance map of the same size, looking at four scales.

    At each scale two 3×3 convolutions with 24, 40, 56 and 56 channels, each with batch
    normalisation and ReLU; maxima over 2×2 lead down, repeated pixels up, where what was seen on
    the way down is put beside them; a linear 1×1 convolution to one channel. 287,121 weights.

    Notes
    -----
    Architecture: U-Net (Ronneberger, Fischer and Brox 2015), small. Sides that are no multiples
    of 8 are padded with zeros at the bottom and right, and cut again.
    """

    #: How far an output pixel sees, in pixels on each side; a multiple of the coarsest pixel, so
    #: that tiles see the same coarse pixels as the whole image does.
    halo = 56
    #: Tiles begin at multiples of this.
    stride = _STRIDE
    #: Of tiles on a CPU: larger ones waste less on what two tiles see both.
    tile = 512

    def __init__(self) -> None:
        super().__init__()
        inputs = (1, *_CHANNELS[:-1])
        self.down = nn.ModuleList(map(_convolutions, inputs, _CHANNELS))
        below, here = _CHANNELS[:0:-1], _CHANNELS[-2::-1]
        joined = (coarse + fine for coarse, fine in zip(below, here, strict=True))
        self.up = nn.ModuleList(map(_convolutions, joined, here))
        self.out = nn.Conv2d(_CHANNELS[0], 1, 1)

    def forward(self, image: Tensor) -> Tensor:
        """Return the map ``(n, 1, h, w)`` of images ``(n, 1, h, w)``."""
        height, width = image.shape[-2:]
        features = functional.pad(image, (0, -width % _STRIDE, 0, -height % _STRIDE))
        seen: list[Tensor] = []
        for scale, convolutions in enumerate(self.down):
            features = convolutions(functional.max_pool2d(features, 2) if scale else features)
            seen.append(features)
        features = seen.pop()
        for convolutions in self.up:
            finer = functional.interpolate(features, scale_factor=2, mode="nearest")
            features = convolutions(torch.cat([finer, seen.pop()], dim=1))
        output: Tensor = self.out(features)[..., :height, :width]
        return output


def _convolutions(inputs: int, outputs: int) -> nn.Sequential:
    """Two 3×3 convolutions; batch normalisation has the bias."""
    layers: list[nn.Module] = []
    for channels in (inputs, outputs):
        layers += [
            nn.Conv2d(channels, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        ]
    return nn.Sequential(*layers)
