"""napari reader: micrographs as image layers, coordinates as points layers."""

from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.text import read_head
from napari_drpnet.base.wording import counted
from napari_drpnet.formats import (
    Coordinates,
    fitting_formats,
    read_coordinates,
)
from napari_drpnet.formats.programs.csv import is_of_napari
from napari_drpnet.images.micrograph import SUFFIXES, Micrograph, read_micrograph
from napari_drpnet.relion.lists import read_micrographs_star

LayerData = tuple[Any, dict[str, Any], str]
Read = Callable[[str], list[LayerData]]

#: Greatest number of micrographs in a coordinate file that is opened as layers.
MOST_LAYERS = 12
#: Size of the rings if the file contains no box size, in unbinned pixels.
RING_PX = 100.0

_RING_COLOR = "#4dc3ff"  # distinct from the colours of accepted and rejected picks
_PERCENTILES = (0.5, 99.5)
_SAMPLED_SIDE = 1024


def get_reader(path: str | PathLike[str] | Sequence[str]) -> Read | None:
    """Return the function that reads a file as layers (napari's reader hook).

    Parameters
    ----------
    path : path-like, or a list of them
        Path of a micrograph or coordinate file, recognized by its suffix. A list, which napari
        passes to open the files as one stack, is not supported.

    Returns
    -------
    callable or None
        `read_micrograph_file` or `read_coordinate_file`; None for an unsupported file, such as a
        ``.csv`` without columns ``x`` and ``y``, which includes those of napari's own points, or a
        ``.txt`` that is not a table of Topaz.

    Notes
    -----
    The manifest claims MRC, STAR, BOX and similar files, which napari itself does not read. It
    leaves TIFF, PNG and JPEG to napari: most of them are not micrographs, and the window "DRPnet
    picker" opens those that are. It claims ``.csv``, because napari's own reader refuses tables of
    ``x,y``; if both readers accept a file, napari asks once which to use, and remembers the answer.
    """
    if not isinstance(path, (str, PathLike)):
        return None
    name = Path(path).name.lower()
    if name.endswith(SUFFIXES):
        return read_micrograph_file
    if name.endswith(".csv") and is_of_napari(read_head(path)):
        return None  # napari keeps the properties of its own points
    return read_coordinate_file if fitting_formats(path) else None


def read_micrograph_file(path: str | PathLike[str]) -> list[LayerData]:
    """Read a micrograph as an image layer; see `image_layer`.

    Raises
    ------
    InputFileError
        If the file is no usable micrograph; see
        `napari_drpnet.images.micrograph.read_micrograph`.
    """
    return [image_layer(read_micrograph(path))]


def read_coordinate_file(path: str | PathLike[str]) -> list[LayerData]:
    """Read a coordinate file as points layers.

    Parameters
    ----------
    path : path-like
        Path of a file in any format of `napari_drpnet.formats.FORMATS`.

    Returns
    -------
    list of layer data
        One layer of rings for each micrograph that the file names, of which only the first is
        visible; or one layer, if the file names none. If several formats fit the file, as for
        cryoSPARC's files, there are layers for each, so that the user can see which is right. The
        layers are in pixels, because the pixel size is unknown. If the micrograph is shown in Å,
        set its scale and units; the window "DRPnet picker" does this automatically.

    Raises
    ------
    InputFileError
        If the file is malformed, contains particles of more than `MOST_LAYERS` micrographs, or is
        a list of micrographs, which the window "DRPnet picker" opens.
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
    """Return the layer data of a micrograph.

    Parameters
    ----------
    micrograph : Micrograph
        Micrograph to show.

    Returns
    -------
    layer data
        Image layer in Å, or in pixels if the pixel size is unknown. The contrast limits leave out
        the darkest and the brightest half per cent. `metadata` has ``path``, ``shape`` in pixels
        and ``pixel_size_angstrom``.
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
    """Return the layer data of the coordinates of one micrograph.

    Parameters
    ----------
    coordinates : Coordinates
        Coordinates to show, as rings of their box size, or of `RING_PX` if they have none.
    name : str
        Name of the layer.
    pixel_size_angstrom : float, optional
        Pixel size of the micrograph in Å, if it is known.

    Returns
    -------
    layer data
        Points layer with positions ``(y, x)`` in unbinned pixels, whatever its scale, and the
        feature ``score``, which is NaN if missing.
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
    """Return percentiles of pixels on a grid, or minimum and maximum if the two are equal."""
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
        reason = f"has particles of {len(micrographs)} micrographs, more than {MOST_LAYERS}"
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
        reason = f"is a list of {counted(count, 'micrograph')}, without coordinates"
        remedy = 'Open it in "DRPnet picker" (menu Plugins), or open one of the micrographs'
        raise InputFileError(path, reason, remedy) from error


def _count_listed(path: Path) -> int:
    """Return the number of micrographs in a list of RELION; 0 for any other file."""
    try:
        return len(read_micrographs_star(path)) if path.suffix.lower() == ".star" else 0
    except InputFileError:
        return 0
