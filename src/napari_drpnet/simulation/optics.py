"""Optics of the microscope: from projected potential to expected intensity.

Weak-phase imaging after Kirkland, *Advanced Computing in Electron Microscopy*, with signs as in
RELION's `ctf.h` (positive defocus is underfocus, particles are dark).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.images.power_spectrum import electron_wavelength, transfer_phase

Floats = NDArray[np.float64]

SPHERICAL_ABERRATION_MM = 2.7
#: Amplitude contrast of a specimen in ice, and in stain, which absorbs.
ICE_AMPLITUDE_CONTRAST, STAIN_AMPLITUDE_CONTRAST = 0.08, 0.4


def interaction_constant(voltage_kv: float) -> float:
    """Return the phase shift per projected potential in rad/(V·Å) (6.5e-4 at 300 kV)."""
    rest_energy_ev, energy_ev = 510_998.95, voltage_kv * 1e3
    ratio = (rest_energy_ev + energy_ev) / (2 * rest_energy_ev + energy_ev)
    return float(2 * np.pi / (electron_wavelength(voltage_kv) * energy_ev) * ratio)


def frequency_grid(shape: tuple[int, int], pixel_size_angstrom: float) -> Floats:
    """Return the squared spatial frequency of each `rfft2` coefficient in 1/Å²."""
    fy = np.fft.fftfreq(shape[0], pixel_size_angstrom)
    fx = np.fft.rfftfreq(shape[1], pixel_size_angstrom)
    return fy[:, None] ** 2 + fx[None, :] ** 2


def contrast_transfer(
    frequency_squared: Floats,
    *,
    defocus_angstrom: float,
    voltage_kv: float = 300.0,
    spherical_aberration_mm: float = SPHERICAL_ABERRATION_MM,
    amplitude_contrast: float = ICE_AMPLITUDE_CONTRAST,
    b_factor: float = 80.0,
) -> Floats:
    """Return the transfer of phase into relative intensity, including the envelope.

    At low frequency it is ``−2 · amplitude_contrast``, so that mass is dark.

    Parameters
    ----------
    frequency_squared : float array
        Squared spatial frequencies in 1/Å², for example from `frequency_grid`.
    defocus_angstrom : float
        Underfocus in Å.
    voltage_kv, spherical_aberration_mm, amplitude_contrast : float
        Acceleration voltage in kV, spherical aberration in mm, and amplitude contrast (0 to 1).
    b_factor : float
        B factor in Å² of the envelope ``exp(−B k² / 4)``.

    Returns
    -------
    float array
        Transfer in the shape of `frequency_squared`.
    """
    phase = transfer_phase(
        frequency_squared,
        defocus_angstrom=defocus_angstrom,
        voltage_kv=voltage_kv,
        spherical_aberration_mm=spherical_aberration_mm,
        amplitude_contrast=amplitude_contrast,
    )
    transfer = np.sin(phase)
    return np.asarray(-2 * transfer * np.exp(-b_factor * frequency_squared / 4))


@dataclass(frozen=True, eq=False)
class Beam:
    """A round beam; a very wide one has a straight edge in the frame.

    Parameters
    ----------
    center_yx : (2,) float array
        Centre ``(y, x)`` in pixels, which may lie outside the frame.
    radius_px : float
        Radius in pixels.
    edge_px : float
        Width in pixels over which the intensity falls off.
    """

    center_yx: Floats
    radius_px: float
    edge_px: float

    def depth_at(self, positions_yx: Floats) -> Floats:
        """Return the distance in pixels of positions ``(..., 2)`` from the edge; negative outside.

        Parameters
        ----------
        positions_yx : (..., 2) float array
            Positions ``(y, x)`` in pixels.
        """
        away = np.asarray(positions_yx) - self.center_yx
        return np.asarray(self.radius_px - np.hypot(away[..., 0], away[..., 1]))

    def intensity(self, shape: tuple[int, int]) -> Floats:
        """Return the relative intensity at each pixel of a frame; it is 0.005 beyond the edge."""
        y, x = np.ogrid[: shape[0], : shape[1]]
        depth = self.radius_px - np.hypot(y - self.center_yx[0], x - self.center_yx[1])
        return np.asarray(0.005 + 0.995 * np.clip(depth / self.edge_px + 0.5, 0, 1))


def beam_with_edge(shape: tuple[int, int], dark_share: float, rng: np.random.Generator) -> Beam:
    """Draw a random beam that leaves a given share of the frame dark."""
    side, angle = float(max(shape)), rng.uniform(0, 2 * np.pi)
    offset = side * (1000.0 if rng.random() < 0.3 else rng.uniform(0.1, 1.5))
    center = np.array(shape) / 2 + offset * np.array([np.sin(angle), np.cos(angle)])
    step = max(1, min(shape) // 256)
    y, x = np.ogrid[: shape[0] : step, : shape[1] : step]
    radius = np.quantile(np.hypot(y - center[0], x - center[1]), 1 - dark_share)
    return Beam(center, float(radius), float(rng.uniform(2, 6)))


def filtered(image: Floats, defocused: Callable[[Floats], Floats], pixel: float) -> Floats:
    """Apply a transfer function to an image that is mirrored at its edges.

    Parameters
    ----------
    image : (h, w) float array
        Projected phase.
    defocused : callable
        Function from the squared frequency in 1/Å² of each coefficient to the transfer.
    pixel : float
        Pixel size in Å.

    Returns
    -------
    (h, w) float array
    """
    from scipy import fft

    margin = 48
    padded = np.pad(image, margin, mode="symmetric")
    transfer = defocused(frequency_grid(padded.shape, pixel))
    imaged = fft.irfft2(fft.rfft2(padded) * transfer, s=padded.shape)
    return np.asarray(imaged[margin:-margin, margin:-margin])


def smooth_noise(shape: tuple[int, int], correlation_px: float, rng: np.random.Generator) -> Floats:
    """Return Gaussian noise ``(ny, nx)`` of unit variance with a given correlation length."""
    from scipy import ndimage

    step = max(1, int(correlation_px / 4))
    coarse = tuple(side // step + 4 for side in shape)
    noise = ndimage.gaussian_filter(rng.normal(size=coarse), correlation_px / step, mode="wrap")
    noise /= noise.std() + 1e-12
    if step == 1:
        return np.asarray(noise[: shape[0], : shape[1]])
    zoomed = ndimage.zoom(noise, step, order=1)
    return np.asarray(zoomed[: shape[0], : shape[1]])
