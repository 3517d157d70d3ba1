"""Fourier shell correlation of half maps, and the resolution that it gives."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.images.mrc_files import decode_volume

Floats = NDArray[np.float64]

THRESHOLD = 0.143
UNFILTERED = "_unfil.mrc"
#: Greatest relative difference of pixel sizes that are considered equal.
_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Resolution:
    """Resolution at which a Fourier shell correlation falls below 0.143.

    Parameters
    ----------
    angstrom : float
        Resolution of the last shell before the first one below 0.143, in Å, as RELION states it.
    interpolated : float
        Resolution at which a straight line between these two shells crosses 0.143, in Å.
    at_nyquist : bool
        Whether no shell is below 0.143, so that the resolution is that of two pixels or better.
    rises_again : bool
        Whether a later shell is at 0.143 or above.
    """

    angstrom: float
    interpolated: float
    at_nyquist: bool
    rises_again: bool


def fourier_shell_correlation(first: NDArray[np.floating], second: NDArray[np.floating]) -> Floats:
    """Return the Fourier shell correlation of two maps.

    Parameters
    ----------
    first, second : (n, n, n) float array
        Density of the maps.

    Returns
    -------
    (n // 2 + 1,) float array
        Correlation in the shells around 0, 1, 2, … periods per box; 0 where a map is empty.

    Raises
    ------
    ValueError
        If the maps are not cubes of the same size.

    Notes
    -----
    As in RELION, the terms of the half transform are summed, so that those with kx = 0 count
    twice as much as others.
    """
    side = len(first)
    if first.shape != (side, side, side) or second.shape != first.shape:
        raise ValueError(f"maps of {first.shape} and {second.shape} are not two equal cubes")
    shell = _shells(side).ravel()
    one, two = (_transform(density) for density in (first, second))

    def sums(values: NDArray[np.floating]) -> Floats:
        total = np.asarray(np.bincount(shell, values.ravel()), float)
        return total[: side // 2 + 1]

    product = sums((one * two.conj()).real)
    power = np.sqrt(sums(np.abs(one) ** 2) * sums(np.abs(two) ** 2))
    return np.divide(product, power, out=np.zeros_like(product), where=power > 0)


def _transform(density: NDArray[np.floating]) -> NDArray[np.complexfloating]:
    """Return the Fourier transform of a map that is scaled to 1, so that no square overflows."""
    from scipy.fft import rfftn

    scale = np.abs(density).max() or 1
    return np.asarray(rfftn((density / scale).astype(np.float32, copy=False)))


def _shells(side: int) -> NDArray[np.intp]:
    """Return the shell of each term of a real Fourier transform."""
    frequency = np.fft.fftfreq(side, 1 / side)
    half = np.arange(side // 2 + 1)
    squares = frequency[:, None, None] ** 2 + frequency[None, :, None] ** 2 + half**2
    return np.asarray(np.round(np.sqrt(squares)), np.intp)


def find_resolution(frequency: Floats, correlation: Floats) -> Resolution | None:
    """Return the resolution at which a Fourier shell correlation falls below 0.143.

    Parameters
    ----------
    frequency : (n,) float array
        Spatial frequency of each shell in 1/Å, ascending from 0.
    correlation : (n,) float array
        Correlation of each shell.

    Returns
    -------
    Resolution or None
        None if the first shell after the mean is below 0.143 already, or there is none.
    """
    if len(frequency) < 2:
        return None
    below = np.flatnonzero(correlation[1:] < THRESHOLD) + 1
    if len(below) == 0:
        finest = float(1 / frequency[-1])
        return Resolution(finest, finest, at_nyquist=True, rises_again=False)
    first = int(below[0])
    if first == 1:
        return None
    share = (correlation[first - 1] - THRESHOLD) / (correlation[first - 1] - correlation[first])
    crossing = frequency[first - 1] + share * (frequency[first] - frequency[first - 1])
    rises_again = bool((correlation[first:] >= THRESHOLD).any())
    return Resolution(float(1 / frequency[first - 1]), float(1 / crossing), False, rises_again)


def shell_frequencies(shells: int, side: int, pixel_angstrom: float) -> Floats:
    """Return the spatial frequencies ``(shells,)`` in 1/Å of the shells of a box of `side`."""
    return np.arange(shells) / (side * pixel_angstrom)


def read_half_maps(first: Path, second: Path, pixel_angstrom: float) -> tuple[Floats, Floats]:
    """Read two half maps, and return the frequencies and the correlation of their shells.

    Parameters
    ----------
    first, second : pathlib.Path
        Unfiltered half maps of RELION.
    pixel_angstrom : float
        Pixel size in Å where the header of a map does not state it.

    Returns
    -------
    frequency : (n // 2 + 1,) float array
        Spatial frequency of each shell in 1/Å.
    correlation : (n // 2 + 1,) float array

    Raises
    ------
    InputFileError
        If a map cannot be read or is filtered, or the maps do not fit together.
    """
    sizes, maps = [], []
    for path in (first, second):
        if not path.name.endswith(UNFILTERED):
            remedy = f"Give the maps whose names end in {UNFILTERED}"
            raise InputFileError(path, "is filtered by its correlation with the other half", remedy)
        density, size = decode_volume(path)
        if not np.isfinite(density).all():
            raise InputFileError(path, "has voxels that are no numbers", "Copy it again")
        maps.append(density)
        sizes.append(size or pixel_angstrom)
    if abs(sizes[0] - sizes[1]) > _TOLERANCE * sizes[0]:
        reason = f"has pixels of {sizes[1]:g} Å, and {first.name} of {sizes[0]:g} Å"
        raise InputFileError(second, reason, "Give two halves of one refinement")
    try:
        correlation = fourier_shell_correlation(maps[0], maps[1])
    except ValueError as error:
        remedy = "Give two halves of one refinement"
        raise InputFileError(second, str(error), remedy) from error
    return shell_frequencies(len(correlation), len(maps[0]), sizes[0]), correlation
