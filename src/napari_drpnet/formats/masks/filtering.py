"""Coordinates of any program without those on dirt."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.dirt import Dirt
from napari_drpnet.base.geometry import Frame
from napari_drpnet.formats.coordinates import Coordinates, rows_by_name
from napari_drpnet.formats.masks.finding import locate_mask
from napari_drpnet.formats.masks.masks import read_mask
from napari_drpnet.formats.masks.pixels import is_npz, read_arrays
from napari_drpnet.formats.masks.segmentations import is_segmentation, segmentation_from
from napari_drpnet.images.image_files import decode_image

Shape = tuple[int, int]


@dataclass(frozen=True)
class MaskSource:
    """Masks of micrographs, with what must be known to lay them on coordinates.

    Parameters
    ----------
    path : pathlib.Path
        One mask for all micrographs, or a folder in which `find_mask` finds that of each.
    shape : tuple of int, optional
        Shape ``(ny, nx)`` of all micrographs.
    full_size : bool
        Whether the masks have the shapes of the micrographs.
    flip_rows : bool, optional
        Whether the last row of a mask is the first of its micrograph; see `read_mask`.
    places : tuple of pathlib.Path
        Folders in which to look for the micrographs themselves, for their shapes.
    """

    path: Path
    shape: Shape | None = None
    full_size: bool = False
    flip_rows: bool | None = None
    places: tuple[Path, ...] = ()

    def read(self, micrograph_name: str) -> tuple[NDArray[np.bool_], Frame]:
        """Return the mask of a micrograph, and its frame.

        Raises
        ------
        InputFileError
            If there is no mask, or it cannot be used.
        ValueError
            If the shape of the micrograph is not known.
        """
        file = locate_mask(self.path, micrograph_name)
        shape = None if self.full_size else self._shape_of(micrograph_name, file)
        mask = read_mask(file, shape, flip_rows=self.flip_rows) >= 0.5
        rows, columns = mask.shape
        return mask, Frame(shape or (rows, columns), (rows, columns))

    def _shape_of(self, name: str, mask: Path) -> Shape:
        if self.shape:
            return self.shape
        files = [place / name for place in self.places if "\0" not in name]
        for file in filter(Path.is_file, files):
            ny, nx = decode_image(file).pixels.shape
            return ny, nx
        arrays = read_arrays(mask) if is_npz(mask) else {}
        if is_segmentation(arrays):
            return segmentation_from(mask, arrays).frame.full_shape
        raise ValueError(f"the size of the micrograph {name} is not known")


@dataclass(frozen=True, eq=False)
class Filtered:
    """Coordinates that masks leave.

    Parameters
    ----------
    coordinates : Coordinates
        Rows off dirt, in their order.
    left_out : int
        Number of rows on dirt, or too near to it.
    not_applied : tuple of str
        Names of micrographs whose masks are dirty for more than `MOST_DIRT` of the area. All
        their rows stay: such a mask is a failure, or the micrograph is not worth picking.
    """

    coordinates: Coordinates
    left_out: int
    not_applied: tuple[str, ...]


def filter_by_masks(
    coordinates: Coordinates, masks: MaskSource, micrograph_name: str, clearance_px: float = 0.0
) -> Filtered:
    """Leave out coordinates on dirt, or too near to it.

    Parameters
    ----------
    coordinates : Coordinates
        Coordinates of one or many micrographs.
    masks : MaskSource
        Masks of the micrographs.
    micrograph_name : str
        Name of the micrograph of all rows. Used only if `coordinates` has no names.
    clearance_px : float
        Distance of a centre to dirt up to which it is left out, in unbinned pixels.

    Returns
    -------
    Filtered

    Raises
    ------
    InputFileError
        If a mask is missing, or cannot be used.
    ValueError
        If the shape of a micrograph is not known.
    """
    keep = np.ones(len(coordinates), bool)
    not_applied = []
    names = coordinates.micrograph_names
    for name, rows in rows_by_name(names or [micrograph_name] * len(coordinates)).items():
        dirt = Dirt.of(*masks.read(name))
        if not dirt.rejects:
            not_applied.append(name)
        keep[rows] = ~(dirt.distance_px(coordinates.centers_yx[rows]) <= clearance_px)
    left_out = len(coordinates) - int(np.count_nonzero(keep))
    return Filtered(coordinates.where(keep), left_out, tuple(not_applied))
