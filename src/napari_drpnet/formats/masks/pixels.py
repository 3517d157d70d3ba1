"""What all readers of masks and class maps share: pixels, rows, sizes, and their errors."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.numpy_files import read_npz
from napari_drpnet.images.file_checks import (
    JPEG_SIGNATURE,
    MOST_PIXELS,
    PNG_SIGNATURE,
    TIFF_SIGNATURES,
    failures_explained,
    refuse,
    require_content,
)
from napari_drpnet.images.image_files import decode_image
from napari_drpnet.images.pictures import decode_png

Shape = tuple[int, int]

SMALLEST_SIDE = 2
#: Value of TIFF's orientation tag for images whose first row is the lowest.
BOTTOM_LEFT = 4
#: Greatest relative difference between the aspect ratios of a mask and of its micrograph.
_ASPECT = 0.01
_ZIP_SIGNATURES = (b"PK\x03\x04", b"PK\x05\x06")


def read_pixels(path: Path) -> NDArray[Any]:
    """Read the pixels of an MRC, TIFF or PNG file, ``(ny, nx)`` or RGBA ``(ny, nx, 4)``.

    Raises
    ------
    InputFileError
        If the file is unusable, lossy, smaller than `SMALLEST_SIDE`, or has NaN.
    """
    head = _head(path)
    if head.startswith(JPEG_SIGNATURE):
        reason = "it is a JPEG, whose compression changes the values of pixels"
        refuse(path, reason, "Export it as PNG, TIFF or MRC")
    is_png = head.startswith(PNG_SIGNATURE)
    pixels = decode_png(path) if is_png else decode_image(path, smallest_side=1).pixels
    ny, nx = pixels.shape[:2]
    if min(ny, nx) < SMALLEST_SIDE:
        refuse(path, f"{nx} × {ny} pixels are too few for a mask", "Export the whole mask")
    if pixels.dtype.kind not in "biuf":
        refuse(path, f"its pixels are {pixels.dtype}, not grey values", "Export it as float32")
    if pixels.dtype.kind == "f" and not np.isfinite(pixels).all():
        bad = np.count_nonzero(~np.isfinite(pixels))
        refuse(path, f"{bad} of {pixels.size} pixels are NaN or infinite", "Compute it again")
    return pixels


def is_npz(path: Path) -> bool:
    """Return whether a file begins as numpy's archives do."""
    return _head(path).startswith(_ZIP_SIGNATURES)


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Read all arrays of an NPZ file.

    Raises
    ------
    InputFileError
        If the file is damaged, has pickled objects, or more data than the largest mask.
    """
    with failures_explained(path):
        require_content(path)
        return read_npz(path, most_bytes=4 * MOST_PIXELS)


def only_image(path: Path, arrays: dict[str, NDArray[Any]]) -> NDArray[Any]:
    """Return the one two-dimensional array of an NPZ file.

    Raises
    ------
    InputFileError
        If there is none, or more than one, or it has no numbers or NaN.
    """
    images = [array for array in arrays.values() if array.ndim == 2 and min(array.shape) > 1]
    if len(images) != 1 or images[0].dtype.kind not in "biuf":
        reason = "has neither a segmentation nor exactly one image"
        raise InputFileError(path, reason, "Write one array (rows, columns) of numbers")
    if not np.isfinite(images[0]).all():
        raise InputFileError(path, "has pixels that are NaN or infinite", "Compute it again")
    return images[0]


def upright(path: Path, pixels: NDArray[Any], flip_rows: bool | None) -> NDArray[Any]:
    """Return pixels with their rows in the order of the micrograph.

    Parameters
    ----------
    path : pathlib.Path
        File of the pixels.
    pixels : (h, w) array
        Pixels as stored.
    flip_rows : bool or None
        Whether the last row of the file is the first of the micrograph; None if that is not
        known, and then rows stay as stored.

    Raises
    ------
    InputFileError
        If `flip_rows` is None and the file is a TIFF whose first row is the lowest by its
        orientation tag, as Warp writes them.
    """
    if flip_rows is None and _is_bottom_up(path):
        reason = "it is a TIFF of Warp, whose rows may count from the last one of the micrograph"
        remedy = "Say which: --flip-mask-rows for MRC micrographs, --keep-mask-rows for TIFF"
        refuse(path, reason, remedy)
    return pixels[::-1] if flip_rows else pixels


def require_aspect(path: Path, shape: Shape, full_shape: Shape, whole: str = "micrograph") -> None:
    """Refuse a mask that cannot be a smaller image of a micrograph.

    Parameters
    ----------
    path : pathlib.Path
        File of the mask.
    shape, full_shape : tuple of int
        Shapes ``(ny, nx)`` of the mask and of the micrograph. Their aspect ratios may differ by
        1 %, and by one pixel of the mask in each side.
    whole : str
        What has the full shape, for the message.

    Raises
    ------
    InputFileError
        If the mask is larger than the micrograph, or has another aspect ratio.
    """
    (h, w), (ny, nx) = shape, full_shape
    sizes = f"{w} × {h} pixels, and the {whole} {nx} × {ny}"
    remedy = f"Give the mask that belongs to this {whole}"
    if h > ny + 1 or w > nx + 1:
        raise InputFileError(path, f"is larger than its {whole}: {sizes}", remedy)
    if abs((ny / h) / (nx / w) - 1) > _ASPECT + 1 / h + 1 / w:
        raise InputFileError(path, f"has another aspect ratio than its {whole}: {sizes}", remedy)


def _head(path: Path) -> bytes:
    with failures_explained(path):
        require_content(path)
        with path.open("rb") as stream:
            return stream.read(8)


def _is_bottom_up(path: Path) -> bool:
    if not _head(path).startswith(TIFF_SIGNATURES):
        return False
    from tifffile import TiffFile

    with failures_explained(path), TiffFile(path) as tiff:
        tag = tiff.pages.first.tags.get("Orientation")
        return tag is not None and tag.value == BOTTOM_LEFT
