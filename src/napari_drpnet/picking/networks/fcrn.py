"""Fully convolutional regression network of the DRPnet paper: image to distance map."""

import torch
from torch import Tensor, nn
from torch.nn import functional


class FCRN(nn.Module):
    """Map an image to a distance map of the same size.

    Convolutions 9×9, 3×3, 1×7 and 7×1 with 32 channels, each with ReLU and 'same' (zero) padding;
    maximum over 2×2 with stride 1, padded one pixel at the bottom and right; a linear 3×3
    convolution to one channel. 26,561 weights.

    Notes
    -----
    Architecture: DRPnet paper, figure of the FCRN, and the layer list of the published weights.
    The one-sided pool shifts the map by half a pixel, which the last layer learns to compensate.
    """

    #: Reach of an output pixel on each side, network pixels.
    halo = 10
    #: Tiles may begin anywhere.
    stride = 1
    #: Side of the output of a tile on a CPU, network pixels: the 32 channels stay near the cache.
    tile = 192

    def __init__(self) -> None:
        super().__init__()
        self.conv_1 = nn.Conv2d(1, 32, 9, padding="same")
        self.conv_2 = nn.Conv2d(32, 32, 3, padding="same")
        self.conv_3 = nn.Conv2d(32, 32, (1, 7), padding="same")
        self.conv_4 = nn.Conv2d(32, 32, (7, 1), padding="same")
        self.conv_5 = nn.Conv2d(32, 1, 3, padding="same")

    def forward(self, image: Tensor) -> Tensor:
        """Return the map ``(n, 1, h, w)`` of images ``(n, 1, h, w)``."""
        features = image
        for convolution in (self.conv_1, self.conv_2, self.conv_3, self.conv_4):
            features = functional.relu(convolution(features), inplace=not torch.is_grad_enabled())
        # Zero padding does not change the maximum, since values after a ReLU are not negative.
        pooled = functional.max_pool2d(functional.pad(features, (0, 1, 0, 1)), 2, stride=1)
        output: Tensor = self.conv_5(pooled)
        return output
