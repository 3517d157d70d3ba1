"""The spectrum of the background, brought to that of the fields that a network was trained on.

Networks learn what noise looks like. Grain of another colour than that of their training fields
(structured ice seen through the transfer function, the envelope of a detector, a low-pass filter)
looks unlike any of it, however strong the particles are.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]
Mask = NDArray[np.bool_]

#: Side of the tiles whose spectra are taken, and half of it their distance, network pixels.
_TILE_PX = 64
#: Width of a ring of frequencies, cycles per network pixel.
_RING = 1 / 32
#: How many rings reach the corner of the frequency plane.
SPECTRUM_SIZE = 23
_AXIS_RINGS = 16
#: Rings in which particles have their power: periods of a half to three diameters of 11 pixels.
_PARTICLE_RINGS = slice(1, 7)
#: Least and greatest gain. A high one would lift what a filter or a camera has removed for good.
_LEAST_GAIN, _GREATEST_GAIN = 1 / 8, 4.0
#: A tile with a larger share of invalid pixels says nothing.
_MOST_INVALID = 0.25
_EPSILON = 1e-6


def measure_spectrum(image: Image, valid: Mask | None = None) -> NDArray[np.float32]:
    """Return the amplitude spectrum of the background, the same in all directions.

    Parameters
    ----------
    image : (h, w) float32 array
        A network image with its background flattened.
    valid : (h, w) bool array, optional
        Where there is a picture; tiles that are invalid in more than a quarter are left out.

    Returns
    -------
    (SPECTRUM_SIZE,) float32 array
        Root of the power in rings 1/32 cycle per network pixel wide.

    Notes
    -----
    The median over overlapping tiles of 64 × 64 pixels under a Hann window, so that crystals,
    carbon and edges, which few tiles show, do not count.
    """
    from scipy import fft

    tiles = _tiles(image)
    if valid is not None:
        covered = _tiles(valid.astype(np.float32)).mean(axis=(1, 2))
        usable = covered >= 1 - _MOST_INVALID
        tiles = tiles[usable] if usable.any() else tiles
    window = np.hanning(_TILE_PX + 2)[1:-1].astype(np.float32)
    tiles = (tiles - tiles.mean(axis=(1, 2), keepdims=True)) * window[:, None] * window
    power = np.abs(fft.rfft2(tiles)) ** 2
    rings = _rings((_TILE_PX, _TILE_PX)).astype(int).ravel()
    totals = np.stack(
        [np.bincount(rings, row, SPECTRUM_SIZE) for row in power.reshape(len(tiles), -1)]
    )
    counts = np.bincount(rings, minlength=SPECTRUM_SIZE)
    return np.sqrt(np.median(totals / counts, axis=0)).astype(np.float32)


def equalise(
    image: Image, reference: Sequence[float], valid: Mask | None = None
) -> tuple[Image, NDArray[np.float32]]:
    """Bring the spectrum of an image to a reference.

    Parameters
    ----------
    image : (h, w) float32 array
        A network image with its background flattened.
    reference : sequence of SPECTRUM_SIZE floats
        From `measure_spectrum`; its scale does not matter.
    valid : (h, w) bool array, optional
        As for `measure_spectrum`.

    Returns
    -------
    image : (h, w) float32 array
        Mean and scale are whatever comes out: normalise again.
    gain : (SPECTRUM_SIZE,) float32 array
        By which each ring of frequencies was multiplied.
    """
    from scipy import fft

    gain = spectrum_gain(measure_spectrum(image, valid), reference)
    margin = min(_TILE_PX, *image.shape)
    wanted = [fft.next_fast_len(side + 2 * margin, real=True) for side in image.shape]
    after = [length - side - margin for length, side in zip(wanted, image.shape, strict=True)]
    padded = np.pad(image, [(margin, amount) for amount in after], mode="symmetric")
    filtered = fft.rfft2(padded) * _gain_at(gain, padded.shape)
    inner = fft.irfft2(filtered, s=padded.shape)[margin : -after[0], margin : -after[1]]
    return np.asarray(inner, np.float32), gain


def is_unusual(gain: NDArray[np.float32]) -> bool:
    """Tell from the gain whether a spectrum was too unlike the reference to be evened out.

    So it is when half of the rings along the axes would have needed more or less than is allowed.
    """
    inner = gain[:_AXIS_RINGS]
    return bool(np.mean((inner <= _LEAST_GAIN) | (inner >= _GREATEST_GAIN)) >= 0.5)


def spectrum_gain(measured: NDArray[np.float32], reference: Sequence[float]) -> NDArray[np.float32]:
    """Return the gain ``(SPECTRUM_SIZE,)`` of each ring.

    Its median is 1 where particles have their power, before it is limited: so noise of finer grain
    can be damped as far as it must be, and what a filter has removed is not lifted much.
    """
    floor = _EPSILON * measured.max(initial=_EPSILON)
    ratio = np.asarray(reference, np.float32) / np.maximum(measured, floor)
    return np.asarray(
        np.clip(ratio / np.median(ratio[_PARTICLE_RINGS]), _LEAST_GAIN, _GREATEST_GAIN), np.float32
    )


def _gain_at(gain: NDArray[np.float32], shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Return the gain of each `rfft2` coefficient, interpolated between the middles of rings."""
    return np.interp(_rings(shape) - 0.5, np.arange(SPECTRUM_SIZE), gain).astype(np.float32)


def _tiles(image: Image) -> Image:
    """Cut overlapping square tiles ``(n, 64, 64)``; small images are mirrored outwards first."""
    missing = [max(0, _TILE_PX - side) for side in image.shape]
    padded = np.pad(image, [(0, amount) for amount in missing], mode="symmetric")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (_TILE_PX, _TILE_PX))
    rows, columns = (_starts(length) for length in windows.shape[:2])
    return np.asarray(windows[np.ix_(rows, columns)].reshape(-1, _TILE_PX, _TILE_PX))


def _starts(length: int) -> NDArray[np.intp]:
    """Return where tiles begin: half a tile apart, the last one at the end."""
    return np.unique([*range(0, length, _TILE_PX // 2), length - 1])


def _rings(shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return the frequency of each `rfft2` coefficient, in widths of a ring."""
    fy, fx = np.fft.fftfreq(shape[0]), np.fft.rfftfreq(shape[1])
    return np.asarray(np.hypot(fy[:, None], fx[None, :]) / _RING)
