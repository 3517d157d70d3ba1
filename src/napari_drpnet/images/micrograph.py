"""The type of micrographs, and how they are read and found."""

import glob
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.images.image_files import Pixels, decode_image

COMPRESSED_SUFFIXES = (".gz", ".bz2")
TIFF_SUFFIXES = (".tif", ".tiff")
SUFFIXES = (
    ".mrc", ".mrcs", *TIFF_SUFFIXES, ".png", ".jpg", ".jpeg",
    *(mrc + packed for mrc in (".mrc", ".mrcs") for packed in COMPRESSED_SUFFIXES),
)  # fmt: skip

_BLOCK_ROWS = 64


@dataclass(frozen=True, eq=False)
class Micrograph:
    """One electron micrograph.

    Parameters
    ----------
    pixels : (ny, nx) array
        Real-valued pixels in the dtype of the file, row 0 first as stored; read-only if read from
        a file.
    pixel_size_angstrom : float or None
        Pixel size in Å; None if unknown.
    path : pathlib.Path, optional
        File that the micrograph was read from.
    """

    pixels: Pixels
    pixel_size_angstrom: float | None = None
    path: Path | None = None

    def __post_init__(self) -> None:
        if self.pixels.ndim != 2:
            raise ValueError(f"pixels must be (ny, nx), not {self.pixels.shape}")
        size = self.pixel_size_angstrom
        if size is not None and not 0 < size < np.inf:
            raise ValueError(f"pixel_size_angstrom must be positive or None, not {size}")

    @property
    def name(self) -> str:
        """File name with suffix; empty if the micrograph does not come from a file."""
        return self.path.name if self.path else ""

    @property
    def shape(self) -> tuple[int, int]:
        """Shape ``(ny, nx)`` in pixels."""
        ny, nx = self.pixels.shape
        return ny, nx

    def with_pixel_size(self, *choices_angstrom: float | None) -> "Micrograph":
        """Return the micrograph with another pixel size, the pixels shared.

        Parameters
        ----------
        *choices_angstrom : float or None
            Pixel sizes in Å, of which the first known one is used; that of the micrograph is the
            last resort.

        Returns
        -------
        Micrograph
            The same pixels and path.
        """
        known = next((size for size in choices_angstrom if size), self.pixel_size_angstrom)
        return replace(self, pixel_size_angstrom=known)


def read_micrograph(
    path: str | os.PathLike[str], *pixel_sizes_angstrom: float | None
) -> Micrograph:
    """Read a micrograph from any supported file.

    Parameters
    ----------
    path : path-like
        MRC file of mode 0, 1, 2, 6 or 12 with one section, plain or compressed by gzip or bzip2;
        TIFF with one page; PNG or JPEG. The content decides the type, not the suffix.
    *pixel_sizes_angstrom : float or None
        Pixel sizes in Å that take precedence over that of the file; the first that is not None is
        used. Callers pass that of the user, then that of the list that names the micrograph.

    Returns
    -------
    Micrograph
        Micrograph in memory. Its pixel size comes from the MRC header or ImageJ's TIFF metadata,
        unless the value there stands for "unknown": 0, negative, not finite, exactly 1, below 0.1
        or above 50 Å, or different by more than 1 % in x and y.

    Raises
    ------
    InputFileError
        If the file is missing, unreadable, damaged, of another type, a movie or a stack, in
        colour, smaller than 32 pixels on a side, constant, has pixels that are not finite, or is
        truncated while it is read. Also if it has more than 400 million pixels, or needs more than
        512 MiB of memory from a file of less than 1/32 of that.

    Notes
    -----
    Rows keep their stored order for every type of file, as in RELION for MRC. Programs that flip
    TIFF on reading (EMAN2) show it upside down. Files are not memory-mapped, since a process that
    touches the map of a truncated file is killed.
    """
    source = Path(path)
    pixels, pixel_size_angstrom = decode_image(source)
    _require_usable_pixels(source, pixels)
    pixels.flags.writeable = False
    return Micrograph(pixels, pixel_size_angstrom, source).with_pixel_size(*pixel_sizes_angstrom)


def _require_usable_pixels(path: Path, pixels: Pixels) -> None:
    if pixels.dtype.kind not in "iuf":
        reason, remedy = f"its pixels are {pixels.dtype}, not grey values", "Export it as float32"
        raise InputFileError(path, reason, remedy)
    bad = _count_not_finite(pixels) if pixels.dtype.kind == "f" else 0
    if bad:
        reason = f"{bad} of {pixels.size} pixels are NaN or infinite"
        raise InputFileError(path, reason, "Repeat the motion correction, or repair those pixels")
    if _is_constant(pixels):
        reason = f"it is blank: every pixel is {pixels[0, 0]}"
        raise InputFileError(path, reason, "Leave this micrograph out")


def _count_not_finite(pixels: Pixels) -> int:
    finite = sum(int(np.count_nonzero(np.isfinite(block))) for block in _row_blocks(pixels))
    return pixels.size - finite


def _is_constant(pixels: Pixels) -> bool:
    return all((block == pixels[0, 0]).all() for block in _row_blocks(pixels))


def _row_blocks(pixels: Pixels) -> Iterator[Pixels]:
    return (pixels[row : row + _BLOCK_ROWS] for row in range(0, len(pixels), _BLOCK_ROWS))


def find_micrographs(path: str | os.PathLike[str]) -> list[Path]:
    """List the micrograph files in a folder, or those that match a pattern.

    Parameters
    ----------
    path : path-like
        Folder, searched recursively and through links; pattern with ``*``, ``?``, ``[…]`` or
        ``**``; or one file, which is returned whatever its suffix. The folders of a pattern may
        have names with such characters.

    Returns
    -------
    list of pathlib.Path
        Files with a suffix in `SUFFIXES`, in natural order (``mic2`` before ``mic10``), without
        hidden and half-written (``.part``) files. Empty if nothing matches.

    Raises
    ------
    InputFileError
        If `path` does not exist and is not a pattern.
    """
    source = Path(path).expanduser()
    if source.is_dir():
        found = _walk(source)
    elif source.exists():
        return [source]
    elif glob.has_magic(str(source)):
        folder = fixed_part(source)
        pattern = Path(glob.escape(str(folder)), source.relative_to(folder))
        found = (Path(name) for name in glob.iglob(str(pattern), recursive=True))
    else:
        raise InputFileError(source, "there is no such file or folder", "Check the name")
    return sorted((file for file in found if _is_candidate(file)), key=natural_order)


def fixed_part(pattern: Path) -> Path:
    """Return the folders of a pattern before its first wildcard.

    Characters of wildcards are part of a name where there is a folder of that name: ``Data[1]``.
    """
    fixed = Path()
    for part in pattern.parts:
        if glob.has_magic(part) and not os.path.exists(fixed / part):
            break
        fixed /= part
    return fixed


def _walk(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder; visit each real folder once, since links may form cycles."""
    seen = set()
    for here, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(here)
        folders[:] = [] if real in seen else sorted(name for name in folders if name[0] != ".")
        if real not in seen:
            seen.add(real)
            yield from (Path(here, name) for name in files)


def _is_candidate(file: Path) -> bool:
    name = file.name.lower()
    unfinished = name.startswith(".") or ".part" in file.suffixes
    return name.endswith(SUFFIXES) and not unfinished and file.is_file()


def natural_order(file: Path) -> tuple[list[str | int], str]:
    """Return the sort key of a file name for natural order, with ``mic2`` before ``mic10``."""
    pieces = re.split(r"([0-9]+)", str(file).casefold())
    return [int(piece) if i % 2 else piece for i, piece in enumerate(pieces)], str(file)
