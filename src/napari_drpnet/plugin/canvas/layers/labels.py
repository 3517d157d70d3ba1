"""What labels layers share: colours of the classes, and pixels that are written in place."""

from collections.abc import Iterable

import numpy as np
from napari.layers import Labels
from napari.utils.colormaps import DirectLabelColormap
from numpy.typing import NDArray

from napari_drpnet.base.segmentation import BACKGROUND, CLASSES
from napari_drpnet.formats.masks.class_maps import CLASS_COLOURS

Colour = tuple[float, float, float]
#: Numbers of all classes.
ALL_CLASSES = range(BACKGROUND, len(CLASSES) + 1)
_CLEAR = (0.0, 0.0, 0.0, 0.0)


def class_colour(number: int) -> Colour:
    """Return the colour of a class, red, green and blue from 0 to 1."""
    red, green, blue = CLASS_COLOURS[number]
    return red / 255, green / 255, blue / 255


def class_colormap(numbers: Iterable[int] = ALL_CLASSES) -> DirectLabelColormap:
    """Return a colormap of some classes; other pixels are clear."""
    return label_colormap({number: class_colour(number) for number in numbers})


def label_colormap(colours: dict[int, Colour]) -> DirectLabelColormap:
    """Return a colormap of some numbers; pixels of other numbers are clear."""
    named: dict[int | None, tuple[float, ...]] = {None: _CLEAR, 0: _CLEAR, BACKGROUND: _CLEAR}
    named |= {number: (*colour, 1.0) for number, colour in colours.items()}
    return DirectLabelColormap(color_dict=named)


def write_pixels(layer: Labels, values: NDArray[np.uint8]) -> None:
    """Give a layer other pixels: in place if possible, which napari draws faster."""
    if layer.data.shape != values.shape:
        layer.data = values.copy()
    elif not np.array_equal(layer.data, values):
        layer.data[...] = values
        layer.refresh(thumbnail=False, highlight=False, extent=False)
