"""Files of class maps."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.atomic_file import atomic_file
from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.segmentation import BACKGROUND, CARBON, CLASSES, ICE, PARTICLE, UNKNOWN
from napari_drpnet.base.text import AnyPath
from napari_drpnet.formats.masks.pixels import (
    is_npz,
    only_image,
    read_arrays,
    read_pixels,
    upright,
)
from napari_drpnet.formats.masks.segmentations import is_segmentation, segmentation_from

ClassMap = NDArray[np.uint8]
Colour = tuple[int, int, int]

#: Colours of the classes in the order of their numbers, black for unknown. Their lightness rises
#: from carbon, background and ice to particle. Green and orange mean accepted and rejected.
CLASS_COLOURS: tuple[Colour, ...] = (
    (0, 0, 0),
    (52, 70, 140),
    (250, 205, 230),
    (110, 180, 225),
    (95, 20, 75),
)
#: Colours of CASSPER's label pictures. Magenta is a border that was left out.
CASSPER_COLOURS: dict[Colour, int] = {
    (255, 0, 0): PARTICLE,
    (255, 255, 0): ICE,
    (0, 0, 255): BACKGROUND,
    (0, 255, 0): CARBON,
    (255, 0, 255): UNKNOWN,
}

_REMEDY = "Give a map of the classes 0 to 4, or a picture in the colours of the classes"


def write_class_map(path: AnyPath, classes: ClassMap) -> None:
    """Write a class map atomically as PNG with a palette of `CLASS_COLOURS`.

    Parameters
    ----------
    path : path-like
        File to create or replace. The values of its pixels are the numbers of the classes, row 0
        first as in the micrograph. A text chunk ``classes`` names them.
    classes : (h, w) uint8 array
        Class map with the values 0 to 4.

    Raises
    ------
    ValueError
        If a value is no class.
    OSError
        If the file cannot be written.
    """
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    if classes.max(initial=0) > len(CLASSES):
        raise ValueError(f"{classes.max()} is no class")
    picture = Image.fromarray(np.ascontiguousarray(classes, np.uint8))
    # A palette of 256 colours, because Pillow stores fewer than 17 colours in 4 bits.
    picture.putpalette(
        bytes(level for colour in CLASS_COLOURS for level in colour).ljust(768, b"\0")
    )
    names = PngInfo()
    names.add_text("classes", ", ".join(f"{k} {name}" for k, name in _named_classes()))
    with atomic_file(path) as temporary:
        picture.save(temporary, format="PNG", pnginfo=names)


def read_class_map(path: AnyPath, *, flip_rows: bool | None = None) -> ClassMap:
    """Read a class map.

    Parameters
    ----------
    path : path-like
        PNG with the colours `CLASS_COLOURS` or `CASSPER_COLOURS`, whatever the palette, where
        black and fully transparent pixels are unknown; grey PNG, TIFF or MRC with the values 0 to
        4; NPZ with a segmentation or with one such array. The content decides the type.
    flip_rows : bool, optional
        Whether the last row of the file is the first of the micrograph. By default rows stay as
        stored, and a TIFF that counts rows from the last one by its orientation tag is refused.

    Returns
    -------
    (h, w) uint8 array
        Class map with the values 0 to 4, row 0 first as in the micrograph.

    Raises
    ------
    InputFileError
        If the file is unusable, a JPEG, or has other values or colours.
    """
    source = Path(path)
    pixels = _npz_pixels(source) if is_npz(source) else read_pixels(source)
    of = _classes_of_values if pixels.ndim == 2 else classes_of_colours
    classes = of(source, pixels)
    return np.ascontiguousarray(upright(source, classes, flip_rows))


def classes_of_colours(path: Path, pixels: NDArray[Any]) -> ClassMap:
    """Return the class map that RGBA pixels ``(h, w, 4)`` show.

    Raises
    ------
    InputFileError
        If a colour belongs to no class.
    """
    packed = np.ascontiguousarray(pixels).view("<u4")[..., 0]
    classes = np.full(packed.shape, 255, np.uint8)
    for colour, number in _known_colours().items():
        classes[packed == _packed(colour)] = number
    classes[pixels[..., 3] == 0] = UNKNOWN
    if classes.max() == 255:
        row, column = np.argwhere(classes == 255)[0]
        red, green, blue, opacity = pixels[row, column].tolist()
        seen = f"the colour ({red}, {green}, {blue})" + (
            "" if opacity == 255 else f" at an opacity of {opacity}"
        )
        place = f"in row {row}, column {column}"
        raise InputFileError(path, f"has {seen} {place}, which belongs to no class", _REMEDY)
    return classes


def _npz_pixels(path: Path) -> NDArray[Any]:
    arrays = read_arrays(path)
    if is_segmentation(arrays):
        return segmentation_from(path, arrays).class_map
    return only_image(path, arrays)


def _classes_of_values(path: Path, values: NDArray[Any]) -> ClassMap:
    wrong = (values < 0) | (values > len(CLASSES))
    if values.dtype.kind == "f":
        wrong |= values != np.rint(values)
    if wrong.any():
        depth = f" of {8 * values.dtype.itemsize} bits" if values.dtype.itemsize == 2 else ""
        reason = f"has the value {values[wrong][0]}{depth}, but the classes are 0 to 4"
        raise InputFileError(path, reason, _REMEDY)
    return values.astype(np.uint8)


def _named_classes() -> list[tuple[int, str]]:
    return list(enumerate(("unknown", *CLASSES)))


def _known_colours() -> dict[Colour, int]:
    """Return the numbers of all known colours; dark greys are the numbers themselves."""
    own = {colour: number for number, colour in enumerate(CLASS_COLOURS)}
    greys = {(number, number, number): number for number in range(len(CLASSES) + 1)}
    return {**greys, **own, **CASSPER_COLOURS}


def _packed(colour: Colour) -> int:
    """Return an opaque colour as the number that its RGBA bytes make, lowest byte first."""
    return int.from_bytes((*colour, 255), "little")
