"""Large micrographs for benchmarks, made quickly."""

from pathlib import Path

import mrcfile
import numpy as np

from napari_drpnet import simulate_micrograph
from napari_drpnet.simulation.parameters import SimulationParameters


def write_tiled(
    path: Path, shape: tuple[int, int], parameters: SimulationParameters, seed: int = 1
) -> Path:
    """Write a simulated micrograph, repeated and cut to `shape`."""
    part = simulate_micrograph(parameters, seed=seed).micrograph
    repeats = [-(-side // length) for side, length in zip(shape, part.shape, strict=True)]
    with mrcfile.new(path) as file:
        file.set_data(np.tile(part.pixels, repeats)[: shape[0], : shape[1]])
        file.voxel_size = part.pixel_size_angstrom
    return path
