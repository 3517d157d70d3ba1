"""Files of segmentations."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.atomic_file import atomic_file
from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.geometry import Frame
from napari_drpnet.base.segmentation import CLASSES, Segmentation
from napari_drpnet.base.text import AnyPath
from napari_drpnet.formats.masks.pixels import read_arrays
from napari_drpnet.images.file_checks import LONGEST_SIDE

Arrays = dict[str, NDArray[Any]]

_PROBABILITY = "probability"
_KEYS = (_PROBABILITY, "classes", "full_shape", "network_shape", "diameter_px", "sha256")
#: Greatest deviation of a sum of probabilities from 1: four float16 numbers, rounded.
_ROUNDING = 0.01


def write_segmentation(path: AnyPath, segmentation: Segmentation) -> None:
    """Write a segmentation atomically as NPZ without pickled objects.

    Parameters
    ----------
    path : path-like
        File to create or replace, with the suffix ``.npz``.
    segmentation : Segmentation
        Segmentation of a micrograph. Its probabilities are stored as float16, good to 0.0003.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    arrays: Arrays = {
        _PROBABILITY: segmentation.probability.astype(np.float16),
        "classes": np.array(CLASSES),
        "full_shape": np.array(segmentation.frame.full_shape, np.int64),
        "network_shape": np.array(segmentation.frame.network_shape, np.int64),
        "diameter_px": np.array(segmentation.diameter_px, np.float64),
        "sha256": np.array(segmentation.sha256),
    }
    if segmentation.valid is not None:
        arrays["valid"] = segmentation.valid
    with atomic_file(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def read_segmentation(path: AnyPath) -> Segmentation:
    """Read a segmentation written by `write_segmentation`.

    Parameters
    ----------
    path : path-like
        Path of the file.

    Returns
    -------
    Segmentation
        Segmentation with probabilities whose sum is 1.

    Raises
    ------
    InputFileError
        If the file is no segmentation, damaged, or made by a program with other classes.
    """
    source = Path(path)
    arrays = read_arrays(source)
    if not is_segmentation(arrays):
        reason = "has no segmentation"
        raise InputFileError(source, reason, "Give a file *_segmentation.npz of this program")
    return segmentation_from(source, arrays)


def is_segmentation(arrays: Arrays) -> bool:
    """Return whether the arrays of an NPZ file have the names of those of a segmentation."""
    return set(_KEYS) <= set(arrays)


def segmentation_from(path: Path, arrays: Arrays) -> Segmentation:
    """Return the segmentation in the arrays of a file.

    Raises
    ------
    InputFileError
        If an array does not have the right shape or values.
    """
    if tuple(arrays["classes"].ravel().tolist()) != CLASSES:
        reason = "has other classes than background, particle, ice and carbon"
        raise InputFileError(path, reason, "Read it with the version that wrote it")
    try:
        return _segmentation(arrays)
    except (ValueError, TypeError) as error:
        remedy = "Segment the micrograph again"
        raise InputFileError(path, f"is no segmentation: {error}", remedy) from error


def _segmentation(arrays: Arrays) -> Segmentation:
    frame = Frame(_shape(arrays["full_shape"]), _shape(arrays["network_shape"]))
    probability, valid = arrays[_PROBABILITY], arrays.get("valid")
    if probability.dtype.kind != "f" or probability.shape != (len(CLASSES), *frame.network_shape):
        raise ValueError(f"probabilities {probability.dtype} of shape {probability.shape}")
    probability = probability.astype(np.float32)
    total = probability.sum(axis=0)
    if not (probability >= 0).all() or not (np.abs(total - 1) <= _ROUNDING).all():
        raise ValueError("probabilities that are NaN, negative, or do not add up to 1")
    if valid is not None and (valid.dtype != bool or valid.shape != frame.network_shape):
        raise ValueError(f"a mask {valid.dtype} of shape {valid.shape}")
    diameter = float(arrays["diameter_px"])
    if not 0 < diameter < np.inf:
        raise ValueError(f"a diameter of {diameter} pixels")
    return Segmentation(probability / total, frame, diameter, str(arrays["sha256"]), valid)


def _shape(array: NDArray[Any]) -> tuple[int, int]:
    if array.dtype.kind not in "iu" or array.shape != (2,):
        raise ValueError("a shape that is not two whole numbers")
    ny, nx = array.tolist()
    if not (0 < ny <= LONGEST_SIDE and 0 < nx <= LONGEST_SIDE):
        raise ValueError(f"{nx} × {ny} pixels")
    return ny, nx
