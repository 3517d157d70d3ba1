"""Noise with a given spectrum, scaled to a given detectability of the particles."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_drpnet.base.geometry import nearest_pixels
from napari_drpnet.simulation.optics import frequency_grid

Floats = NDArray[np.float64]
#: Power of noise at spatial frequencies in cycles per pixel.
Spectrum = Callable[[Floats], Floats]

#: Phase at frequency 0 of the transfer function of ice.
_AMPLITUDE_CONTRAST = 0.08
#: Side in particle diameters of the window in which the matched template is averaged.
_TEMPLATE_DIAMETERS = 1.5


def white(frequency: Floats) -> Floats:
    """Return the power of white noise, which is 1 at every frequency."""
    return np.ones_like(frequency)


def random_spectrum(diameter_px: float, rng: np.random.Generator) -> Spectrum:
    """Draw a random spectrum like that of the background of micrographs.

    Parameters
    ----------
    diameter_px : float
        Particle diameter in pixels, to which the corner frequencies are relative.
    rng : numpy.random.Generator
        Random generator.

    Returns
    -------
    callable
        Function from frequency in cycles per pixel to power. The power falls off beyond 2.5 to 16
        cycles per diameter and has a white floor. Half of the spectra are damped below 0.3 to 1.3
        cycles per diameter. The others are those of structured ice: the square of a transfer
        function with its first maximum at 1 to 6 cycles per diameter.
    """
    upper = np.exp(rng.uniform(np.log(2.5), np.log(16))) / diameter_px
    lower = np.exp(rng.uniform(np.log(0.3), np.log(1.3))) / diameter_px
    floor, damping = 10 ** rng.uniform(-3, -0.5), rng.uniform(0, 1)
    first_maximum = np.exp(rng.uniform(np.log(1), np.log(6))) / diameter_px
    structured = rng.random() < 0.5

    def power(frequency: Floats) -> Floats:
        envelope = np.exp(-((frequency / upper) ** 2))
        if structured:
            passed = np.sin(np.pi / 2 * (frequency / first_maximum) ** 2 + _AMPLITUDE_CONTRAST) ** 2
        else:
            passed = 1 - damping * np.exp(-((frequency / lower) ** 2))
        return np.asarray(envelope * passed + floor)

    return power


def coloured_noise(shape: tuple[int, int], spectrum: Spectrum, rng: np.random.Generator) -> Floats:
    """Return Gaussian noise ``(ny, nx)`` with a given spectrum, zero mean and unit variance."""
    from scipy import fft

    noise = fft.rfft2(rng.normal(size=shape))
    noise *= np.sqrt(spectrum(np.sqrt(frequency_grid(shape, 1.0))))
    noise[0, 0] = 0
    coloured = fft.irfft2(noise, s=shape)
    return np.asarray(coloured / coloured.std())


def add_noise(
    pixels: ArrayLike,
    centers_yx: ArrayLike,
    diameter_px: float,
    detectability: float,
    spectrum: Spectrum,
    rng: np.random.Generator,
) -> Floats:
    """Add noise to a micrograph until its particles have a given detectability.

    Parameters
    ----------
    pixels : (ny, nx) array
        Pixels of the micrograph.
    centers_yx : (n, 2) array
        True centres ``(y, x)`` in pixels.
    diameter_px : float
        Particle diameter in pixels.
    detectability : float
        Target d', see `measure_detectability`. If that of the micrograph is not higher, no noise
        is added.
    spectrum : callable
        Power of the noise as a function of frequency in cycles per pixel.
    rng : numpy.random.Generator
        Random generator.

    Returns
    -------
    (ny, nx) float64 array
        Micrograph with noise.
    """
    image = np.asarray(pixels, float)
    noise = coloured_noise((image.shape[0], image.shape[1]), spectrum, rng)
    template = _template(image, centers_yx, diameter_px)
    signal, present = _respond(image, template, centers_yx)
    _, added = _respond(noise, template, centers_yx)
    missing = (signal / detectability) ** 2 - present**2
    return np.asarray(image + noise * np.sqrt(max(missing, 0)) / added)


def measure_detectability(pixels: ArrayLike, centers_yx: ArrayLike, diameter_px: float) -> float:
    """Measure the detectability d' of particles against their background by template matching.

    Parameters
    ----------
    pixels : (ny, nx) array
        Pixels of the micrograph.
    centers_yx : (n, 2) array
        True centres ``(y, x)`` in pixels.
    diameter_px : float
        Particle diameter in pixels.

    Returns
    -------
    float
        Mean response at the centres above the median response, divided by the robust deviation of
        the response. The template is the mean radial profile of the particles, minus its mean.
        0 without particles.
    """
    image = np.asarray(pixels, float)
    signal, deviation = _respond(image, _template(image, centers_yx, diameter_px), centers_yx)
    return signal / deviation if deviation > 0 else 0.0


def _template(image: Floats, centers_yx: ArrayLike, diameter_px: float) -> Floats:
    """Return the mean radial profile around the centres as a square image of zero mean."""
    reach = int(np.ceil(_TEMPLATE_DIAMETERS * diameter_px / 2))
    nearest = np.round(np.asarray(centers_yx, float).reshape(-1, 2)).astype(int)
    inside = np.all((nearest >= reach) & (nearest < np.array(image.shape) - reach), axis=1)
    side = np.arange(-reach, reach + 1)
    radius = np.round(np.hypot(side[:, None], side[None, :])).astype(int)
    if not inside.any():
        return np.zeros(radius.shape)
    windows = [
        image[y - reach : y + reach + 1, x - reach : x + reach + 1] for y, x in nearest[inside]
    ]
    mean = np.mean(windows, axis=0)
    profile = np.bincount(radius.ravel(), mean.ravel()) / np.bincount(radius.ravel())
    template = np.where(radius <= reach, profile[radius] - profile[reach], 0.0)
    return np.asarray(template - template.mean())


def _respond(image: Floats, template: Floats, centers_yx: ArrayLike) -> tuple[float, float]:
    """Return the mean response at the centres and the robust deviation of all responses."""
    from scipy.signal import fftconvolve

    response = fftconvolve(image - image.mean(), template, mode="same")
    places = nearest_pixels(image.shape, centers_yx)
    median = np.median(response)
    deviation = 1.4826 * np.median(np.abs(response - median))
    signal = response[places].mean() - median if len(places[0]) else 0.0
    return float(signal), float(deviation)
