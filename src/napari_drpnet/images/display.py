"""What a person sees of a micrograph: filtered and stretched for the eye, never for the picking."""

from dataclasses import dataclass

import numpy as np
from pydantic import Field

from napari_drpnet.base.frozen import Parameters
from napari_drpnet.base.geometry import Floats, Frame
from napari_drpnet.images.micrograph import Micrograph
from napari_drpnet.images.preprocess import Image, clip_outliers, resample

LONGEST_SIDE = 4096
"""Of a rendered image, pixels: more than a screen shows, and no more than any GPU takes."""

_PERCENTILES = (0.5, 99.5)
_LIMIT_DEVIATIONS = 3.5
_SAMPLE_SIDE = 256
#: Steepness of a Gaussian whose amplitude is one half at a relative frequency of 1.
_HALF = np.log(2.0)


class DisplayParameters(Parameters):
    """How a micrograph is shown; the picks do not depend on it."""

    lowpass_angstrom: float | None = Field(
        None, ge=2, le=500, title="Low-pass: hide detail finer than this, in Å; default: off"
    )
    clahe: bool = Field(False, title="Local contrast: even out bright and dark regions")
    invert: bool = Field(False, title="Invert: dark becomes bright")


@dataclass(frozen=True, eq=False)
class DisplayImage:
    """A micrograph as it is shown.

    Parameters
    ----------
    image : (h, w) float32 array
        In the grey values of the file; between 0 and 1 with local contrast; negative of that
        where inverted.
    frame : Frame
        How its pixels lie on the micrograph.
    contrast_limits : tuple of float
        What to show black and what white, ``(low, high)`` with ``low < high``.
    """

    image: Image
    frame: Frame
    contrast_limits: tuple[float, float]


def render(
    micrograph: Micrograph, parameters: DisplayParameters, longest_side: int = LONGEST_SIDE
) -> DisplayImage:
    """Make the picture of a micrograph.

    Parameters
    ----------
    micrograph : Micrograph
        Its pixel size is needed for the low-pass filter only.
    parameters : DisplayParameters
        The user's choice.
    longest_side : int
        A larger micrograph is binned to this many pixels, edge to edge.

    Returns
    -------
    DisplayImage
        Outliers clipped, then binned, then filtered, local contrast, inverted.

    Raises
    ------
    ValueError
        When a low-pass filter is asked for and the pixel size is unknown.
    """
    scale = max(1.0, max(micrograph.shape) / longest_side)
    frame = Frame.with_scale(micrograph.shape, scale)
    image = resample(clip_outliers(micrograph.pixels), frame.network_shape)
    if parameters.lowpass_angstrom is not None:
        image = _lowpass(image, parameters.lowpass_angstrom / _pixel_sizes(micrograph, frame))
    if parameters.clahe:
        image = _even_out(image)
    if parameters.invert:
        image = -image
    return DisplayImage(image, frame, _contrast_limits(image))


def _pixel_sizes(micrograph: Micrograph, frame: Frame) -> Floats:
    """Return the size of a displayed pixel in Å, ``(y, x)``."""
    if micrograph.pixel_size_angstrom is None:
        raise ValueError("a low-pass filter in Å needs the pixel size: set it, or switch it off")
    return frame.scale_yx * micrograph.pixel_size_angstrom


def _lowpass(image: Image, resolution_px: Floats) -> Image:
    """Multiply by a Gaussian in frequency, with amplitude one half at the resolution ``(y, x)``.

    The cosine transform mirrors the image at its edges, so that they do not leak into each other.
    """
    from scipy.fft import dctn, idctn

    spectrum = dctn(image, workers=-1)
    for axis, cutoff_px in enumerate(resolution_px):
        side = image.shape[axis]
        relative = np.arange(side) / (2 * side) * cutoff_px
        gain = np.exp(-_HALF * relative**2).astype(np.float32)
        spectrum *= np.expand_dims(gain, 1 - axis)
    return np.asarray(idctn(spectrum, overwrite_x=True, workers=-1), np.float32)


def _even_out(image: Image) -> Image:
    """Stretch the contrast of each region by itself (CLAHE)."""
    from skimage.exposure import equalize_adapthist

    low, high = _contrast_limits(image)
    grey = np.clip((image - np.float32(low)) / np.float32(high - low), 0, 1)
    return np.asarray(equalize_adapthist(grey), np.float32)


def _contrast_limits(image: Image) -> tuple[float, float]:
    """Return the narrower of percentiles and deviations, so that neither ice nor carbon rules."""
    step = max(1, min(image.shape) // _SAMPLE_SIDE)
    sample = image[::step, ::step].astype(np.float64)
    low, high = np.percentile(sample, _PERCENTILES)
    median = np.median(sample)
    reach = _LIMIT_DEVIATIONS * 1.4826 * np.median(np.abs(sample - median))
    if reach > 0:
        low, high = max(low, median - reach), min(high, median + reach)
    if not low < high:
        margin = max(1.0, abs(median)) / 2
        low, high = median - margin, median + margin
    return float(low), float(high)
