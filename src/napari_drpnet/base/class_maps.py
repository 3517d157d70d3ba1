"""Resampling of masks and class maps, edge to edge as `Frame` describes it."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

#: Value of a pixel of a resampled class map that shows several classes.
MIXED = 255
#: Least share of one class in a pixel that does not count as mixed.
PURITY = 0.75

_BLOCK_ROWS = 64
#: Tolerance of comparisons with half the area of a pixel.
_ROUNDING = 1e-6

Shape = tuple[int, int]


def resample_area(image: NDArray[np.generic], shape: Shape) -> NDArray[np.float32]:
    """Resample an image by area: each pixel becomes the mean of the area that it covers.

    Parameters
    ----------
    image : (h, w) array
        Image of real or boolean values.
    shape : tuple of int
        New shape ``(h, w)``, larger or smaller, by any factor.

    Returns
    -------
    (h, w) float32 array
        Resampled image. Its edges are those of the original.
    """
    rows, columns = len(image), image.shape[1]
    if (rows, columns) == shape:
        return np.asarray(image, np.float32)
    resampled = np.empty(shape, np.float32)
    across = _overlaps(columns, shape[1]).T.tocsr()
    down = _overlaps(rows, shape[0])
    for start in range(0, shape[0], _BLOCK_ROWS):
        weights = down[start : start + _BLOCK_ROWS]
        first, last = weights.indices.min(), weights.indices.max() + 1
        block = weights[:, first:last] @ np.asarray(image[first:last], float)
        resampled[start : start + _BLOCK_ROWS] = block @ across
    return resampled


def resample_mask(
    mask: NDArray[np.bool_] | NDArray[np.floating], shape: Shape
) -> NDArray[np.bool_]:
    """Resample a mask: a pixel is True if at least half of its area is.

    Parameters
    ----------
    mask : (h, w) bool or float array
        Mask, or a probability, which is averaged over the area.
    shape : tuple of int
        New shape ``(h, w)``.

    Returns
    -------
    (h, w) bool array
    """
    if mask.shape == shape:
        return np.asarray(mask >= 0.5)
    return np.asarray(resample_area(mask, shape) >= 0.5 - _ROUNDING)


def resample_classes(
    classes: NDArray[np.uint8], shape: Shape, purity: float = PURITY
) -> NDArray[np.uint8]:
    """Resample a class map: each pixel gets the class that covers most of its area.

    Parameters
    ----------
    classes : (h, w) uint8 array
        Class map.
    shape : tuple of int
        New shape ``(h, w)``.
    purity : float
        Least share of that class. Pixels below it are `MIXED`; with 0 none is. Where classes
        have equal shares, the lowest number wins.

    Returns
    -------
    (h, w) uint8 array
        Class map with values of the original, and `MIXED`.
    """
    if classes.shape == shape:
        return classes
    most = np.full(shape, -1, np.float32)
    resampled = np.zeros(shape, np.uint8)
    for number in np.flatnonzero(np.bincount(classes.ravel(), minlength=256)):
        share = resample_area(classes == number, shape)
        wins = share > most + _ROUNDING
        resampled[wins] = number
        most = np.maximum(most, share)
    resampled[most < purity - _ROUNDING] = MIXED
    return resampled


def _overlaps(old: int, new: int) -> "csr_matrix":
    """Return the share of each of `old` pixels in each of `new` ones over the same length."""
    from scipy.sparse import csr_matrix

    # In units of 1 / (old · new) of the length, all edges are whole numbers.
    edges = np.union1d(np.arange(old + 1) * new, np.arange(new + 1) * old)
    pieces = edges[:-1]
    weights = np.diff(edges) / old
    return csr_matrix((weights, (pieces // old, pieces // new)), shape=(new, old))
