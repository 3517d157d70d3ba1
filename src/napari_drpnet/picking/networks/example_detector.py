"""Detector that has learned from a few examples: a filter of an image and its distance map."""

import torch
from torch import Tensor, nn
from torch.nn import functional

#: Reach of the filter on each side, network pixels: a little more than the particles of detectors.
REACH = 12


class ExampleDetector(nn.Module):
    """Map an image to the likeness of each pixel to the centre of an example.

    A linear filter sees the image and the distance map of another detector. Its weights depend
    only on the distance from the centre. The output is 0 for an average pixel, and 1 for an average
    example.

    Parameters
    ----------
    base : torch.nn.Module
        Detector whose map is filtered; see `networks.build.DETECTORS`.
    """

    def __init__(self, base: nn.Module) -> None:
        super().__init__()
        self.base = base
        self.filter = nn.Conv2d(2, 1, 2 * REACH + 1)
        #: Tiles begin at multiples of this.
        self.stride = int(base.stride)  # type: ignore[arg-type]
        #: Reach of an output pixel on each side, a multiple of the stride.
        self.halo = -(-(int(base.halo) + REACH) // self.stride) * self.stride  # type: ignore[arg-type]
        #: Side of the output of a tile on a CPU, network pixels.
        self.tile = int(base.tile)  # type: ignore[arg-type]

    def forward(self, image: Tensor) -> Tensor:
        """Return the likeness ``(n, 1, h, w)`` of images ``(n, 1, h, w)``."""
        seen = torch.cat([image, self.base(image)], dim=1)
        likeness: Tensor = self.filter(functional.pad(seen, [REACH] * 4, mode="replicate"))
        return likeness
