"""Local resolution of a map, from RELION's LocalRes job."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.text import AnyPath
from napari_drpnet.images.mrc_files import decode_volume
from napari_drpnet.quality.job_folders import file_of_job

LOCAL_RESOLUTION = "relion_locres.mrc"


@dataclass(frozen=True, eq=False)
class LocalResolution:
    """Local resolution inside a mask or, without one, wherever RELION found a resolution.

    Parameters
    ----------
    angstrom : (n,) float array
        Resolution of each of these voxels in Å.
    """

    angstrom: NDArray[np.float64]

    @property
    def quartiles(self) -> tuple[float, float, float]:
        """Lower quartile, median and upper quartile in Å."""
        low, median, high = np.quantile(self.angstrom, (0.25, 0.5, 0.75))
        return float(low), float(median), float(high)


def read_local_resolution(job: AnyPath, mask: Path | None = None) -> LocalResolution:
    """Read the local resolution inside a mask.

    Parameters
    ----------
    job : path-like
        Folder of a LocalRes job, or a map of the resolution in Å.
    mask : pathlib.Path, optional
        Mask of the particle. Voxels above 0.5 count.

    Returns
    -------
    LocalResolution

    Raises
    ------
    InputFileError
        If a map cannot be read, the two have different shapes, or no voxel has a resolution.
    """
    path = file_of_job(job, LOCAL_RESOLUTION)
    angstrom, _ = decode_volume(path)
    inside = angstrom > 0
    if mask is not None:
        density, _ = decode_volume(mask)
        if density.shape != angstrom.shape:
            reason = f"has the shape {density.shape}, but {path.name} has {angstrom.shape}"
            raise InputFileError(mask, reason, "Give jobs that have used the same mask")
        inside &= density > 0.5
    values = angstrom[inside & np.isfinite(angstrom)]
    if not len(values):
        raise InputFileError(path, "has no voxel with a resolution", "Check the mask of the job")
    return LocalResolution(values.astype(float))
