"""Micrographs of discs, every other one too dark to be a particle."""

from pathlib import Path

import mrcfile
import numpy as np

SIDE = 7


def is_particle(row):
    return row % 2 == 0


def write_discs_and_dirt(path: Path, seed: int) -> np.ndarray:
    """Write such a micrograph, and return the centres of all discs."""
    rng = np.random.default_rng(seed)
    centers = np.argwhere(np.ones((SIDE, SIDE))) * 40.0 + 20
    y, x = np.ogrid[: 40 * SIDE, : 40 * SIDE]
    image = 100 + rng.normal(size=(40 * SIDE, 40 * SIDE))
    for number, (cy, cx) in enumerate(centers):
        image -= (2.0 if is_particle(number) else 8.0) * (np.hypot(y - cy, x - cx) < 9)
    path.parent.mkdir(exist_ok=True)
    with mrcfile.new(path) as file:
        file.set_data(image.astype(np.float32))
        file.voxel_size = 2.0
    return centers
