"""Boxes around picks, at one scale, low-passed and normalised, for the eye and for averages."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_drpnet.base.geometry import Frame
from napari_drpnet.images.display import lowpass
from napari_drpnet.images.preprocess import Image, Polarity, preprocess, standardise

#: Side of a box in particle diameters, and of its picture in pixels.
BOX_DIAMETERS = 1.5
BOX_SIDE = 48

#: Resolution of the low-pass filter in particle diameters, unless another one is given.
_LOWPASS_DIAMETERS = 1 / 8
#: Number of boxes that are cut at once, which limits the memory.
_BATCH = 1024
#: Values shown black and white, in deviations of the micrograph.
_BLACK, _WHITE = -3.0, 5.0


@dataclass(frozen=True, eq=False)
class BoxSource:
    """A micrograph prepared for cutting boxes.

    Parameters
    ----------
    image : (h, w) float32 array
        Low-passed micrograph with bright particles, a flat background of zero median, and unit
        robust deviation.
    frame : Frame
        Relation of the pixels of `image` to those of the micrograph.
    box_px : float
        Side of a box in unbinned pixels.
    side : int
        Side of a cut box in pixels.
    """

    image: Image
    frame: Frame
    box_px: float
    side: int = BOX_SIDE

    def cut(self, centers_yx: ArrayLike) -> Image:
        """Cut the box around each centre.

        Parameters
        ----------
        centers_yx : (n, 2) array
            Centres ``(y, x)`` in unbinned pixels, also near or beyond the edge of the micrograph.

        Returns
        -------
        (n, side, side) float32 array
            Boxes, interpolated linearly; a centre lies at ``(side − 1) / 2`` of its box. Pixels
            beyond the edge of the micrograph have the mean of the micrograph.
        """
        centers = np.asarray(centers_yx, float).reshape(-1, 2)
        boxes = np.empty((len(centers), self.side, self.side), np.float32)
        for start in range(0, len(centers), _BATCH):
            batch = slice(start, start + _BATCH)
            boxes[batch] = _interpolate(self._framed, self._places(centers[batch]))
        return boxes

    @cached_property
    def _framed(self) -> Image:
        """The image in a frame of its mean, one pixel wide."""
        return np.pad(self.image, 1, constant_values=self.image.mean())

    def _places(self, centers: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return rows and columns ``(2, n, side)`` of the pixels of boxes in the framed image."""
        offsets = (np.arange(self.side) - (self.side - 1) / 2) * (self.box_px / self.side)
        places = self.frame.to_network(centers[:, None] + offsets[:, None])
        limits = np.array(self.image.shape)
        return np.moveaxis(np.clip(places, -1, limits) + 1, -1, 0)


def prepare_boxes(
    pixels: NDArray[np.generic],
    diameter_px: float,
    polarity: Polarity,
    side: int = BOX_SIDE,
    lowpass_px: float | None = None,
) -> BoxSource:
    """Prepare a micrograph for cutting boxes of 1.5 particle diameters.

    Parameters
    ----------
    pixels : (ny, nx) real array
        Pixels of the micrograph, of any dtype and range.
    diameter_px : float
        Particle diameter in unbinned pixels.
    polarity : {'dark', 'bright'}
        Whether particles are darker or brighter than their background in the micrograph. They are
        bright in the boxes, as in class averages of other programs.
    side : int
        Side of a cut box in pixels.
    lowpass_px : float, optional
        Resolution of the Gaussian low-pass filter in unbinned pixels, at which its amplitude is
        one half; by default an eighth of the particle diameter.

    Returns
    -------
    BoxSource

    Raises
    ------
    ValueError
        If a particle does not fit into the micrograph, or is smaller than 4 pixels.
    """
    # A micrograph coarser than the boxes is not enlarged as a whole; each box is.
    particle_px = min(side / BOX_DIAMETERS, diameter_px)
    view = preprocess(pixels, diameter_px, particle_px, polarity)
    resolution_px = _LOWPASS_DIAMETERS * diameter_px if lowpass_px is None else lowpass_px
    image = lowpass(view.image, resolution_px / view.frame.scale_yx)
    return BoxSource(standardise(image, view.valid), view.frame, BOX_DIAMETERS * diameter_px, side)


def grey_levels(boxes: Image) -> NDArray[np.uint8]:
    """Return boxes ``(n, side, side)`` as grey levels, with the same contrast for all boxes.

    The levels 0 to 255 stand for −3 to 5 deviations of the micrograph.
    """
    grey = (boxes - np.float32(_BLACK)) * np.float32(255 / (_WHITE - _BLACK))
    return np.clip(np.round(grey), 0, 255).astype(np.uint8)


def _interpolate(image: Image, places: NDArray[np.float64]) -> Image:
    """Interpolate an image linearly on the grids of rows and columns ``(2, n, side)``."""
    limits = np.array(image.shape)[:, None, None] - 2
    first = np.clip(np.floor(places).astype(np.intp), 0, limits)
    y, x = (places - first).astype(np.float32)
    row, column = first
    row, y = row[:, :, None], y[:, :, None]
    column, x = column[:, None, :], x[:, None, :]
    upper = image[row, column] * (1 - x) + image[row, column + 1] * x
    lower = image[row + 1, column] * (1 - x) + image[row + 1, column + 1] * x
    return np.asarray(upper * (1 - y) + lower * y)
