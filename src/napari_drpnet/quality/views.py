"""Directions from which particles are seen: how many differ, and how many would by chance."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

#: Parts into which the side of a base pixel of HEALPix is divided: order 5.
NSIDE = 32
PIXELS = 12 * NSIDE**2


@dataclass(frozen=True)
class ViewCounts:
    """Numbers of different views, and those that uniform views would have.

    Parameters
    ----------
    stored : int
        Number of pixels of HEALPix that hold a view as RELION stores it.
    folded : float
        Number of pixels that hold a view after the operators of the point group were applied,
        divided by the number of operators.
    possible : float
        Greatest value of `folded`: `PIXELS` divided by the number of operators.
    expected : float
        Expected value of `folded` for as many views, uniform in the asymmetric unit. It is also
        that of `stored`, apart from pixels at the border of the unit.
    """

    stored: int
    folded: float
    possible: float
    expected: float


@dataclass(frozen=True, eq=False)
class ViewHistogram:
    """Views that are pooled in pixels of HEALPix; only pixels with views are listed.

    Parameters
    ----------
    directions : (n, 3) float array
        Mean direction (x, y, z) of the views of each pixel, of length 1.
    counts : (n,) int array
        Number of views of each pixel.
    """

    directions: Floats
    counts: Indices


def view_directions(rot_degrees: ArrayLike, tilt_degrees: ArrayLike) -> Floats:
    """Return the directions ``(n, 3)`` as (x, y, z) of RELION's angles ``(n,)`` in degrees.

    The angle psi turns the image in its plane and does not change the direction.
    """
    rot, tilt = np.radians(np.asarray(rot_degrees, float)), np.radians(tilt_degrees)
    return np.column_stack([np.cos(rot) * np.sin(tilt), np.sin(rot) * np.sin(tilt), np.cos(tilt)])


def healpix_pixels(directions: ArrayLike, nside: int = NSIDE) -> Indices:
    """Return the pixels of HEALPix in which directions lie.

    Parameters
    ----------
    directions : (n, 3) array
        Directions (x, y, z) of length 1.
    nside : int
        Parts into which the side of a base pixel is divided; there are ``12 · nside²`` pixels.

    Returns
    -------
    (n,) int array
        Indices of the pixels in the ring scheme.

    Notes
    -----
    Górski et al. 2005, Astrophys. J. 622:759, equations of the ring scheme.
    """
    x, y, z = np.asarray(directions, float).reshape(-1, 3).T
    turn = np.mod(np.arctan2(y, x) / (np.pi / 2), 4)
    at_equator = np.abs(z) <= 2 / 3
    return np.where(at_equator, _equator(z, turn, nside), _caps(z, turn, nside))


def _equator(z: Floats, turn: Floats, nside: int) -> Indices:
    along, across = nside * (0.5 + turn), 0.75 * nside * z
    down, up = _floor(along - across), _floor(along + across)
    ring = nside + 1 + down - up
    shift = 1 - ring % 2
    place = (down + up - nside + shift + 1) // 2 % (4 * nside)
    return np.asarray(2 * nside * (nside - 1) + 4 * nside * (ring - 1) + place)


def _caps(z: Floats, turn: Floats, nside: int) -> Indices:
    part = turn % 1
    reach = nside * np.sqrt(3 * (1 - np.minimum(np.abs(z), 1)))
    ring = _floor(part * reach) + _floor((1 - part) * reach) + 1
    place = _floor(turn * ring) % (4 * ring)
    south = 12 * nside**2 - 2 * ring * (ring + 1)
    return np.where(z > 0, 2 * ring * (ring - 1), south) + place


def _floor(values: Floats) -> Indices:
    return np.floor(values).astype(np.intp)


def count_views(directions: Floats, operators: Floats) -> ViewCounts:
    """Count the different views of particles, in the 12,288 pixels of HEALPix order 5.

    Parameters
    ----------
    directions : (n, 3) float array
        Direction (x, y, z) of the view of each particle, of length 1.
    operators : (g, 3, 3) float array
        Rotations of the point group of the particle.

    Returns
    -------
    ViewCounts
    """
    filled = np.zeros(PIXELS, bool)
    for operator in operators:
        filled[healpix_pixels(directions @ operator.T)] = True
    order = len(operators)
    return ViewCounts(
        stored=len(np.unique(healpix_pixels(directions))),
        folded=int(filled.sum()) / order,
        possible=PIXELS / order,
        expected=expected_views(len(directions), PIXELS / order),
    )


def expected_views(count: int, possible: float) -> float:
    """Return the expected number of filled pixels for views that are uniform in solid angle.

    Parameters
    ----------
    count : int
        Number of views.
    possible : float
        Number of pixels in which a view may lie.

    Examples
    --------
    >>> round(expected_views(1049, 12288))
    1006
    """
    return float(possible * -np.expm1(count * np.log1p(-1 / possible)))


def pool_views(directions: Floats, counts: Indices | None = None) -> ViewHistogram:
    """Pool directions by the pixel of HEALPix, of order 5, in which they lie.

    Parameters
    ----------
    directions : (n, 3) float array
        Directions (x, y, z) of length 1.
    counts : (n,) int array, optional
        Number of views in each direction; by default 1.
    """
    if counts is None:
        counts = np.ones(len(directions), np.intp)
    _, place = np.unique(healpix_pixels(directions), return_inverse=True)
    sums = np.column_stack([np.bincount(place, counts * part) for part in directions.T])
    total = np.bincount(place, counts).astype(np.intp)
    return ViewHistogram(sums / np.linalg.norm(sums, axis=1, keepdims=True), total)
