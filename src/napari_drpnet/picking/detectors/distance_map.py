"""Distance map of a whole micrograph, and its units."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.jobs import Job
from napari_drpnet.picking.networks.tiles import Precision, run_tiled

if TYPE_CHECKING:
    from napari_drpnet.picking.networks.card import DetectorNetwork

Map = NDArray[np.float32]
Mask = NDArray[np.bool_]

#: Value of the distance map that is displayed brightest, by map units.
MAP_LIMITS = {"absolute": 1.0, "published": 255.0}


def predict_distance_map(
    image: NDArray[np.float32],
    detector: "DetectorNetwork",
    precision: Precision = "float32",
    tile: int | None = None,
    job: Job | None = None,
) -> Map:
    """Run the detector over an image in overlapping tiles; see `run_tiled`.

    Parameters
    ----------
    image : (h, w) float32 array
        Image from `preprocess` for this detector.
    detector : DetectorNetwork
        Detector from `load_detector`, on its device.
    precision : {'float32', 'bfloat16'}
        Arithmetic of the convolutions.
    tile : int, optional
        Side of the output of a tile, network pixels. Default: a value for the device. It is halved
        if there is not enough memory.
    job : Job, optional
        Progress callback, called after each tile; it may cancel the work.

    Returns
    -------
    (h, w) float32 array
        Distance map in the units of the detector.

    Raises
    ------
    Cancelled
        If the work was cancelled.
    MemoryError
        If not even the smallest tile fits into memory.
    """
    maps = run_tiled(detector.module, image[None], precision, tile, job, "distance map")
    return np.asarray(maps[0])


def to_published_units(distance_map: Map, dirt: Mask | None = None) -> Map:
    """Rescale a map as in the published code: negative values to 0, the maximum to 255.

    Parameters
    ----------
    distance_map : (h, w) float32 array
        Map in the units of the network.
    dirt : (h, w) bool array, optional
        Mask of dirt, whose values do not count for the maximum. They are limited to 255.

    Returns
    -------
    (h, w) float32 array
        Map with values from 0 to 255.
    """
    if dirt is not None and not dirt.all():
        distance_map = np.minimum(distance_map, distance_map[~dirt].max())
    highest = float(distance_map.max(initial=0))
    if highest <= 0:
        return np.zeros_like(distance_map)
    return np.maximum(distance_map, 0) * np.float32(255 / highest)
