"""Rendering of micrographs for display: filters and contrast that do not affect picking."""

from dataclasses import dataclass

import numpy as np
from pydantic import Field

from napari_drpnet.base.frozen import Parameters
from napari_drpnet.base.geometry import Floats, Frame
from napari_drpnet.images.micrograph import Micrograph
from napari_drpnet.images.preprocess import Image, clip_outliers, resample

LONGEST_SIDE = 4096
"""Longest side of a rendered image in pixels: larger than most screens, within GPU limits."""

_PERCENTILES = (0.5, 99.5)
_LIMIT_DEVIATIONS = 3.5
_SAMPLE_SIDE = 256
#: Exponent of a Gaussian whose amplitude is one half at a relative frequency of 1.
_HALF = np.log(2.0)


class DisplayParameters(Parameters):
    """Display settings of a micrograph; the picks do not depend on them."""

    lowpass_angstrom: float | None = Field(
        None, ge=2, le=500, title="Low-pass: hide detail finer than this, in Å; default: off"
    )
    clahe: bool = Field(False, title="Local contrast: even out bright and dark regions")
    invert: bool = Field(False, title="Invert: dark becomes bright")


@dataclass(frozen=True, eq=False)
class DisplayImage:
    """A micrograph rendered for display.

    Parameters
    ----------
    image : (h, w) float32 array
        Grey values of the file, or values between 0 and 1 with local contrast; negated if
        inverted.
    frame : Frame
        Relation of the displayed pixels to those of the micrograph.
    contrast_limits : tuple of float
        Values ``(low, high)`` to show black and white, with ``low < high``.
    """

    image: Image
    frame: Frame
    contrast_limits: tuple[float, float]


def render(
    micrograph: Micrograph, parameters: DisplayParameters, longest_side: int = LONGEST_SIDE
) -> DisplayImage:
    """Render a micrograph for display.

    Parameters
    ----------
    micrograph : Micrograph
        Micrograph to render. Its pixel size is needed only for the low-pass filter.
    parameters : DisplayParameters
        Display settings.
    longest_side : int
        Longest side of the image in pixels. A larger micrograph is binned to it, edge to edge.

    Returns
    -------
    DisplayImage
        Image after clipping of outliers, binning, low-pass filter, local contrast and inversion,
        in this order.

    Raises
    ------
    ValueError
        If a low-pass filter is requested and the pixel size is unknown.
    """
    scale = max(1.0, max(micrograph.shape) / longest_side)
    frame = Frame.with_scale(micrograph.shape, scale)
    image = resample(clip_outliers(micrograph.pixels), frame.network_shape)
    if parameters.lowpass_angstrom is not None:
        image = lowpass(image, parameters.lowpass_angstrom / _pixel_sizes(micrograph, frame))
    if parameters.clahe:
        image = _even_out(image)
    if parameters.invert:
        image = -image
    return DisplayImage(image, frame, _contrast_limits(image))


def _pixel_sizes(micrograph: Micrograph, frame: Frame) -> Floats:
    """Return the size ``(y, x)`` of a displayed pixel in Å."""
    if micrograph.pixel_size_angstrom is None:
        raise ValueError("a low-pass filter in Å needs the pixel size: set it, or switch it off")
    return frame.scale_yx * micrograph.pixel_size_angstrom


def lowpass(image: Image, resolution_px: Floats) -> Image:
    """Apply a Gaussian low-pass filter with amplitude one half at a given resolution.

    Parameters
    ----------
    image : (h, w) float32 array
        Image of any range. It is mirrored at its edges, so that opposite edges do not mix.
    resolution_px : (2,) float array
        Resolution ``(y, x)`` in pixels of the image.

    Returns
    -------
    (h, w) float32 array
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
    """Equalise the contrast locally (CLAHE)."""
    from skimage.exposure import equalize_adapthist

    low, high = _contrast_limits(image)
    grey = np.clip((image - np.float32(low)) / np.float32(high - low), 0, 1)
    return np.asarray(equalize_adapthist(grey), np.float32)


def _contrast_limits(image: Image) -> tuple[float, float]:
    """Return the tighter of percentile and deviation limits, robust to bright or dark areas."""
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
