"""Decoding of MRC files: one image, or a volume.

Headers are read with mrcfile's tables but not with its file objects. Those report trailing bytes,
wrong machine stamps and missing map names as Python warnings, and silencing warnings is not
thread-safe, while micrographs are read in worker threads.

Pixels are read, not memory-mapped: a process that touches a map of a file that was truncated in
the meantime is killed by the system (SIGBUS).
"""

import bz2
import gzip
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.atomic_file import atomic_file
from napari_drpnet.base.text import AnyPath
from napari_drpnet.images.file_checks import (
    COPY_AGAIN,
    JPEG_SIGNATURE,
    LONGEST_SIDE,
    PNG_SIGNATURE,
    TIFF_SIGNATURES,
    credible_pixel_size,
    failures_explained,
    refuse,
    require_content,
    require_one_image,
    require_room,
)

GZIP_SIGNATURE = b"\x1f\x8b\x08"
BZIP2_SIGNATURE = b"BZh"
HEADER_BYTES = 1024

_MODES = (0, 1, 2, 6, 12)
_REFUSED_MODES = {
    3: "mode 3 holds complex numbers (a Fourier transform)",
    4: "mode 4 holds complex numbers (a Fourier transform)",
    101: "mode 101 holds packed 4-bit numbers (a raw movie)",
}
_IMOD = 1146047817
#: Greatest number of voxels of a volume: 512³.
_MOST_VOXELS = 512**3
#: Greatest number of bytes before the pixels, and behind them in a compressed file.
_MOST_OTHER_BYTES = 64 << 20
#: Bytes that are read at a time.
_CHUNK = 16 << 20

Pixels = NDArray[Any]


class MrcLayout(NamedTuple):
    """Where and how the pixels of an MRC file are stored.

    Parameters
    ----------
    dtype : numpy.dtype
        Type and byte order of the pixels.
    shape : tuple of int
        Shape ``(nz, ny, nx)``.
    offset : int
        Number of bytes before the pixels.
    spacing_angstrom : tuple of float
        Size of a pixel along x and y in Å, as the header states it; 0 if it does not.
    """

    dtype: np.dtype[Any]
    shape: tuple[int, int, int]
    offset: int
    spacing_angstrom: tuple[float, float]

    @property
    def data_bytes(self) -> int:
        """Number of bytes of all pixels."""
        return self.dtype.itemsize * self.shape[0] * self.shape[1] * self.shape[2]


def write_mrc(path: AnyPath, pixels: NDArray[Any], pixel_size_angstrom: float | None) -> None:
    """Write an image or a volume as MRC file.

    Parameters
    ----------
    path : path-like
        Output file; an existing one is replaced.
    pixels : (ny, nx) or (nz, ny, nx) array
        Pixels, of a type that MRC knows.
    pixel_size_angstrom : float or None
        Size of pixels and voxels in Å for the header; None if it is unknown.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    import mrcfile

    with atomic_file(path) as temporary, mrcfile.new(temporary, overwrite=True) as file:
        file.set_data(pixels)
        if pixel_size_angstrom is not None:
            file.voxel_size = pixel_size_angstrom


def decode_mrc(path: Path, head: bytes) -> tuple[Pixels, float | None]:
    """Decode an MRC file with one image, plain or compressed.

    Parameters
    ----------
    path : pathlib.Path
        Path of the file.
    head : bytes
        First `HEADER_BYTES` bytes of the file.

    Returns
    -------
    pixels : (ny, nx) array
        Pixels in the dtype of the file.
    pixel_size_angstrom : float or None
        Pixel size in Å; None if missing or implausible.

    Raises
    ------
    InputFileError
        If the file is damaged or too large, or is no single image.
    """
    with _opened(path, head) as stream:
        layout = read_layout(path, _header_of(path, stream))
        nz, ny, nx = layout.shape
        require_one_image(path, ny, nx, nz)
        require_room(path, ny * nx * max(4, layout.dtype.itemsize))
        pixels = _read(path, stream, layout, is_packed=_is_packed(head))
    return pixels[0], credible_pixel_size(*layout.spacing_angstrom)


def decode_volume(path: Path) -> tuple[Pixels, float]:
    """Decode a density map, plain or compressed.

    Parameters
    ----------
    path : pathlib.Path
        Path of an MRC or CCP4 file of a real mode.

    Returns
    -------
    density : (nz, ny, nx) array
        Density in the dtype of the file.
    voxel_angstrom : float
        Size of a voxel along x in Å; 0 if the header does not state it.

    Raises
    ------
    InputFileError
        If the file cannot be read, is damaged, or has more than 512³ voxels.
    """
    with failures_explained(path):
        require_content(path)
        with path.open("rb") as file:
            head = file.read(HEADER_BYTES)
        with _opened(path, head) as stream:
            layout = read_layout(path, _header_of(path, stream))
            nz, ny, nx = layout.shape
            if nz * ny * nx > _MOST_VOXELS:
                refuse(path, f"{nx} × {ny} × {nz} voxels are too many", "Crop or bin it first")
            density = _read(path, stream, layout, is_packed=_is_packed(head))
    return density, layout.spacing_angstrom[0]


def read_layout(path: Path, head: bytes) -> MrcLayout:
    """Read the layout of an MRC file from its header.

    Parameters
    ----------
    path : pathlib.Path
        Path of the file, for error messages.
    head : bytes
        First `HEADER_BYTES` bytes of the file, not compressed.

    Raises
    ------
    InputFileError
        If the header is incomplete or invalid, or the mode is not supported.
    """
    if len(head) < HEADER_BYTES:
        refuse(path, f"{len(head)} bytes are too short for an MRC header", COPY_AGAIN)
    header = _parse(head)
    nx, ny, nz, mode = (int(header[field]) for field in ("nx", "ny", "nz", "mode"))
    if mode in _REFUSED_MODES:
        refuse(path, _REFUSED_MODES[mode], "Convert it to mode 2 (float32) images")
    if not _is_plausible(header) or header["nsymbt"] < 0:
        reason = f"its MRC header is invalid (size {nx} × {ny} × {nz}, mode {mode})"
        refuse(path, reason, COPY_AGAIN)
    offset = HEADER_BYTES + int(header["nsymbt"])
    return MrcLayout(_dtype(header), (nz, ny, nx), offset, _spacing(header))


def _is_packed(head: bytes) -> bool:
    return head.startswith((GZIP_SIGNATURE, BZIP2_SIGNATURE))


def _opened(path: Path, head: bytes) -> IO[bytes]:
    if head.startswith(GZIP_SIGNATURE):
        return gzip.open(path)  # type: ignore[return-value]
    return bz2.open(path) if head.startswith(BZIP2_SIGNATURE) else path.open("rb", buffering=0)


def _header_of(path: Path, stream: IO[bytes]) -> bytes:
    head = stream.read(HEADER_BYTES)
    if head.startswith((*TIFF_SIGNATURES, PNG_SIGNATURE, JPEG_SIGNATURE)):
        refuse(path, "only MRC files can be read while compressed", "Decompress it first")
    return head


def _read(path: Path, stream: IO[bytes], layout: MrcLayout, is_packed: bool) -> Pixels:
    """Read all pixels in chunks; a file that ends early, or is truncated meanwhile, is refused."""
    if is_packed and layout.offset > _MOST_OTHER_BYTES:
        refuse(path, f"{layout.offset} bytes of header are too many", "Decompress it first")
    if not is_packed:
        _require_all_bytes(path, layout, path.stat().st_size - layout.offset)
    stream.seek(layout.offset)
    pixels = np.empty(layout.shape, layout.dtype)
    room, filled = pixels.reshape(-1).view(np.uint8).data, 0
    while filled < len(room):
        count = stream.readinto(room[filled : filled + _CHUNK])  # type: ignore[attr-defined]
        if not count:
            break
        filled += count
    _require_all_bytes(path, layout, filled)
    if is_packed:
        _read_to_end(path, stream)
    return pixels


def _read_to_end(path: Path, stream: IO[bytes]) -> None:
    """Read a compressed stream to its end, where its checksum is compared."""
    rest = 0
    while count := len(stream.read(1 << 20)):
        rest += count
        if rest > _MOST_OTHER_BYTES:
            refuse(path, "it goes on far behind its pixels", COPY_AGAIN)


def _require_all_bytes(path: Path, layout: MrcLayout, present: int) -> None:
    """Refuse a file with fewer bytes behind its headers, `present`, than its pixels need."""
    if present >= layout.data_bytes:
        return
    extended = layout.offset - HEADER_BYTES
    if present < 0 or (extended and present + extended >= layout.data_bytes):
        reason = f"its header names an extended header of {extended} bytes, which is not there"
        refuse(path, reason, COPY_AGAIN)
    if present == 0:
        refuse(path, "it is truncated: a header without pixels", COPY_AGAIN)
    reason = f"it is truncated: {present} of {layout.data_bytes} bytes of pixels"
    refuse(path, reason, COPY_AGAIN)


def _parse(head: bytes) -> Any:
    """Parse a header of 1024 bytes; try the byte order of the machine stamp first."""
    from mrcfile.dtypes import HEADER_DTYPE
    from mrcfile.utils import byte_order_from_machine_stamp

    try:
        orders = "<>" if byte_order_from_machine_stamp(head[212:216]) == "<" else "><"
    except ValueError:
        orders = "<>"
    headers = [np.frombuffer(head, HEADER_DTYPE.newbyteorder(order))[0] for order in orders]
    return next(filter(_is_plausible, headers), headers[0])


def _is_plausible(header: Any) -> bool:
    sides = (int(header[side]) for side in ("nx", "ny", "nz"))
    mode = int(header["mode"])
    known = mode in _MODES or mode in _REFUSED_MODES
    return known and all(1 <= side <= LONGEST_SIDE for side in sides)


def _dtype(header: Any) -> np.dtype[Any]:
    """Return the dtype of the pixels.

    Bytes are signed since MRC2014. They are unsigned in older IMOD files, which mark that by a
    clear flag, and where the statistics in the header are those of unsigned bytes.

    Sources: MRC2014; https://bio3d.colorado.edu/imod/doc/mrc_format.txt (imodStamp, imodFlags).
    """
    from mrcfile.utils import dtype_from_mode

    stored: np.dtype[Any] = dtype_from_mode(header["mode"])
    if header["mode"] != 0:
        return stored.newbyteorder(header.dtype["mode"].byteorder)
    imod_stamp, imod_flags = np.frombuffer(header["extra2"].tobytes()[40:48], "<i4")
    if imod_stamp == _IMOD:
        return stored if imod_flags & 1 else np.dtype(np.uint8)
    is_unsigned = header["dmin"] >= 0 and 127 < header["dmax"] <= 255
    return np.dtype(np.uint8) if is_unsigned else stored


def _spacing(header: Any) -> tuple[float, float]:
    cell, samples = header["cella"], (int(header["mx"]), int(header["my"]))
    if min(samples) < 1:
        return 0.0, 0.0
    return float(cell["x"]) / samples[0], float(cell["y"]) / samples[1]
