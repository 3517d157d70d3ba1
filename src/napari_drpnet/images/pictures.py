"""PNG and JPEG files."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.images.file_checks import (
    AVERAGE_FIRST,
    PNG_SIGNATURE,
    failures_explained,
    refuse,
    require_content,
    require_one_image,
    require_room,
)

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

EXPORT_MRC = "Export it as MRC or greyscale TIFF"

_HEAD_BYTES = 1024
#: Greatest number of bytes of a decoded pixel.
_PIXEL_BYTES = 4


def decode_png(path: Path) -> NDArray[Any]:
    """Decode a PNG with its colours.

    Parameters
    ----------
    path : pathlib.Path
        Path of a PNG.

    Returns
    -------
    (ny, nx) or (ny, nx, 4) array
        Grey values in the depth of the file, if it has neither colours nor transparency; otherwise
        red, green, blue and opacity as uint8.

    Raises
    ------
    InputFileError
        If the file cannot be read, is no PNG, is damaged, has more than `MOST_PIXELS` pixels, or
        is too small a file for so many; see `require_room`.
    """
    with failures_explained(path):
        require_content(path)
        with path.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
        if not head.startswith(PNG_SIGNATURE):
            refuse(path, "it is not a PNG", "Export it as PNG")
        with _one_picture(path, head) as picture:
            if picture.mode in ("1", "L") and "transparency" not in picture.info:
                return np.asarray(picture.convert("L"))
            if picture.mode.startswith("I"):
                return np.asarray(picture)
            return np.asarray(picture.convert("RGBA"))


def decode_grey_picture(path: Path, head: bytes) -> NDArray[Any]:
    """Decode a PNG or JPEG without colours.

    Parameters
    ----------
    path : pathlib.Path
        Path of the file.
    head : bytes
        Beginning of the file.

    Returns
    -------
    (ny, nx) array

    Raises
    ------
    InputFileError
        If the file has colours, holds more than one image, or is too large.
    Exception
        If the file is damaged. The type varies with the damage.
    """
    with _one_picture(path, head) as picture:
        if picture.mode == "1":
            return np.asarray(picture.convert("L"))
        if picture.mode in ("P", "PA"):
            return grey(path, np.asarray(picture.convert("RGBA")))
        if picture.mode == "CMYK":
            refuse_colour(path)
        return grey(path, np.asarray(picture))


def grey(path: Path, pixels: NDArray[Any]) -> NDArray[Any]:
    """Reduce ``(ny, nx, channels)`` to ``(ny, nx)`` if all colour channels are equal."""
    if pixels.ndim == 2:
        return pixels
    colours = pixels[..., : 3 if pixels.shape[-1] >= 3 else 1]
    if not (colours == colours[..., :1]).all():
        refuse_colour(path)
    return np.ascontiguousarray(colours[..., 0])


def refuse_colour(path: Path) -> NoReturn:
    """Raise the error that a picture has colours."""
    refuse(path, "it is a colour picture, not a micrograph", EXPORT_MRC)


@contextmanager
def _one_picture(path: Path, head: bytes) -> Iterator["ImageFile"]:
    """Open a PNG or JPEG that holds one image, which is not decoded yet."""
    if b"acTL" in head:
        refuse(path, "it is an animated PNG, a movie", AVERAGE_FIRST)
    with _open_picture(path, head) as picture:
        require_one_image(path, picture.height, picture.width, getattr(picture, "n_frames", 1))
        require_room(path, picture.height * picture.width * _PIXEL_BYTES)
        yield picture


def _open_picture(path: Path, head: bytes) -> "ImageFile":
    """Open a PNG or JPEG without `Image.open`, which warns above 89 Mpx; a K3 frame has 94."""
    from PIL.JpegImagePlugin import JpegImageFile
    from PIL.PngImagePlugin import PngImageFile

    return PngImageFile(path) if head.startswith(PNG_SIGNATURE) else JpegImageFile(path)
