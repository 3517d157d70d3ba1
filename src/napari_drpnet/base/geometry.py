"""Conversion of coordinates: unbinned pixels, network pixels, ångströms, x/y order, flips.

Everywhere else in the core, a position is ``(y, x)`` in unbinned pixels of the micrograph file,
row 0 first as stored, with pixel centres at integers. This is RELION's convention
(`preprocessing.cpp`), except for the order of x and y. No other module may swap, flip or rescale
positions.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


@dataclass(frozen=True)
class Frame:
    """Shapes of a micrograph and of its resampled network image, aligned edge to edge.

    Parameters
    ----------
    full_shape : tuple of int
        Shape ``(ny, nx)`` of the micrograph in unbinned pixels.
    network_shape : tuple of int
        Shape ``(ny, nx)`` of the network image.

    Notes
    -----
    Pixel-area rule: pixel ``b`` of the network image covers ``[s·b, s·(b+1)]`` in the edge
    coordinates of the micrograph, so its centre lies at ``s·(b + 0.5) − 0.5``. The factor ``s``
    may differ slightly between the axes, because the network image has whole pixels.
    """

    full_shape: tuple[int, int]
    network_shape: tuple[int, int]

    @classmethod
    def with_scale(cls, full_shape: tuple[int, int], scale: float) -> "Frame":
        """Return the frame of a micrograph binned by `scale` (may be < 1) to whole pixels."""
        ny, nx = (max(1, round(side / scale)) for side in full_shape)
        return cls(full_shape, (ny, nx))

    @property
    def scale_yx(self) -> Floats:
        """Unbinned pixels per network pixel, ``(y, x)``."""
        return np.divide(self.full_shape, self.network_shape)

    def to_full(self, network_yx: ArrayLike) -> Floats:
        """Convert ``(..., 2)`` network positions ``(y, x)`` to unbinned pixels."""
        return full_from_binned(network_yx, self.scale_yx)

    def to_network(self, full_yx: ArrayLike) -> Floats:
        """Convert ``(..., 2)`` unbinned positions ``(y, x)`` to network pixels."""
        return (np.asarray(full_yx, float) + 0.5) / self.scale_yx - 0.5


def full_from_binned(binned_yx: ArrayLike, scale: float | Floats) -> Floats:
    """Convert ``(..., 2)`` positions in a binned micrograph to unbinned pixels.

    Parameters
    ----------
    binned_yx : (..., 2) array
        Positions ``(y, x)``, pixel centres at integers, in a micrograph binned edge to edge.
    scale : float or (2,) array
        Unbinned pixels per binned pixel, perhaps different in y and x.

    Returns
    -------
    (..., 2) float array
        ``scale · (b + 0.5) − 0.5``: the centre of a binned pixel is that of the pixels in it.
    """
    return scale * (np.asarray(binned_yx, float) + 0.5) - 0.5


def pixels_from_angstrom(length_angstrom: float, pixel_size_angstrom: float) -> float:
    """Convert a length in Å to unbinned pixels."""
    return length_angstrom / pixel_size_angstrom


def swap_xy(positions: ArrayLike) -> Floats:
    """Turn ``(..., 2)`` positions from ``(y, x)`` to ``(x, y)`` order, or back."""
    return np.asarray(positions, float)[..., ::-1]


def flip_rows(positions_yx: ArrayLike, rows: int) -> Floats:
    """Flip ``(..., 2)`` positions ``(y, x)`` top to bottom in a frame of `rows` rows."""
    y, x = np.moveaxis(np.asarray(positions_yx, float), -1, 0)
    return np.stack([rows - 1 - y, x], axis=-1)


def center_from_corner(corner: ArrayLike, box_size: ArrayLike) -> Floats:
    """Convert box corners to centres, ``corner + size / 2`` as in RELION's `.box` reader."""
    return np.asarray(corner, float) + np.asarray(box_size, float) / 2


def corner_from_center(center: ArrayLike, box_size: ArrayLike) -> Floats:
    """Convert centres to box corners; the inverse of `center_from_corner`."""
    return np.asarray(center, float) - np.asarray(box_size, float) / 2


def full_from_matlab(binned_positions: ArrayLike, scale: float) -> Floats:
    """Convert 1-based binned positions of DRPnet's MATLAB output to 0-based unbinned ones.

    The Gaussian filter of even size in that code shifts the map by −0.5 binned pixels. Together
    with the origin at 1, this gives ``scale · c − 0.5``.
    """
    return scale * np.asarray(binned_positions, float) - 0.5


def full_from_fractions(fractions_yx: ArrayLike, shapes: ArrayLike, *, mirrored: bool) -> Floats:
    """Convert cryoSPARC's fractional positions ``(y, x)`` to unbinned pixels.

    Parameters
    ----------
    fractions_yx : (n, 2) array
        Positions ``(y, x)`` as fractions of the number of rows and columns.
    shapes : (n, 2) array
        Shape ``(ny, nx)`` of the micrograph of each position.
    mirrored : bool
        Whether y counts from the last row, so that the row is ``(1 − y) · ny`` as in pyem.

    Returns
    -------
    (n, 2) float array
        Positions ``(y, x)`` in unbinned pixels.
    """
    y, x = np.asarray(fractions_yx, float).T
    rows, columns = np.asarray(shapes, float).T
    return np.column_stack([(1 - y if mirrored else y) * rows, x * columns])


def inside(
    positions_yx: ArrayLike, shape: tuple[int, int], border: float = 0.0
) -> NDArray[np.bool_]:
    """Return which positions lie in a frame, at least a given distance from its edges.

    The frame extends from −0.5 to ``side − 0.5``, the outer edges of its pixels.

    Parameters
    ----------
    positions_yx : (n, 2) array
        Positions ``(y, x)`` in pixels.
    shape : tuple of int
        Shape ``(ny, nx)`` of the frame.
    border : float
        Least distance from the edges, in pixels.

    Returns
    -------
    (n,) bool array
    """
    positions = np.asarray(positions_yx, float).reshape(-1, 2)
    low, high = border - 0.5, np.asarray(shape, float) - 0.5 - border
    return np.asarray(np.all((positions >= low) & (positions <= high), axis=1))


def holds_box(
    positions_yx: ArrayLike, shape: tuple[int, int], box_size_px: int
) -> NDArray[np.bool_]:
    """Return whether the box around each position lies completely within a frame.

    Parameters
    ----------
    positions_yx : (n, 2) array
        Positions ``(y, x)`` in pixels.
    shape : tuple of int
        Shape ``(ny, nx)`` of the frame.
    box_size_px : int
        Side n of the box in pixels.

    Returns
    -------
    (n,) bool array

    Notes
    -----
    RELION cuts the pixels p − n // 2 to p − n // 2 + n − 1 around the pixel p of a particle
    (`preprocessing.cpp`, extractParticlesFromOneMicrograph). p is the position rounded, as it is
    written for RELION.
    """
    corners = np.rint(np.asarray(positions_yx, float).reshape(-1, 2)) - box_size_px // 2
    is_held = (corners >= 0) & (corners + box_size_px <= np.asarray(shape))
    return np.asarray(np.all(is_held, axis=1))


def nearest_pixels(shape: tuple[int, ...], centers_yx: ArrayLike) -> tuple[Indices, Indices]:
    """Return the rows and columns of the pixels nearest to ``(n, 2)`` centres ``(y, x)``.

    Centres outside the image of shape ``(h, w)`` are moved to its edge.
    """
    nearest = np.round(np.asarray(centers_yx, float).reshape(-1, 2)).astype(np.intp)
    row, column = np.clip(nearest, 0, np.array(shape) - 1).T
    return row, column


def far_from(positions_yx: ArrayLike, others_yx: ArrayLike, reach: float) -> NDArray[np.bool_]:
    """Return which positions are farther than a given distance from all other positions.

    Parameters
    ----------
    positions_yx : (n, 2) array
        Positions ``(y, x)`` to test, in pixels.
    others_yx : (m, 2) array
        Positions ``(y, x)`` to stay away from, in the same pixels. If empty, all positions pass.
    reach : float
        Distance in the same pixels.

    Returns
    -------
    (n,) bool array
        True where no other position is within `reach`.
    """
    from scipy.spatial import cKDTree

    others = np.asarray(others_yx, float).reshape(-1, 2)
    distance, _ = cKDTree(others).query(np.asarray(positions_yx, float).reshape(-1, 2))
    return np.asarray(distance > reach)


def distance_to_dirt(mask: NDArray[np.bool_], frame: Frame, centers_yx: ArrayLike) -> Floats:
    """Return the Euclidean distance from each centre to the nearest dirty pixel of a mask.

    Parameters
    ----------
    mask : (h, w) bool array
        Mask of a micrograph, True on dirt.
    frame : Frame
        Relation of the pixels of the mask to those of the micrograph.
    centers_yx : (n, 2) array
        Centres ``(y, x)`` in unbinned pixels. Those outside the micrograph are moved to its edge.

    Returns
    -------
    (n,) float array
        Distance to the area of the pixel in unbinned pixels: 0 on dirt, infinity if there is no
        dirt. The error is less than a quarter of a pixel of a mask with square pixels.

    Raises
    ------
    ValueError
        If the shape of the mask is not the network shape of the frame.
    """
    from scipy.ndimage import binary_erosion
    from scipy.spatial import cKDTree

    if mask.shape != frame.network_shape:
        raise ValueError(f"a mask of shape {mask.shape} in a frame of {frame.network_shape}")
    edges = np.asarray(frame.full_shape) - 0.5
    centers = np.clip(np.asarray(centers_yx, float).reshape(-1, 2), -0.5, edges)
    outline = np.argwhere(mask & ~binary_erosion(mask))
    if len(outline) == 0:
        return np.full(len(centers), np.inf)
    positions = frame.to_full(outline)
    nearest = positions[cKDTree(positions).query(centers)[1]]
    outside = np.maximum(np.abs(centers - nearest) - frame.scale_yx / 2, 0)
    row, column = nearest_pixels(mask.shape, frame.to_network(centers))
    return np.where(mask[row, column], 0.0, np.hypot(*outside.T))
