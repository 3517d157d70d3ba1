"""napari writers: points layers as coordinate files, labels layers as class maps."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.segmentation import CLASSES
from napari_drpnet.formats import Coordinates, write_coordinates
from napari_drpnet.formats.masks.class_maps import write_class_map

_SCORES = ("score", "probability")
#: Beginnings of the states of DRPnet's picks: "accepted", "accepted by hand", and so on.
_ACCEPTED = "accepted"
_STATES = (_ACCEPTED, "rejected", "below")


def write_points(path: str, data: ArrayLike, attributes: dict[str, Any]) -> list[str]:
    """Write a points layer to a coordinate file (napari's writer hook).

    Parameters
    ----------
    path : str
        Path of the file to create or replace; its suffix selects the format.
    data : (n, 2) array
        Positions ``(y, x)`` in unbinned pixels, whatever the scale and translation of the layer.
    attributes : dict
        Attributes of the layer. If its features include ``state``, as those of DRPnet's picks do,
        the accepted points are written, and otherwise all points that are shown. The score is the
        feature ``score``, or else ``probability``. The box size of a ``.box`` or ``.cbox`` file is
        the median size of the points, in pixels. The micrograph name in a ``.txt`` file is the
        ``micrograph_name`` of `metadata`, or else the name of the layer. If `metadata` contains the
        ``shape`` of the micrograph, points outside it are left out, as in
        `napari_drpnet.formats.write_coordinates`.

    Returns
    -------
    list of str
        Path of the file.

    Raises
    ------
    InputFileError
        If the points are not two-dimensional, or the suffix is unknown. It is no `ValueError`,
        because napari hides those.
    OSError
        If the file cannot be written.
    """
    centers = np.asarray(data, float)
    if centers.ndim != 2 or centers.shape[1] != 2:
        reason = f"not written: the points have {centers.shape[-1]} axes, not only y and x"
        raise InputFileError(path, reason, "Save the points of one micrograph")
    features = pd.DataFrame(attributes.get("features"))
    size = np.broadcast_to(attributes.get("size", 1.0), len(centers))
    coordinates = Coordinates(
        centers,
        _scores(features, len(centers)),
        box_size_px=float(np.median(size)) if len(size) else 1.0,
    )
    chosen = _chosen(features, attributes, len(centers))
    metadata = attributes.get("metadata", {})
    name = metadata.get("micrograph_name") or attributes.get("name", "points")
    shape = metadata.get("shape")
    write_coordinates(path, coordinates.where(chosen), shape, micrograph_name=name)
    return [path]


def write_points_table(
    path: str, layers: Sequence[tuple[ArrayLike, dict[str, Any], str]]
) -> list[str]:
    """Write one points layer to a ``.csv`` file, as `write_points` does.

    Raises
    ------
    InputFileError
        If there is not exactly one layer.

    Notes
    -----
    napari has its own writer for ``.csv``. Of several writers it prefers the one for fewer layer
    types, or else the plugin that it found first. The manifest therefore declares surfaces for
    this writer too, so that ``layer.save("points.csv")`` uses napari's table unless this plugin is
    named.
    """
    if len(layers) != 1:
        reason = f"not written: a table contains one points layer, not {len(layers)} layers"
        raise InputFileError(path, reason, "Save them one by one")
    data, attributes, _ = layers[0]
    return write_points(path, data, attributes)


def write_classes(path: str, data: ArrayLike, attributes: dict[str, Any]) -> list[str]:
    """Write a labels layer of classes, such as strokes, to a class map (napari's writer hook).

    Parameters
    ----------
    path : str
        Path of the PNG file to create or replace.
    data : (h, w) int array
        Number of the class of each pixel, 0 where it is unknown. The pixels are written as they
        are, whatever the scale of the layer.
    attributes : dict
        Attributes of the layer, which do not matter.

    Returns
    -------
    list of str
        Path of the file.

    Raises
    ------
    InputFileError
        If the layer is not two-dimensional, or has values that are no classes.
    OSError
        If the file cannot be written.
    """
    values = np.asarray(data)
    if values.ndim != 2:
        reason = f"not written: the labels have {values.ndim} axes, not only y and x"
        raise InputFileError(path, reason, "Save the labels of one micrograph")
    if values.min(initial=0) < 0 or values.max(initial=0) > len(CLASSES):
        reason = f"not written: the labels are not the numbers of classes, 0 to {len(CLASSES)}"
        raise InputFileError(path, reason, "Save them as TIFF")
    write_class_map(path, values.astype(np.uint8))
    return [path]


def _scores(features: pd.DataFrame, count: int) -> NDArray[np.float64]:
    column = next((column for column in _SCORES if column in features), None)
    if column is None:
        return np.full(count, np.nan)
    scores = pd.to_numeric(features[column], errors="coerce").to_numpy(float)
    return np.where(np.isfinite(scores), scores, np.nan)


def _chosen(features: pd.DataFrame, attributes: dict[str, Any], count: int) -> NDArray[np.bool_]:
    if "state" in features:
        state = features["state"].astype(str).str
        if state.startswith(_STATES).all():
            return state.startswith(_ACCEPTED).to_numpy(bool)
    return np.broadcast_to(np.asarray(attributes.get("shown", True), bool), count)
