"""Decoding of one greyscale image from an MRC, TIFF, PNG or JPEG file.

The first bytes of a file decide its type; the suffix is used only if they are not conclusive.
"""

from pathlib import Path
from typing import Any, NamedTuple

from numpy.typing import NDArray

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.images.file_checks import (
    AVERAGE_FIRST,
    JPEG_SIGNATURE,
    PNG_SIGNATURE,
    TIFF_SIGNATURES,
    failures_explained,
    refuse,
    require_content,
)
from napari_drpnet.images.mrc_files import (
    BZIP2_SIGNATURE,
    GZIP_SIGNATURE,
    HEADER_BYTES,
    decode_mrc,
    read_layout,
)
from napari_drpnet.images.pictures import EXPORT_MRC, decode_grey_picture
from napari_drpnet.images.tiff_files import decode_tiff, tiff_bytes

MRC_SUFFIXES = (".mrc", ".mrcs", ".map", ".rec", ".st", ".ali")
SMALLEST_SIDE = 32

Pixels = NDArray[Any]


class DecodedImage(NamedTuple):
    """Pixels ``(ny, nx)`` of a file, and its pixel size in Å or None if missing or implausible."""

    pixels: Pixels
    pixel_size_angstrom: float | None


def decode_image(path: Path, smallest_side: int = SMALLEST_SIDE) -> DecodedImage:
    """Decode a file that holds one greyscale image.

    Parameters
    ----------
    path : pathlib.Path
        Path of an MRC file (modes 0, 1, 2, 6 and 12, either byte order, plain, gzip or bzip2),
        TIFF, PNG or JPEG.
    smallest_side : int
        Least number of rows and of columns.

    Returns
    -------
    DecodedImage
        Pixels ``(ny, nx)`` in the dtype and row order of the file.

    Raises
    ------
    InputFileError
        If the file cannot be read, is damaged, or holds anything but one greyscale image of
        at least `smallest_side` pixels on each side and at most `MOST_PIXELS` pixels, or would
        need much more memory than a file of its size can fill; see `require_room`.
    """
    with failures_explained(path):
        require_content(path)
        if path.suffix.lower() == ".eer":
            refuse(path, "an EER file is a movie, not a micrograph", AVERAGE_FIRST)
        decoded = _decode(path)
        ny, nx = decoded.pixels.shape
        if min(ny, nx) < smallest_side:
            reason = f"{nx} × {ny} pixels are too small to hold a particle"
            refuse(path, reason, "Choose a micrograph")
        return decoded


def has_all_bytes(path: Path) -> bool:
    """Return whether a file has the length given by its header, without decoding it.

    Parameters
    ----------
    path : pathlib.Path
        Path of a file, which may still be in the process of being written.

    Returns
    -------
    bool
        False also for files with an incomplete or invalid header. True for compressed MRC, PNG
        and JPEG, whose headers do not give the length of the file.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            head = stream.read(HEADER_BYTES)
        if head.startswith(TIFF_SIGNATURES):
            return size >= tiff_bytes(path)
        if head.startswith((PNG_SIGNATURE, JPEG_SIGNATURE, GZIP_SIGNATURE, BZIP2_SIGNATURE)):
            return True
        layout = read_layout(path, head)
        return size >= layout.offset + layout.data_bytes
    except Exception:  # noqa: BLE001 - decoders raise many types of errors on half a header
        return False


def header_shape(path: Path) -> tuple[int, int] | None:
    """Return the shape ``(ny, nx)`` of an MRC file by its header; None if it cannot be known so."""
    try:
        with path.open("rb") as stream:
            _, ny, nx = read_layout(path, stream.read(HEADER_BYTES)).shape
    except (OSError, InputFileError):
        return None
    return ny, nx


def _decode(path: Path) -> DecodedImage:
    with path.open("rb") as stream:
        head = stream.read(HEADER_BYTES)
    if head.startswith(TIFF_SIGNATURES):
        return DecodedImage(*decode_tiff(path))
    if head.startswith((PNG_SIGNATURE, JPEG_SIGNATURE)):
        return DecodedImage(decode_grey_picture(path, head), None)
    is_packed = head.startswith((GZIP_SIGNATURE, BZIP2_SIGNATURE))
    if not is_packed and head[208:211] != b"MAP" and path.suffix.lower() not in MRC_SUFFIXES:
        refuse(path, "it is not an MRC, TIFF, PNG or JPEG image", EXPORT_MRC)
    return DecodedImage(*decode_mrc(path, head))
