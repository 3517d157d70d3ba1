"""Files onto layers: micrographs as images, coordinates as points."""

from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.formats import (
    Coordinates,
    fitting_formats,
    read_coordinates,
)
from napari_drpnet.images.micrograph import SUFFIXES, Micrograph, read_micrograph
from napari_drpnet.relion.lists import read_micrographs_star

LayerData = tuple[Any, dict[str, Any], str]
Read = Callable[[str], list[LayerData]]

#: A file with the particles of more micrographs than this makes no sense on one canvas.
MOST_LAYERS = 12
#: Size of the rings where a file does not tell it, unbinned pixels.
RING_PX = 100.0

_RING_COLOR = "#4dc3ff"  # neither that of accepted picks nor that of rejected ones
_PERCENTILES = (0.5, 99.5)
_SAMPLED_SIDE = 1024


def get_reader(path: str | PathLike[str] | Sequence[str]) -> Read | None:
    """Return the function that reads a file onto layers, as napari asks for it.

    Parameters
    ----------
    path : path-like, or a list of them
        A micrograph or a coordinate file, chosen by suffix. A list, which napari wants as one
        stack, is refused: micrographs are looked at one by one.

    Returns
    -------
    callable or None
        `read_micrograph_file` or `read_coordinate_file`; None for what is not ours, such as a
        ``.csv`` without columns ``x`` and ``y``, or a ``.txt`` that is no table of Topaz.

    Notes
    -----
    The manifest claims MRC, STAR, BOX and the like, which napari itself does not read. It leaves
    TIFF, PNG and JPEG to napari: they are mostly no micrographs, and the window "DRPnet picker"
    opens those that are. It claims ``.csv``, because napari's own reader refuses tables of ``x,y``;
    where both offer themselves, napari asks once which to take, and remembers.
    """
    if not isinstance(path, (str, PathLike)):
        return None
    name = Path(path).name.lower()
    if name.endswith(SUFFIXES):
        return read_micrograph_file
    return read_coordinate_file if fitting_formats(path) else None


def read_micrograph_file(path: str | PathLike[str]) -> list[LayerData]:
    """Read a micrograph onto an image layer; see `image_layer`.

    Raises
    ------
    InputFileError
        When it is no usable micrograph; see `napari_drpnet.images.micrograph.read_micrograph`.
    """
    return [image_layer(read_micrograph(path))]


def read_coordinate_file(path: str | PathLike[str]) -> list[LayerData]:
    """Read a file of coordinates onto points layers.

    Parameters
    ----------
    path : path-like
        The file, of any format in `napari_drpnet.formats.FORMATS`.

    Returns
    -------
    list of layer data
        One layer of rings for each micrograph that the file names, the first one visible; or one
        layer, where it names none. A file that may be read in several ways, as cryoSPARC's, gives
        layers for each, so that the picture tells which is right. The layers are in pixels,
        because a coordinate file does not know its micrograph: where that is shown in Å, give the
        points its scale and units. The window "DRPnet picker" does so by itself.

    Raises
    ------
    InputFileError
        When the file is malformed, holds particles of more than `MOST_LAYERS` micrographs, or is
        a list of micrographs, which belongs into the window "DRPnet picker".
    """
    source = Path(path)
    choices = fitting_formats(source)
    if len(choices) > 1:
        return [
            (data, attributes | {"name": f"{attributes['name']} ({each.title})"}, kind)
            for each in choices
            for data, attributes, kind in _layers(source, read_coordinates(source, each.name))
        ]
    return _layers(source, _read(source))


def image_layer(micrograph: Micrograph) -> LayerData:
    """Describe the image layer of a micrograph.

    Parameters
    ----------
    micrograph : Micrograph
        A memory map stays one: napari loads what it shows.

    Returns
    -------
    layer data
        In Å, or in pixels where the pixel size is unknown; grey, without the brightest and darkest
        half per cent. `metadata` has ``path``, ``shape`` in pixels and ``pixel_size_angstrom``.
    """
    attributes = {
        "name": micrograph.name,
        **_frame(micrograph.pixel_size_angstrom),
        "colormap": "gray",
        "contrast_limits": _contrast_limits(micrograph),
        "metadata": {
            "path": str(micrograph.path or ""),
            "shape": micrograph.shape,
            "pixel_size_angstrom": micrograph.pixel_size_angstrom,
        },
    }
    return micrograph.pixels, attributes, "image"


def points_layer(
    coordinates: Coordinates, name: str, pixel_size_angstrom: float | None = None
) -> LayerData:
    """Describe the points layer of coordinates of one micrograph.

    Parameters
    ----------
    coordinates : Coordinates
        Rings have the size of its box, or of `RING_PX` where it has none.
    name : str
        Of the layer.
    pixel_size_angstrom : float, optional
        Of the micrograph, where it is known.

    Returns
    -------
    layer data
        Positions ``(y, x)`` in unbinned pixels, whatever the scale of the layer; the feature
        ``score``, NaN where missing.
    """
    attributes = {
        "name": name,
        **_frame(pixel_size_angstrom),
        "ndim": 2,
        "features": {"score": coordinates.score},
        "size": coordinates.box_size_px or RING_PX,
        # napari's own symbol "ring" is a thick one, which hides the particle.
        "symbol": "disc",
        "face_color": "transparent",
        "border_color": _RING_COLOR,
        "border_width": 0.05,
    }
    return coordinates.centers_yx, attributes, "points"


def _frame(pixel_size_angstrom: float | None) -> dict[str, Any]:
    unit = "angstrom" if pixel_size_angstrom else "pixel"
    return {
        "scale": (pixel_size_angstrom or 1.0,) * 2,
        "units": (unit, unit),
        "axis_labels": ("y", "x"),
    }


def _contrast_limits(micrograph: Micrograph) -> tuple[float, float]:
    """Return robust limits from pixels on a grid, or the extremes where those are all alike."""
    pixels = micrograph.pixels
    step = max(1, min(pixels.shape) // _SAMPLED_SIDE)
    low, high = np.percentile(pixels[::step, ::step].astype(np.float64), _PERCENTILES)
    if low == high:
        low, high = pixels.min(), pixels.max()
    return float(low), float(high)


def _layers(source: Path, coordinates: Coordinates) -> list[LayerData]:
    names = coordinates.micrograph_names or ("",) * len(coordinates)
    micrographs = list(dict.fromkeys(names)) or [""]
    if len(micrographs) > MOST_LAYERS:
        reason = f"holds particles of {len(micrographs)} micrographs, at most {MOST_LAYERS} fit"
        remedy = 'Open its micrographs in "DRPnet picker", and this file under Compare'
        raise InputFileError(source, reason, remedy)
    layers = []
    for micrograph in micrographs:
        rows = coordinates.where(np.array([name == micrograph for name in names], bool))
        data, attributes, kind = points_layer(rows, PurePosixPath(micrograph).name or source.name)
        metadata = {"path": str(source), "micrograph_name": micrograph}
        more = {"metadata": metadata, "visible": micrograph == micrographs[0]}
        layers.append((data, attributes | more, kind))
    return layers


def _read(path: Path) -> Coordinates:
    try:
        return read_coordinates(path)
    except InputFileError as error:
        count = _count_listed(path)
        if not count:
            raise
        reason = f"is a list of {count} micrographs, without coordinates"
        remedy = 'Open it in "DRPnet picker" (menu Plugins), or open one of the micrographs'
        raise InputFileError(path, reason, remedy) from error


def _count_listed(path: Path) -> int:
    """Return how many micrographs RELION's list names; 0 for any other file."""
    try:
        return len(read_micrographs_star(path)) if path.suffix.lower() == ".star" else 0
    except InputFileError:
        return 0
