"""PNG and JPEG files."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.images.file_checks import (
    AVERAGE_FIRST,
    PNG_SIGNATURE,
    failures_explained,
    refuse,
    require_content,
    require_one_image,
)

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

_HEAD_BYTES = 1024


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
        If the file cannot be read, is no PNG, is damaged, or has more than `MOST_PIXELS` pixels.
    """
    with failures_explained(path):
        require_content(path)
        with path.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
        if not head.startswith(PNG_SIGNATURE):
            refuse(path, "it is not a PNG", "Export it as PNG")
        with one_picture(path, head) as picture:
            if picture.mode in ("1", "L") and "transparency" not in picture.info:
                return np.asarray(picture.convert("L"))
            if picture.mode.startswith("I"):
                return np.asarray(picture)
            return np.asarray(picture.convert("RGBA"))


@contextmanager
def one_picture(path: Path, head: bytes) -> Iterator["ImageFile"]:
    """Open a PNG or JPEG that holds one image, which is not decoded yet."""
    if b"acTL" in head:
        refuse(path, "it is an animated PNG, a movie", AVERAGE_FIRST)
    with _open_picture(path, head) as picture:
        require_one_image(path, picture.height, picture.width, getattr(picture, "n_frames", 1))
        yield picture


def _open_picture(path: Path, head: bytes) -> "ImageFile":
    """Open a PNG or JPEG without `Image.open`, which warns above 89 Mpx; a K3 frame has 94."""
    from PIL.JpegImagePlugin import JpegImageFile
    from PIL.PngImagePlugin import PngImageFile

    return PngImageFile(path) if head.startswith(PNG_SIGNATURE) else JpegImageFile(path)
