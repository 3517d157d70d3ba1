"""The patch classifier of the DRPnet paper, and what it makes of the candidates around."""

import torch
from torch import Tensor, nn

from napari_drpnet.picking.networks.neighbours import CONTEXT_SIZE


class PatchClassifier(nn.Module):
    """Judge a square patch around a candidate.

    Four convolutions (11×11×16, 7×7×16, 5×5×32, 3×3×64), each with batch normalisation, ReLU and
    maximum pooling (4, 4, 2, 2); dropout; fully connected layers of 128 and 2.

    Parameters
    ----------
    patch_px : int
        Side of the patch, network pixels.
    pool_stride : int
        2 (compact, the default) or 1 as published, where pooling leaves 56×56 of 64×64 pixels and
        the first fully connected layer holds 26 million weights.
    with_context : bool
        Whether it has a `ContextNet` too.

    Notes
    -----
    Architecture: DRPnet paper, second network.
    """

    def __init__(
        self, patch_px: int = 64, pool_stride: int = 2, with_context: bool = False
    ) -> None:
        super().__init__()
        self.patch_px, self.pool_stride = patch_px, pool_stride
        layers: list[nn.Module] = []
        side, channels = patch_px, 1
        for width, kernel, pool in ((16, 11, 4), (16, 7, 4), (32, 5, 2), (64, 3, 2)):
            layers += [
                nn.Conv2d(channels, width, kernel, padding="same"),
                nn.BatchNorm2d(width),
                nn.ReLU(),
                nn.MaxPool2d(pool, stride=pool_stride),
            ]
            side, channels = (side - pool) // pool_stride + 1, width
        if side < 1:
            raise ValueError(f"patches of {patch_px} px are too small for the pools")
        self.features = nn.Sequential(*layers)
        self.head = nn.Sequential(
            nn.Flatten(),
            nn.Dropout(0.5),
            nn.Linear(side * side * channels, 128),
            nn.ReLU(),
            nn.Linear(128, 2),
        )
        self.context = ContextNet() if with_context else None

    def forward(self, patches: Tensor) -> Tensor:
        """Return the logits ``(n, 2)``, not particle and particle, of patches ``(n, 1, p, p)``."""
        logits: Tensor = self.head(self.features(patches))
        return logits


#: A number of a context counts as so many standard deviations from its mean, at most: beyond that
#: training has shown too little for a network to go by.
_MOST_DEVIATIONS = 4.0


class ContextNet(nn.Module):
    """Tell from its context how likely a candidate is a particle, whatever its patch shows.

    Its log-odds and those of the patch are added, as by Bayes' rule where the two are independent.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(CONTEXT_SIZE))
        self.register_buffer("deviation", torch.ones(CONTEXT_SIZE))
        self.layers = nn.Sequential(
            nn.Linear(CONTEXT_SIZE, width),
            nn.GELU(),
            nn.Dropout(0.1),
            nn.Linear(width, width),
            nn.GELU(),
            nn.Linear(width, 1),
        )

    def forward(self, context: Tensor) -> Tensor:
        """Return the log-odds ``(n,)`` of contexts ``(n, CONTEXT_SIZE)``."""
        scaled = (context - self.mean) / self.deviation
        odds: Tensor = self.layers(scaled.clamp(-_MOST_DEVIATIONS, _MOST_DEVIATIONS))[:, 0]
        return odds
