"""Checks that every image file must pass, and the one error for all that decoders raise."""

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from math import isfinite
from pathlib import Path
from typing import NoReturn

from napari_drpnet.base.errors import InputFileError

MOST_PIXELS = 20_000**2
LONGEST_SIDE = 100_000
#: Memory that every image may need, in bytes: a K3 frame in super resolution has 94 Mpx of float32.
ORDINARY_BYTES = 512 << 20
#: A file must hold one byte for so many bytes of memory beyond that: one bit of a float32 pixel.
MOST_BYTES_PER_BYTE = 32

TIFF_SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
JPEG_SIGNATURE = b"\xff\xd8\xff"

COPY_AGAIN = "Copy or export the file again"
AVERAGE_FIRST = "Motion-correct or average it to a single image first"


@contextmanager
def failures_explained(path: Path) -> Iterator[None]:
    """Turn every error while a file is read into an `InputFileError` that names it."""
    try:
        yield
    except InputFileError:
        raise
    except FileNotFoundError as error:
        raise InputFileError(path, "there is no such file", "Check the name") from error
    except PermissionError as error:
        remedy = "Change its permissions or copy it elsewhere"
        raise InputFileError(path, "you have no permission to read it", remedy) from error
    except Exception as error:  # decoders raise many types of errors on malformed data
        if isinstance(error, OSError) and error.errno:
            reason = f"the system cannot read it ({error.strerror})"
            raise InputFileError(path, reason, "Check its name and its disk") from error
        detail = f"{type(error).__name__}: {error}".splitlines()[0][:200]
        reason = f"it is damaged or incomplete ({detail})"
        raise InputFileError(path, reason, COPY_AGAIN) from error


def refuse(path: Path, reason: str, remedy: str) -> NoReturn:
    """Raise the error that a file cannot be used."""
    raise InputFileError(path, reason, remedy)


def require_content(path: Path) -> None:
    """Refuse folders, devices and empty files."""
    status = path.stat()
    if stat.S_ISDIR(status.st_mode):
        refuse(path, "it is a folder", "Choose one of the files in it")
    if not stat.S_ISREG(status.st_mode):
        refuse(path, "it is a device or a pipe, not a file", "Choose a file on disk")
    if status.st_size == 0:
        refuse(path, "it is empty (0 bytes)", COPY_AGAIN)


def require_one_image(path: Path, ny: int, nx: int, images: int) -> None:
    """Refuse stacks, and images that are too large for the memory."""
    if images > 1:
        reason = f"it is a movie, stack or volume of {images} images, not one micrograph"
        refuse(path, reason, AVERAGE_FIRST)
    if ny * nx > MOST_PIXELS or max(ny, nx) > LONGEST_SIDE:
        refuse(path, f"{nx} × {ny} pixels are too large for a micrograph", "Crop or bin it first")


def require_room(path: Path, memory_bytes: int) -> None:
    """Refuse a file whose image would need far more memory than its bytes can fill.

    Real micrographs are noise, which cannot be compressed to less than a bit for each pixel. So an
    image that needs more than `ORDINARY_BYTES` is one only if its file has at least one byte for
    `MOST_BYTES_PER_BYTE` bytes of memory.

    Parameters
    ----------
    path : pathlib.Path
        Path of the file.
    memory_bytes : int
        Memory that the decoded image needs, in bytes.

    Raises
    ------
    InputFileError
        If the file is too small for so much.
    """
    size = path.stat().st_size
    if memory_bytes > max(ORDINARY_BYTES, MOST_BYTES_PER_BYTE * size):
        reason = f"its {size} bytes claim an image of {memory_bytes / 1e6:.0f} MB"
        refuse(path, reason, "Choose a micrograph")


def credible_pixel_size(x: float, y: float) -> float | None:
    """Return the pixel size to six digits; None for the values that stand for an unknown size.

    Parameters
    ----------
    x, y : float
        Size of a pixel along both axes in Å, as a file states it.
    """
    credible = isfinite(x) and isfinite(y) and 0.1 <= x <= 50 and abs(x - y) <= 0.01 * x
    return float(f"{x:.6g}") if credible and abs(x - 1) > 1e-6 else None
