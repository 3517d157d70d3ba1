"""Density maps of structures."""

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.simulation.structures import Structure

Density = NDArray[np.float32]


def density_map(structure: Structure, side: int, voxel_angstrom: float) -> Density:
    """Distribute the points of a structure over a cube of voxels by trilinear weights.

    Parameters
    ----------
    structure : Structure
        Structure, whose centre becomes voxel ``side // 2`` of each axis, as in RELION.
    side : int
        Number of voxels of each axis.
    voxel_angstrom : float
        Voxel size in Å.

    Returns
    -------
    (side, side, side) float32 array
        Mean potential in V of each voxel, with axes ``(z, y, x)``. Points outside are left out.
    """
    total = np.zeros((side, side, side))
    positions = structure.points / voxel_angstrom + side // 2
    low = np.floor(positions).astype(int)
    share = positions - low
    for corner in np.ndindex(2, 2, 2):
        voxels = low + corner
        weights = np.where(corner, share, 1 - share).prod(axis=1) * structure.weights
        inside = ((voxels >= 0) & (voxels < side)).all(axis=1)
        np.add.at(total, tuple(voxels[inside].T), weights[inside])
    return (total / voxel_angstrom**3).astype(np.float32)
