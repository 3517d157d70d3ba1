"""Simulation of micrographs with known truth from atoms, density maps or analytic shapes."""

from napari_drpnet.simulation.micrographs import SimulatedMicrograph, simulate_micrograph
from napari_drpnet.simulation.structures import (
    ALL_SHAPES,
    SHAPES,
    Structure,
    make_shape,
    read_structure,
)

__all__ = [
    "ALL_SHAPES",
    "SHAPES",
    "SimulatedMicrograph",
    "Structure",
    "make_shape",
    "read_structure",
    "simulate_micrograph",
]
