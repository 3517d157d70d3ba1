"""Points layers as coordinate files."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.formats import Coordinates, write_coordinates

_SCORES = ("score", "probability")
#: How the states of DRPnet's picks begin: "accepted", "accepted by hand", and so on.
_ACCEPTED = "accepted"
_STATES = (_ACCEPTED, "rejected", "below")


def write_points(path: str, data: ArrayLike, attributes: dict[str, Any]) -> list[str]:
    """Write a points layer as a file of coordinates, as napari asks for it.

    Parameters
    ----------
    path : str
        The file to create or replace; its suffix tells the format.
    data : (n, 2) array
        Positions ``(y, x)`` in unbinned pixels: scale and translation of the layer do not matter.
    attributes : dict
        Of the layer. Where its features have a ``state``, as DRPnet's picks have, accepted points
        are written; else all that are shown. The score is the feature ``score``, or else
        ``probability``. The box of a ``.box`` or ``.cbox`` file is the median size of the
        points, in pixels. A ``.txt`` file names the ``micrograph_name`` of `metadata`, or else the
        layer. Where `metadata` has the ``shape`` of the micrograph, points outside are dropped as
        `napari_drpnet.formats.write_coordinates` says.

    Returns
    -------
    list of str
        The file.

    Raises
    ------
    InputFileError
        When the points are not two-dimensional, or the suffix is unknown. napari takes a
        `ValueError` for a writer that does not fit, and hides it.
    OSError
        When the file cannot be written.
    """
    centers = np.asarray(data, float)
    if centers.ndim != 2 or centers.shape[1] != 2:
        reason = f"not written: the points have {centers.shape[-1]} axes, not y and x alone"
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
    """Write one points layer as ``.csv``; see `write_points`, which this is, but for the signature.

    Raises
    ------
    InputFileError
        When there is more than one layer.

    Notes
    -----
    napari writes ``.csv`` itself. Of two writers it takes the one for fewer types of layers, or
    else the plugin that it found first. So the manifest says that this one takes surfaces too:
    ``layer.save("points.csv")`` goes on to mean napari's own table, unless our plugin is named.
    """
    if len(layers) != 1:
        reason = f"not written: a table holds one layer of points, not {len(layers)} layers"
        raise InputFileError(path, reason, "Save them one by one")
    data, attributes, _ = layers[0]
    return write_points(path, data, attributes)


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
