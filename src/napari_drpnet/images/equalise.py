"""Equalisation of the background spectrum to that of the training images of a network.

A network learns the appearance of the noise in its training images. Noise with another spectrum
(structured ice seen through the transfer function, the envelope of a detector, a low-pass filter)
looks unfamiliar to it, however strong the particles are.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]
Mask = NDArray[np.bool_]

#: Side of the tiles whose spectra are measured, in network pixels. They overlap by half of it.
_TILE_PX = 64
#: Width of a ring of frequencies, in cycles per network pixel.
_RING = 1 / 32
#: Number of rings from frequency 0 to the corner of the frequency plane.
SPECTRUM_SIZE = 23
_AXIS_RINGS = 16
#: Rings with most of the power of particles: periods of a half to three diameters of 11 pixels.
_PARTICLE_RINGS = slice(1, 7)
#: Least and greatest gain. A higher one would amplify what a filter or a camera has removed.
_LEAST_GAIN, _GREATEST_GAIN = 1 / 8, 4.0
#: Greatest share of invalid pixels in a tile that is measured.
_MOST_INVALID = 0.25
_EPSILON = 1e-6


def measure_spectrum(image: Image, valid: Mask | None = None) -> NDArray[np.float32]:
    """Measure the rotationally averaged amplitude spectrum of the background.

    Parameters
    ----------
    image : (h, w) float32 array
        Network image with a flattened background.
    valid : (h, w) bool array, optional
        Mask of the valid area. Tiles with more than a quarter of invalid pixels are left out.

    Returns
    -------
    (SPECTRUM_SIZE,) float32 array
        Square root of the power in rings 1/32 cycle per network pixel wide.

    Notes
    -----
    The power is the median over overlapping tiles of 64 × 64 pixels under a Hann window. Features
    in few tiles, such as crystals, carbon and edges, therefore have little influence.
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
    """Filter an image so that the spectrum of its background matches a reference.

    Parameters
    ----------
    image : (h, w) float32 array
        Network image with a flattened background.
    reference : sequence of SPECTRUM_SIZE floats
        Reference spectrum from `measure_spectrum`; its scale does not matter.
    valid : (h, w) bool array, optional
        Mask of the valid area, as for `measure_spectrum`.

    Returns
    -------
    image : (h, w) float32 array
        Filtered image. Its mean and scale have changed, so normalise it again.
    gain : (SPECTRUM_SIZE,) float32 array
        Gain that was applied to each ring of frequencies.
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
    """Return whether a spectrum differed too much from the reference to be equalised.

    This is the case if the gain is at a limit in at least half of the rings below the Nyquist
    frequency of the axes.
    """
    inner = gain[:_AXIS_RINGS]
    return bool(np.mean((inner <= _LEAST_GAIN) | (inner >= _GREATEST_GAIN)) >= 0.5)


def spectrum_gain(measured: NDArray[np.float32], reference: Sequence[float]) -> NDArray[np.float32]:
    """Return the gain ``(SPECTRUM_SIZE,)`` that brings a spectrum to a reference.

    The gain is scaled to a median of 1 in the rings with most of the power of particles, then
    limited. High-frequency noise can thus be damped strongly, while frequencies removed by a
    filter are amplified only a little.
    """
    floor = _EPSILON * measured.max(initial=_EPSILON)
    ratio = np.asarray(reference, np.float32) / np.maximum(measured, floor)
    return np.asarray(
        np.clip(ratio / np.median(ratio[_PARTICLE_RINGS]), _LEAST_GAIN, _GREATEST_GAIN), np.float32
    )


def _gain_at(gain: NDArray[np.float32], shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Return the gain of each `rfft2` coefficient, interpolated between the centres of rings."""
    return np.interp(_rings(shape) - 0.5, np.arange(SPECTRUM_SIZE), gain).astype(np.float32)


def _tiles(image: Image) -> Image:
    """Cut an image into overlapping tiles ``(n, 64, 64)``; mirror a smaller image at its edges."""
    missing = [max(0, _TILE_PX - side) for side in image.shape]
    padded = np.pad(image, [(0, amount) for amount in missing], mode="symmetric")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (_TILE_PX, _TILE_PX))
    rows, columns = (_starts(length) for length in windows.shape[:2])
    return np.asarray(windows[np.ix_(rows, columns)].reshape(-1, _TILE_PX, _TILE_PX))


def _starts(length: int) -> NDArray[np.intp]:
    """Return the first pixels of tiles, half a tile apart and with one at the last position."""
    return np.unique([*range(0, length, _TILE_PX // 2), length - 1])


def _rings(shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return the frequency of each `rfft2` coefficient in units of the ring width."""
    fy, fx = np.fft.fftfreq(shape[0]), np.fft.rfftfreq(shape[1])
    return np.asarray(np.hypot(fy[:, None], fx[None, :]) / _RING)
