"""Files of masks, in which dirt is True."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.atomic_file import atomic_file
from napari_drpnet.base.class_maps import resample_area, resample_mask
from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.geometry import Frame
from napari_drpnet.base.segmentation import CARBON, CLASSES, ICE
from napari_drpnet.base.text import AnyPath
from napari_drpnet.formats.masks.class_maps import classes_of_colours, read_class_map
from napari_drpnet.formats.masks.pixels import (
    BOTTOM_LEFT,
    is_npz,
    only_image,
    read_arrays,
    read_pixels,
    require_aspect,
    upright,
)
from napari_drpnet.formats.masks.segmentations import is_segmentation, segmentation_from
from napari_drpnet.images.mrc_files import write_mrc

Mask = NDArray[np.bool_] | NDArray[np.float32]
Shape = tuple[int, int]

#: End of the name, before the suffix, of files that are class maps whatever their type.
CLASS_MAP_ENDING = "_classes"
#: Pixel size of Warp's masks.
WARP_ANGSTROM = 8.0

_ORIENTATION_TAG = 274


def write_mask_mrc(
    path: AnyPath, mask: NDArray[np.bool_], pixel_size_angstrom: float | None = None
) -> None:
    """Write a mask atomically as MRC of mode 0 (int8) at its own scale.

    Parameters
    ----------
    path : path-like
        File to create or replace.
    mask : (h, w) bool array
        Mask, True on dirt, which becomes 1.
    pixel_size_angstrom : float, optional
        Size of the pixels of the mask in Å, for the header.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    write_mrc(path, mask.astype(np.int8), pixel_size_angstrom)


def write_full_mask_mrc(
    path: AnyPath, mask: Mask, shape: Shape, pixel_size_angstrom: float | None = None
) -> None:
    """Write a mask atomically as MRC of mode 2 (float32) with the shape of the micrograph.

    MicrographCleaner writes such masks, and uses one that it finds under the name of the
    micrograph instead of its own.

    Parameters
    ----------
    path : path-like
        File to create or replace.
    mask : (h, w) bool or float array
        Mask or probability of dirt, 0 to 1, at any scale.
    shape : tuple of int
        Shape ``(ny, nx)`` of the micrograph.
    pixel_size_angstrom : float, optional
        Pixel size of the micrograph in Å, for the header.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    write_mrc(path, resample_area(mask, shape), pixel_size_angstrom)


def write_warp_mask(path: AnyPath, mask: Mask, frame: Frame, pixel_size_angstrom: float) -> None:
    """Write a mask atomically as Warp does: TIFF, float32 0 or 1, 8 Å per pixel, even sides.

    Parameters
    ----------
    path : path-like
        File to create or replace.
    mask : (h, w) bool or float array
        Mask or probability of dirt at the network scale.
    frame : Frame
        Relation of the pixels of the mask to those of the micrograph.
    pixel_size_angstrom : float
        Pixel size of the micrograph in Å.

    Raises
    ------
    OSError
        If the file cannot be written.

    Notes
    -----
    The first row of the file is the last of the micrograph, and the orientation tag says
    "bottom left". So does Warp's own `WriteTIFF` (WarpLib/Image.cs), and its reader turns every
    TIFF upside down, unless the variable WARP_DONT_FLIPY is set: in Warp, rows count as in the
    MRC files of its averages. This follows its source; Warp itself has not been tried.
    """
    from tifffile import imwrite

    sides = (side * pixel_size_angstrom / WARP_ANGSTROM for side in frame.full_shape)
    ny, nx = (max(2, 2 * int(side / 2)) for side in sides)
    pixels = resample_mask(mask, (ny, nx)).astype(np.float32)[::-1]
    with atomic_file(path) as temporary:
        imwrite(
            temporary,
            pixels,
            photometric="minisblack",
            compression="lzw",
            metadata=None,
            extratags=[(_ORIENTATION_TAG, "H", 1, BOTTOM_LEFT, True)],
        )


def read_mask(path: AnyPath, shape: Shape | None, *, flip_rows: bool | None = None) -> Mask:
    """Read the mask of a micrograph that this or another program wrote.

    Parameters
    ----------
    path : path-like
        MRC, TIFF or PNG with values from 0 to 1, where 1 is dirt, or with the 8-bit values 0 and
        255; NPZ with a segmentation or with one such array. A class map serves as a mask of ice
        and carbon if its name ends in ``_classes``, or if it has the colours of classes.
    shape : tuple of int or None
        Shape ``(ny, nx)`` of the micrograph. The mask may be smaller by any factor. With None its
        shape is not checked.
    flip_rows : bool, optional
        Whether the last row of the file is the first of the micrograph. By default rows stay as
        stored, and a TIFF that counts rows from the last one by its orientation tag is refused.

    Returns
    -------
    (h, w) bool or float32 array
        Mask, or the probability of dirt from 0 to 1, at the scale of the file.

    Raises
    ------
    InputFileError
        If the file is unusable, a JPEG, has NaN or other values, or another aspect ratio than the
        micrograph.
    """
    source = Path(path)
    mask = _read(source)
    if shape is not None:
        require_aspect(source, (len(mask), mask.shape[1]), shape)
    return np.ascontiguousarray(upright(source, mask, flip_rows))


def _read(path: Path) -> Mask:
    if path.stem.endswith(CLASS_MAP_ENDING):
        return _dirt(read_class_map(path, flip_rows=False))
    if is_npz(path):
        arrays = read_arrays(path)
        if is_segmentation(arrays):
            return segmentation_from(path, arrays).dirt
        return _mask_of_values(path, only_image(path, arrays))
    pixels = read_pixels(path)
    if pixels.ndim == 2:
        return _mask_of_values(path, pixels)
    colours = pixels[..., :3]
    if (colours == colours[..., :1]).all() and (pixels[..., 3] == 255).all():
        return _mask_of_values(path, colours[..., 0])
    return _dirt(classes_of_colours(path, pixels))


def _dirt(classes: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return np.isin(classes, (ICE, CARBON))


def _mask_of_values(path: Path, values: NDArray[Any]) -> Mask:
    if values.dtype.kind == "f":
        low, high = float(values.min()), float(values.max())
        if low < 0 or high > 1:
            reason = f"has values from {low:g} to {high:g}, but a mask has 0 to 1"
            raise InputFileError(path, reason, "Give a mask, in which 1 is dirt")
        return values.astype(np.float32)
    most = 255 if values.dtype == np.uint8 and values.max() == 255 else 1
    wrong = (values != 0) & (values != most)
    if wrong.any():
        value = int(values[wrong][0])
        depth = 8 * values.dtype.itemsize
        reason = f"has the value {value} of {depth} bits, but a mask has 0 and 1, or 0 and 255"
        remedy = "Give a mask, in which 1 is dirt"
        if 1 < value <= len(CLASSES):
            remedy += f"; let the name of a class map end in {CLASS_MAP_ENDING}"
        raise InputFileError(path, reason, remedy)
    return np.asarray(values != 0)
