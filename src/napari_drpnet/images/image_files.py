"""Decoding of one greyscale image from an MRC, TIFF, PNG or JPEG file.

The first bytes of a file decide its type; the suffix is used only if they are not conclusive. MRC
headers are read with mrcfile's tables but not with its file objects. Those report trailing bytes,
wrong machine stamps and missing map names as Python warnings, and silencing warnings is not
thread-safe, while micrographs are read in worker threads.
"""

import bz2
import gzip
from math import isfinite, prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.images.file_checks import (
    AVERAGE_FIRST,
    COPY_AGAIN,
    JPEG_SIGNATURE,
    LONGEST_SIDE,
    PNG_SIGNATURE,
    TIFF_SIGNATURES,
    failures_explained,
    refuse,
    require_content,
    require_one_image,
)
from napari_drpnet.images.pictures import one_picture

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffPage

MRC_SUFFIXES = (".mrc", ".mrcs", ".map", ".rec", ".st", ".ali")
SMALLEST_SIDE = 32

_MRC_HEADER_BYTES = 1024
_MRC_MODES = (0, 1, 2, 6, 12)
_MRC_REFUSED_MODES = {
    3: "mode 3 holds complex numbers (a Fourier transform)",
    4: "mode 4 holds complex numbers (a Fourier transform)",
    101: "mode 101 holds packed 4-bit numbers (a raw movie)",
}
_GZIP_SIGNATURE = b"\x1f\x8b\x08"
_BZIP2_SIGNATURE = b"BZh"
_ANGSTROM_PER_UNIT = {
    "angstrom": 1.0, "A": 1.0, "Å": 1.0, "nm": 10.0,
    "micron": 1e4, "um": 1e4, "µm": 1e4, "\\u00B5m": 1e4,
}  # fmt: skip

_EXPORT_MRC = "Export it as MRC or greyscale TIFF"

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
        Pixels ``(ny, nx)`` in the dtype and row order of the file, memory-mapped if they are
        stored contiguously and uncompressed.

    Raises
    ------
    InputFileError
        If the file cannot be read, is damaged, or holds anything but one greyscale image of
        at least `smallest_side` pixels on each side and at most `MOST_PIXELS` pixels.
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
            head = stream.read(_MRC_HEADER_BYTES)
        if head.startswith(TIFF_SIGNATURES):
            return size >= _tiff_bytes(path)
        if head.startswith((PNG_SIGNATURE, JPEG_SIGNATURE, _GZIP_SIGNATURE, _BZIP2_SIGNATURE)):
            return True
        layout = _mrc_layout(path, head)
        return size >= layout.offset + layout.data_bytes
    except Exception:  # noqa: BLE001 - decoders raise many types of errors on half a header
        return False


def _decode(path: Path) -> DecodedImage:
    with path.open("rb") as stream:
        head = stream.read(_MRC_HEADER_BYTES)
    if head.startswith(TIFF_SIGNATURES):
        return _decode_tiff(path)
    if head.startswith((PNG_SIGNATURE, JPEG_SIGNATURE)):
        return _decode_picture(path, head)
    if head.startswith((_GZIP_SIGNATURE, _BZIP2_SIGNATURE)):
        return _decode_compressed_mrc(path, head)
    return _decode_plain_mrc(path, head)


def _credible_pixel_size(x: float, y: float) -> float | None:
    """Return the pixel size to six digits; None for the values that stand for an unknown size."""
    credible = isfinite(x) and isfinite(y) and 0.1 <= x <= 50 and abs(x - y) <= 0.01 * x
    return float(f"{x:.6g}") if credible and abs(x - 1) > 1e-6 else None


# MRC


class _MrcLayout(NamedTuple):
    dtype: np.dtype[Any]
    shape: tuple[int, int]
    offset: int
    pixel_size_angstrom: float | None

    @property
    def data_bytes(self) -> int:
        return self.dtype.itemsize * self.shape[0] * self.shape[1]


def _decode_plain_mrc(path: Path, head: bytes) -> DecodedImage:
    if head[208:211] != b"MAP" and path.suffix.lower() not in MRC_SUFFIXES:
        refuse(path, "it is not an MRC, TIFF, PNG or JPEG image", _EXPORT_MRC)
    layout = _mrc_layout(path, head)
    _require_all_bytes(path, layout, path.stat().st_size - layout.offset)
    pixels = np.memmap(path, layout.dtype, "r", layout.offset, layout.shape)
    return DecodedImage(pixels, layout.pixel_size_angstrom)


def _decode_compressed_mrc(path: Path, signature: bytes) -> DecodedImage:
    with gzip.open(path) if signature.startswith(_GZIP_SIGNATURE) else bz2.open(path) as stream:
        head = stream.read(_MRC_HEADER_BYTES)
        if head.startswith((*TIFF_SIGNATURES, PNG_SIGNATURE, JPEG_SIGNATURE)):
            refuse(path, "only MRC files can be read while compressed", "Decompress it first")
        layout = _mrc_layout(path, head)
        stream.seek(layout.offset)
        data = stream.read(layout.data_bytes)
        while stream.read(1 << 20):  # the checksum is compared at the end of the stream
            pass
    _require_all_bytes(path, layout, len(data))
    pixels = np.frombuffer(data, layout.dtype).reshape(layout.shape)
    return DecodedImage(pixels, layout.pixel_size_angstrom)


def _require_all_bytes(path: Path, layout: _MrcLayout, present: int) -> None:
    if present <= 0:
        refuse(path, "it is truncated: a header without pixels", COPY_AGAIN)
    if present < layout.data_bytes:
        reason = f"it is truncated: {present} of {layout.data_bytes} bytes of pixels"
        refuse(path, reason, COPY_AGAIN)


def _mrc_layout(path: Path, head: bytes) -> _MrcLayout:
    if len(head) < _MRC_HEADER_BYTES:
        refuse(path, f"{len(head)} bytes are too short for an MRC header", COPY_AGAIN)
    header = _mrc_header(head)
    nx, ny, nz, mode = (int(header[field]) for field in ("nx", "ny", "nz", "mode"))
    if mode in _MRC_REFUSED_MODES:
        refuse(path, _MRC_REFUSED_MODES[mode], "Convert it to mode 2 (float32) images")
    if not _is_plausible_mrc(header) or header["nsymbt"] < 0:
        reason = f"its MRC header is invalid (size {nx} × {ny} × {nz}, mode {mode})"
        refuse(path, reason, COPY_AGAIN)
    require_one_image(path, ny, nx, nz)
    return _MrcLayout(
        _mrc_dtype(header), (ny, nx), len(head) + int(header["nsymbt"]), _mrc_pixel_size(header)
    )


def _mrc_header(head: bytes) -> Any:
    """Parse a header of 1024 bytes; try the byte order of the machine stamp first."""
    from mrcfile.dtypes import HEADER_DTYPE
    from mrcfile.utils import byte_order_from_machine_stamp

    try:
        orders = "<>" if byte_order_from_machine_stamp(head[212:216]) == "<" else "><"
    except ValueError:
        orders = "<>"
    headers = [np.frombuffer(head, HEADER_DTYPE.newbyteorder(order))[0] for order in orders]
    return next(filter(_is_plausible_mrc, headers), headers[0])


def _is_plausible_mrc(header: Any) -> bool:
    sides = (int(header[side]) for side in ("nx", "ny", "nz"))
    mode = int(header["mode"])
    known = mode in _MRC_MODES or mode in _MRC_REFUSED_MODES
    return known and all(1 <= side <= LONGEST_SIDE for side in sides)


def _mrc_dtype(header: Any) -> np.dtype[Any]:
    """Return the dtype of the pixels; older IMOD files have unsigned bytes, marked by a clear flag.

    Sources: MRC2014; https://bio3d.colorado.edu/imod/doc/mrc_format.txt (imodStamp, imodFlags).
    """
    from mrcfile.utils import dtype_from_mode

    imod_stamp, imod_flags = np.frombuffer(header["extra2"].tobytes()[40:48], "<i4")
    if header["mode"] == 0 and imod_stamp == 1146047817 and not imod_flags & 1:
        return np.dtype(np.uint8)
    stored: np.dtype[Any] = dtype_from_mode(header["mode"])
    return stored.newbyteorder(header.dtype["mode"].byteorder)


def _mrc_pixel_size(header: Any) -> float | None:
    cell, samples = header["cella"], (int(header["mx"]), int(header["my"]))
    if min(samples) < 1:
        return None
    return _credible_pixel_size(float(cell["x"]) / samples[0], float(cell["y"]) / samples[1])


# TIFF


def _decode_tiff(path: Path) -> DecodedImage:
    from tifffile import COMPRESSION, PHOTOMETRIC, TiffFile

    eer = (COMPRESSION.EER_V0, COMPRESSION.EER_V1, COMPRESSION.EER_V2)
    with TiffFile(path) as tiff:
        page = tiff.pages.first
        if page.compression in eer:
            refuse(path, "an EER file is a movie, not a micrograph", AVERAGE_FIRST)
        require_one_image(path, page.imagelength, page.imagewidth, _count_tiff_images(tiff))
        if page.photometric in (PHOTOMETRIC.PALETTE, PHOTOMETRIC.SEPARATED):
            _refuse_colour(path)
        _require_all_segments(path, page)
        pixels = page.asarray(out="memmap" if page.is_memmappable else None)
        if page.axes == "SYX":
            pixels = np.moveaxis(pixels, 0, -1)
        if page.photometric == PHOTOMETRIC.MINISWHITE and pixels.dtype.kind == "u":
            pixels = ~pixels
        return DecodedImage(_grey(path, pixels), _imagej_pixel_size(tiff, page))


def _tiff_bytes(path: Path) -> int:
    """Return the offset in bytes of the end of the last strip or tile of the first page."""
    from tifffile import TiffFile

    with TiffFile(path) as tiff:
        page = tiff.pages.first
        segments = zip(page.dataoffsets, page.databytecounts, strict=True)
        return max(offset + count for offset, count in segments)


def _require_all_segments(path: Path, page: "TiffPage") -> None:
    """Refuse a file with missing strips or tiles, which tifffile would fill with zeros."""
    expected, present = prod(page.chunked), np.count_nonzero(page.databytecounts)
    if not page.is_contiguous and present < expected:
        reason = f"it is truncated: {present} of {expected} strips or tiles"
        refuse(path, reason, COPY_AGAIN)


def _count_tiff_images(tiff: "TiffFile") -> int:
    pages = sum(not getattr(page, "is_reduced", False) for page in tiff.pages)
    in_one_page = (tiff.imagej_metadata or {}).get("images", 1)
    return max(pages, int(in_one_page), tiff.pages.first.imagedepth)


def _imagej_pixel_size(tiff: "TiffFile", page: "TiffPage") -> float | None:
    unit = (tiff.imagej_metadata or {}).get("unit")
    if unit not in _ANGSTROM_PER_UNIT:
        return None
    x, y = (
        _ANGSTROM_PER_UNIT[unit] / per_unit if per_unit > 0 else 0.0
        for per_unit in page.get_resolution()
    )
    return _credible_pixel_size(x, y)


# PNG and JPEG


def _decode_picture(path: Path, head: bytes) -> DecodedImage:
    with one_picture(path, head) as picture:
        if picture.mode in ("1", "P", "PA"):
            return DecodedImage(_grey(path, np.asarray(picture.convert("RGBA"))), None)
        if picture.mode == "CMYK":
            _refuse_colour(path)
        return DecodedImage(_grey(path, np.asarray(picture)), None)


def _grey(path: Path, pixels: Pixels) -> Pixels:
    """Reduce ``(ny, nx, channels)`` to ``(ny, nx)`` if all colour channels are equal."""
    if pixels.ndim == 2:
        return pixels
    colours = pixels[..., : 3 if pixels.shape[-1] >= 3 else 1]
    if not (colours == colours[..., :1]).all():
        _refuse_colour(path)
    return np.ascontiguousarray(colours[..., 0])


def _refuse_colour(path: Path) -> NoReturn:
    refuse(path, "it is a colour picture, not a micrograph", _EXPORT_MRC)
