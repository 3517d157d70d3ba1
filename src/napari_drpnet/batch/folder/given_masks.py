"""Masks of dirt that the user gives, from any program."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.batch.entries import BatchEntry
from napari_drpnet.formats import locate_mask, read_mask

Shape = tuple[int, int]


@dataclass(frozen=True)
class GivenMasks:
    """Masks of dirt, one for each micrograph or one for all.

    Parameters
    ----------
    path : pathlib.Path
        Folder of masks, which are found by the names of the micrographs; or the mask of all.
    flip_rows : bool, optional
        Whether the last row of a mask is the first of the micrograph; None as the files say, see
        `read_mask`.
    """

    path: Path
    flip_rows: bool | None = None

    def require(self) -> None:
        """Raise `InputFileError` if there is no such file or folder."""
        if not self.path.exists():
            raise InputFileError(self.path, "there is no such mask or folder", "Check the name")

    def absolute(self) -> "GivenMasks":
        """Return the same masks with an absolute path, valid in any working directory."""
        return replace(self, path=self.path.absolute())

    def find(self, entry: BatchEntry) -> Path:
        """Return the mask of a micrograph.

        Raises
        ------
        InputFileError
            If the folder has no mask of this micrograph.
        """
        return locate_mask(self.path, entry.micrograph.name)

    def read(self, entry: BatchEntry, shape: Shape, dirt_probability: float) -> NDArray[np.bool_]:
        """Read the mask of a micrograph.

        Parameters
        ----------
        entry : BatchEntry
            Micrograph.
        shape : tuple of int
            Shape ``(ny, nx)`` of the micrograph.
        dirt_probability : float
            Least value of a dirty pixel in masks of probabilities.

        Returns
        -------
        (h, w) bool array
            Mask at the scale of the file.

        Raises
        ------
        InputFileError
            If there is none, or it cannot be used.
        """
        mask = read_mask(self.find(entry), shape, flip_rows=self.flip_rows)
        if mask.dtype == bool:
            return np.asarray(mask, bool)
        return np.asarray((mask >= dirt_probability) & (mask > 0))

    def stamp(self, entry: BatchEntry) -> dict[str, str | float | None]:
        """Return the facts that identify the mask of a micrograph; empty if there is none."""
        try:
            status = self.find(entry).stat()
        except (InputFileError, OSError):
            return {}
        return {"mask_bytes": status.st_size, "mask_modified": status.st_mtime}
