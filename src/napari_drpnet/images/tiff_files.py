"""Decoding of TIFF files with one greyscale image.

A file may lie in every number: the chain of its pages may be a cycle, and pages, strips and tiles
may be of any size. At most `_MOST_PAGES` pages are looked at, and sizes are checked before
anything is decoded.
"""

from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.images.file_checks import (
    AVERAGE_FIRST,
    COPY_AGAIN,
    credible_pixel_size,
    refuse,
    require_one_image,
    require_room,
)
from napari_drpnet.images.pictures import EXPORT_MRC, grey, refuse_colour

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffPage

_ANGSTROM_PER_UNIT = {
    "angstrom": 1.0, "A": 1.0, "Å": 1.0, "nm": 10.0,
    "micron": 1e4, "um": 1e4, "µm": 1e4, "\\u00B5m": 1e4,
}  # fmt: skip
#: Greatest number of samples of a pixel: red, green, blue and opacity.
_MOST_SAMPLES = 4
#: Greatest number of pages: one image and its smaller copies.
_MOST_PAGES = 64


def decode_tiff(path: Path) -> tuple[NDArray[Any], float | None]:
    """Decode a TIFF with one image, perhaps with smaller copies of it.

    Parameters
    ----------
    path : pathlib.Path
        Path of the file.

    Returns
    -------
    pixels : (ny, nx) array
        Pixels in the dtype and row order of the file.
    pixel_size_angstrom : float or None
        Pixel size in ImageJ's metadata, in Å; None if missing or implausible.

    Raises
    ------
    InputFileError
        If the file holds anything but one greyscale image, or is too large.
    Exception
        If the file is damaged. The type varies with the damage.
    """
    from tifffile import COMPRESSION, PHOTOMETRIC

    eer = (COMPRESSION.EER_V0, COMPRESSION.EER_V1, COMPRESSION.EER_V2)
    with _opened(path) as tiff:
        page = tiff.pages.first
        if page.compression in eer:
            refuse(path, "an EER file is a movie, not a micrograph", AVERAGE_FIRST)
        require_one_image(path, page.imagelength, page.imagewidth, _count_images(path, tiff))
        if page.photometric in (PHOTOMETRIC.PALETTE, PHOTOMETRIC.SEPARATED):
            refuse_colour(path)
        _require_room(path, page)
        _require_all_segments(path, page)
        pixels = page.asarray()
        if page.axes == "SYX":
            pixels = np.moveaxis(pixels, 0, -1)
        if page.photometric == PHOTOMETRIC.MINISWHITE and pixels.dtype.kind == "u":
            pixels = ~pixels
        return grey(path, pixels), _imagej_pixel_size(tiff, page)


def tiff_bytes(path: Path) -> int:
    """Return the offset in bytes of the end of the last strip or tile of the first page.

    Raises
    ------
    Exception
        If the file is damaged or incomplete. The type varies with the damage.
    """
    with _opened(path) as tiff:
        page = tiff.pages.first
        segments = zip(page.dataoffsets, page.databytecounts, strict=True)
        return max(offset + count for offset, count in segments)


def _opened(path: Path) -> "TiffFile":
    """Open a TIFF without the special treatment of files for which all pages are loaded."""
    from tifffile import TiffFile

    return TiffFile(path, is_lsm=False, is_scanimage=False, is_ndpi=False, is_philips=False)


def _count_images(path: Path, tiff: "TiffFile") -> int:
    """Return the number of images, or 2 if there are more pages; smaller copies do not count."""
    in_one_page = (tiff.imagej_metadata or {}).get("images", 1)
    declared = max(int(in_one_page), tiff.pages.first.imagedepth)
    return declared if declared > 1 else 1 + _has_second_image(path, tiff)


def _has_second_image(path: Path, tiff: "TiffFile") -> bool:
    seen = {tiff.pages.first.offset}
    while len(seen) < _MOST_PAGES:
        try:
            page = tiff.pages[len(seen)]
        except IndexError:
            return False
        if page.offset in seen:
            refuse(path, "it is damaged: its pages form a cycle", COPY_AGAIN)
        if not getattr(page, "is_reduced", False):
            return True
        seen.add(page.offset)
    return True


def _require_room(path: Path, page: "TiffPage") -> None:
    """Refuse a page whose pixels, or one of whose strips or tiles, need too much memory."""
    samples = page.samplesperpixel
    if samples > _MOST_SAMPLES:
        refuse(path, f"it has {samples} values in each pixel", EXPORT_MRC)
    itemsize = max(4, 0 if page.dtype is None else page.dtype.itemsize)
    pixels = max(page.imagelength * page.imagewidth * samples, prod(page.chunks))
    require_room(path, pixels * itemsize)


def _require_all_segments(path: Path, page: "TiffPage") -> None:
    """Refuse a file with missing strips or tiles, which tifffile would fill with zeros."""
    expected, present = prod(page.chunked), np.count_nonzero(page.databytecounts)
    if not page.is_contiguous and present < expected:
        reason = f"it is truncated: {present} of {expected} strips or tiles"
        refuse(path, reason, COPY_AGAIN)


def _imagej_pixel_size(tiff: "TiffFile", page: "TiffPage") -> float | None:
    unit = (tiff.imagej_metadata or {}).get("unit")
    if unit not in _ANGSTROM_PER_UNIT:
        return None
    x, y = (
        _ANGSTROM_PER_UNIT[unit] / per_unit if per_unit > 0 else 0.0
        for per_unit in page.get_resolution()
    )
    return credible_pixel_size(x, y)
