"""The valid area of a micrograph: no black edges, borders, dead rows or blank patches."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.geometry import Frame, nearest_pixels

Image = NDArray[np.float32]
Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]

#: Blocks per particle diameter, and their least side in unbinned pixels.
_BLOCKS_PER_DIAMETER, _LEAST_BLOCK_PX = 8, 4
#: A block is blank if its deviation is below this fraction of the median over blocks, and its mean
#: is farther than this many robust deviations from the median over blocks.
_LEAST_DEVIATION, _UNUSUAL = 0.2, 5.0
#: Least width of a blank area in particle diameters. A smaller one is image detail.
_LEAST_AREA_DIAMETERS = 0.5
#: A row or column is a gain bar if both quartiles of its pixels deviate from those of the lines
#: around it: by this multiple of the median deviation, by this fraction of the interquartile
#: range, and with at least this ratio of the smaller to the larger deviation.
_BAR_DEVIATIONS, _BAR_CONTRAST, _BAR_EVENNESS = 8.0, 0.4, 0.5
#: Number of lines in the running median, width of the widest bar, and sampled pixels per line.
_AROUND, _WIDEST_BAR, _LINE_SAMPLES = 129, 48, 128
#: Least number of pixels sampled per block.
_BLOCK_SAMPLES = 25
#: If a larger share is blank, the blank area is taken for the background, as in a drawing or mask.
_MOST_INVALID = 0.85


@dataclass(frozen=True, eq=False)
class ValidArea:
    """The valid area of a micrograph.

    Parameters
    ----------
    blocks : (m, n) bool array
        Mask of valid blocks, which cover the micrograph edge to edge.
    lines : tuple of (ny,) and (nx,) bool array
        Masks of valid rows and columns.
    shape : tuple of int
        Shape ``(ny, nx)`` of the micrograph in unbinned pixels.
    """

    blocks: Mask
    lines: tuple[Mask, Mask]
    shape: tuple[int, int]

    @property
    def share(self) -> float:
        """Share of the micrograph that is valid."""
        rows, columns = (lines.mean() for lines in self.lines)
        return float(self.blocks.mean() * rows * columns)

    @property
    def complete(self) -> bool:
        """Whether the whole micrograph is valid."""
        return bool(self.blocks.all() and self.lines[0].all() and self.lines[1].all())

    @cached_property
    def pixels(self) -> Mask:
        """Mask of valid pixels ``(ny, nx)``."""
        rows, columns = (
            np.arange(side) * count // side
            for side, count in zip(self.shape, self.blocks.shape, strict=True)
        )
        valid = self.blocks[np.ix_(rows, columns)]
        return np.asarray(valid & self.lines[0][:, None] & self.lines[1])

    def at(self, frame: Frame) -> Mask:
        """Return the mask ``(h, w)`` of network pixels that lie completely in the valid area."""
        edges = [
            np.linspace(0, side, count + 1).round().astype(int)
            for side, count in zip(frame.full_shape, frame.network_shape, strict=True)
        ]
        invalid = (~self.pixels).astype(np.int32).cumsum(axis=0).cumsum(axis=1)
        total = np.pad(invalid, ((1, 0), (1, 0)))
        low, high = ([edge[part] for edge in edges] for part in (slice(-1), slice(1, None)))
        counts = (
            total[np.ix_(high[0], high[1])]
            - total[np.ix_(low[0], high[1])]
            - total[np.ix_(high[0], low[1])]
            + total[np.ix_(low[0], low[1])]
        )
        return np.asarray(counts <= 0)


def find_valid_area(pixels: NDArray[np.generic], diameter_px: float) -> ValidArea:
    """Find the valid area of a micrograph.

    Constant areas, dark areas beyond the beam and bars of another gain are invalid.

    Parameters
    ----------
    pixels : (ny, nx) real array
        Pixels of the micrograph, of any dtype and range.
    diameter_px : float
        Particle diameter in unbinned pixels. Blank areas narrower than half of it are ignored.

    Returns
    -------
    ValidArea
        Valid area. It is the whole micrograph if more than 85 % would be invalid, because the
        blank area then is the background.

    Notes
    -----
    A block of pixels is blank if all are equal, or if their deviation is below a fifth of the
    median over blocks while their mean is unusual. A fifth of the deviation is the shot noise of
    4 % of the beam; ice crystals and carbon transmit more.
    """
    shape = (pixels.shape[0], pixels.shape[1])
    blank = _blank_blocks(pixels, diameter_px)
    lines = (_lines(pixels, 0, blank.mean(axis=1)), _lines(pixels, 1, blank.mean(axis=0)))
    area = ValidArea(~blank, lines, shape)
    return area if area.share >= 1 - _MOST_INVALID else _complete(shape)


def _complete(shape: tuple[int, int]) -> ValidArea:
    return ValidArea(
        np.ones((1, 1), bool), (np.ones(shape[0], bool), np.ones(shape[1], bool)), shape
    )


def fill_invalid(pixels: NDArray[np.generic], area: ValidArea) -> NDArray[np.generic]:
    """Replace invalid pixels of a micrograph by the median of the valid ones."""
    if area.complete:
        return pixels
    valid = area.pixels
    step = max(1, int(np.sqrt(pixels.size / 65536)))
    sample = np.asarray(pixels[::step, ::step], np.float32)[valid[::step, ::step]]
    median = np.float32(np.median(sample)) if sample.size else np.float32(0)
    return np.asarray(np.where(valid, np.asarray(pixels, np.float32), median))


def is_clear(
    valid: Mask, centers_yx: Floats, distance: float, scale_yx: Floats | None = None
) -> Mask:
    """Return which positions are farther than a given distance from invalid pixels.

    Parameters
    ----------
    valid : (h, w) bool array
        Mask of the valid area.
    centers_yx : (n, 2) float array
        Positions ``(y, x)`` in pixels of `valid`.
    distance : float
        Distance in the units of `scale_yx`.
    scale_yx : (2,) float array, optional
        Height and width of a pixel of `valid`; 1 by default.

    Returns
    -------
    (n,) bool array
    """
    from scipy.ndimage import distance_transform_edt

    clearance = distance_transform_edt(valid, sampling=scale_yx)
    return np.asarray(clearance[nearest_pixels(valid.shape, centers_yx)] > distance)


def _blank_blocks(pixels: NDArray[np.generic], diameter_px: float) -> Mask:
    from scipy import ndimage

    side = max(_LEAST_BLOCK_PX, diameter_px / _BLOCKS_PER_DIAMETER)
    counts = tuple(max(1, int(length / side)) for length in pixels.shape)
    mean, deviation, constant = _block_statistics(pixels, (counts[0], counts[1]))
    if constant.all():
        return np.asarray(constant)
    usual, middle = np.median(deviation[~constant]), np.median(mean[~constant])
    spread = 1.4826 * np.median(np.abs(mean[~constant] - middle))
    quiet = (deviation < _LEAST_DEVIATION * usual) & (np.abs(mean - middle) > _UNUSUAL * spread)
    blank = constant | quiet
    if not blank.any():
        return np.asarray(blank)
    blank = ndimage.binary_closing(np.pad(blank, 1, mode="edge"))[1:-1, 1:-1] | blank
    return _wide_areas(blank, _LEAST_AREA_DIAMETERS * diameter_px / side)


def _wide_areas(blank: Mask, width: float) -> Mask:
    """Keep connected areas at least `width` blocks wide; those at an edge extend beyond it."""
    from scipy import ndimage

    margin = int(width) + 1
    padded = np.pad(blank, margin, mode="edge")
    depth = ndimage.distance_transform_edt(padded)
    labels, _ = ndimage.label(padded)
    wide = np.unique(labels[depth >= width / 2])
    # Grow by one block, because blocks at the edge of an area are partly blank.
    kept = ndimage.binary_dilation(np.isin(labels, wide[wide > 0]))
    return np.asarray(kept[margin:-margin, margin:-margin])


def _block_statistics(
    pixels: NDArray[np.generic], counts: tuple[int, int]
) -> tuple[Floats, Floats, Mask]:
    """Return the mean and deviation of each block, and whether it is constant."""
    from napari_drpnet.images.block_loops import sum_blocks

    edges = [
        np.arange(count + 1) * length // count
        for count, length in zip(counts, pixels.shape, strict=True)
    ]
    if pixels.dtype == np.float16 or not pixels.dtype.isnative:
        pixels = np.asarray(pixels, np.float32)
    stride = max(1, int(np.sqrt(pixels.size / counts[0] / counts[1] / _BLOCK_SAMPLES)))
    size, total, squares, low, high = sum_blocks(pixels, edges[0], edges[1], stride)
    mean = total / size
    return mean, np.sqrt(np.maximum(squares / size - mean**2, 0)), low == high


def _lines(pixels: NDArray[np.generic], axis: int, invalid: Floats) -> Mask:
    """Return which rows (axis 0) or columns (axis 1) are neither constant nor a bar of other gain.

    Lines that are blank for more than half of their length, as given by `invalid`, pass. Their
    blank blocks are invalid anyway.
    """
    from scipy.ndimage import median_filter

    step = max(1, pixels.shape[1 - axis] // _LINE_SAMPLES)
    sample = np.asarray(pixels[:, ::step] if axis == 0 else pixels[::step].T, np.float32)
    dead = sample.min(axis=1) == sample.max(axis=1)
    # A row of particles shifts one of the quartiles; a bar shifts both.
    quartiles = np.percentile(sample, [25, 75], axis=1)
    off = quartiles - median_filter(quartiles, (1, _AROUND), mode="nearest")
    least, most = np.abs(off).min(axis=0), np.abs(off).max(axis=0)
    both = (off[0] * off[1] > 0) & (least > _BAR_EVENNESS * most)
    known = invalid[np.arange(len(dead)) * len(invalid) // len(dead)] > 0.5
    live = ~(known | dead)
    if not live.any():
        return np.ones(len(dead), bool)
    usual = np.median((quartiles[1] - quartiles[0])[live])
    far = least > max(_BAR_DEVIATIONS * np.median(least[live]), _BAR_CONTRAST * usual)
    return np.asarray(~(_narrow(both & far & live) | (dead & ~known)))


def _narrow(flags: Mask) -> Mask:
    """Keep runs of at most `_WIDEST_BAR` lines; blocks find wider areas."""
    from scipy.ndimage import label

    runs, count = label(flags)
    widths = np.bincount(runs, minlength=count + 1)
    return np.asarray(flags & (widths[runs] <= _WIDEST_BAR))
