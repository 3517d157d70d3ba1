"""Power spectrum of a micrograph, and the rings at which the transfer function is zero."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.images.micrograph import Micrograph

Floats = NDArray[np.float64]

#: Side of the tiles whose spectra are averaged, and their distance, as shares of that.
_TILE_PX = 512
_STEP = 0.5
#: Width of the smoothing of the radial profile, as a share of the Nyquist frequency.
_SMOOTHING = 0.04
_SAMPLES = 20_000


@dataclass(frozen=True, eq=False)
class PowerSpectrum:
    """Power spectrum of a micrograph, with the background removed.

    Parameters
    ----------
    image : (n, n) float32 array
        Natural logarithm of the power relative to the smooth radial background. Frequency 0 is at
        ``(n // 2, n // 2)``, and frequencies ``(y, x)`` grow by ``1 / n`` cycles per pixel.
    profile : (n // 2,) float64 array
        Mean of `image` over the ring of each radius, from frequency 0.
    """

    image: NDArray[np.float32]
    profile: Floats

    def frequencies(self, pixel_size_angstrom: float) -> Floats:
        """Return the frequencies of the profile in 1/Å, ``(n // 2,)``."""
        return np.arange(len(self.profile)) / (len(self.image) * pixel_size_angstrom)


def measure_power(micrograph: Micrograph) -> PowerSpectrum:
    """Measure the power spectrum of a micrograph.

    Parameters
    ----------
    micrograph : Micrograph
        Micrograph to measure.

    Returns
    -------
    PowerSpectrum
        Mean power of overlapping square tiles under a Hann window. Tiles are 512 pixels wide, and
        smaller only in a smaller micrograph.
    """
    pixels = micrograph.pixels
    side = min(_TILE_PX, *pixels.shape) // 2 * 2
    window = np.hanning(side + 1)[:-1]
    step = max(1, int(_STEP * side))
    power, count = np.zeros((side, side // 2 + 1)), 0
    for top in range(0, pixels.shape[0] - side + 1, step):
        for left in range(0, pixels.shape[1] - side + 1, step):
            tile = np.asarray(pixels[top : top + side, left : left + side], np.float32)
            tile = (tile - tile.mean()) * np.float32(window[:, None] * window)
            power += np.abs(np.fft.rfft2(tile)) ** 2
            count += 1
    return _without_background(np.log(power / count + np.finfo(float).tiny))


def _without_background(half: Floats) -> PowerSpectrum:
    """Centre a half spectrum ``(n, n // 2 + 1)``, and subtract its smooth radial background."""
    from scipy.ndimage import gaussian_filter1d

    side = len(half)
    whole = np.empty((side, side))
    whole[:, : side // 2 + 1] = half
    # The spectrum of real pixels is the same at opposite frequencies.
    opposite = -np.arange(side) % side
    whole[:, side // 2 + 1 :] = half[opposite][:, 1 : (side + 1) // 2][:, ::-1]
    whole = np.fft.fftshift(whole)
    place = np.arange(side) - side // 2
    radius = np.hypot(place[:, None], place)
    ring = np.rint(radius).astype(int)
    profile = np.bincount(ring.ravel(), whole.ravel()) / np.bincount(ring.ravel())
    smooth = gaussian_filter1d(profile, _SMOOTHING * side / 2, mode="nearest")
    image = whole - np.interp(radius, np.arange(len(smooth)), smooth)
    return PowerSpectrum(image.astype(np.float32), (profile - smooth)[: side // 2])


def electron_wavelength(voltage_kv: float) -> float:
    """Return the relativistic wavelength of electrons in Å (0.0197 at 300 kV)."""
    volt = voltage_kv * 1e3
    return float(12.2643247 / np.sqrt(volt * (1 + volt * 0.978466e-6)))


def transfer_phase(
    frequency_squared: Floats,
    *,
    defocus_angstrom: float,
    voltage_kv: float,
    spherical_aberration_mm: float,
    amplitude_contrast: float,
) -> Floats:
    """Return the phase whose sine is the contrast transfer function, without sign and envelope.

    Parameters
    ----------
    frequency_squared : float array
        Squared spatial frequencies in 1/Å².
    defocus_angstrom : float
        Underfocus in Å.
    voltage_kv, spherical_aberration_mm, amplitude_contrast : float
        Acceleration voltage in kV, spherical aberration in mm, and amplitude contrast (0 to 1).

    Returns
    -------
    float array
        Phase in radians in the shape of `frequency_squared`.
    """
    wavelength = electron_wavelength(voltage_kv)
    bending = 0.5 * spherical_aberration_mm * 1e7 * wavelength**2 * frequency_squared
    phase = np.pi * wavelength * frequency_squared * (defocus_angstrom - bending)
    return np.asarray(phase + np.arcsin(amplitude_contrast))


def transfer_zeros(
    highest: float,
    *,
    defocus_angstrom: float,
    voltage_kv: float = 300.0,
    spherical_aberration_mm: float = 2.7,
    amplitude_contrast: float = 0.1,
) -> Floats:
    """Return the frequencies at which the contrast transfer function is zero.

    The Thon rings in the power spectrum are bright between them.

    Parameters
    ----------
    highest : float
        Highest frequency in 1/Å.
    defocus_angstrom, voltage_kv, spherical_aberration_mm, amplitude_contrast : float
        See `transfer_phase`.

    Returns
    -------
    (k,) float64 array
        Frequencies in 1/Å, ascending.
    """
    squared = np.linspace(0, highest**2, _SAMPLES)
    sine = np.sin(
        transfer_phase(
            squared,
            defocus_angstrom=defocus_angstrom,
            voltage_kv=voltage_kv,
            spherical_aberration_mm=spherical_aberration_mm,
            amplitude_contrast=amplitude_contrast,
        )
    )
    before = np.flatnonzero(sine[:-1] * sine[1:] < 0)
    share = sine[before] / (sine[before] - sine[before + 1])
    return np.asarray(np.sqrt(squared[before] + share * (squared[before + 1] - squared[before])))
