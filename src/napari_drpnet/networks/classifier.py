"""The patch classifier of the DRPnet paper: particle or not."""

from torch import Tensor, nn


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

    Notes
    -----
    Architecture: DRPnet paper, second network.
    """

    def __init__(self, patch_px: int = 64, pool_stride: int = 2) -> None:
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

    def forward(self, patches: Tensor) -> Tensor:
        """Return the logits ``(n, 2)``, not particle and particle, of patches ``(n, 1, p, p)``."""
        logits: Tensor = self.head(self.features(patches))
        return logits
