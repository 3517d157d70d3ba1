"""Rendering of micrographs for display: filters and contrast that do not affect picking."""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
from pydantic import Field

from napari_drpnet.base.frozen import Parameters
from napari_drpnet.base.geometry import Floats, Frame
from napari_drpnet.images.micrograph import Micrograph
from napari_drpnet.images.preprocess import Image, clip_outliers, resample

LONGEST_SIDE = 4096
"""Longest side of a rendered image in pixels: larger than most screens, within GPU limits."""

DEFAULT_LOWPASS_ANGSTROM = 20.0
"""Resolution of the low-pass filter where no particle diameter is known, in Å."""

#: Resolution of the low-pass filter as a share of the particle diameter.
_LOWPASS_OF_DIAMETER = 1 / 8
_LOWPASS_LIMITS = 2, 500
#: Least number of displayed pixels per resolution of the low-pass; more show no more detail.
_PIXELS_PER_LOWPASS = 5
#: Longest side of an image for which the magnification is not known yet.
_FIRST_SIDE = 1024
_PERCENTILES = (0.5, 99.5)
_LIMIT_DEVIATIONS = 3.5
_SAMPLE_SIDE = 256
#: Exponent of a Gaussian whose amplitude is one half at a relative frequency of 1.
_HALF = np.log(2.0)


class DisplayParameters(Parameters):
    """Display settings of a micrograph; the picks do not depend on them."""

    lowpass: bool = Field(True, title="Low-pass: hide the noise of fine detail")
    lowpass_angstrom: float | None = Field(
        None,
        ge=_LOWPASS_LIMITS[0],
        le=_LOWPASS_LIMITS[1],
        title="Resolution of the low-pass in Å; default: an eighth of the diameter, else 20 Å",
    )
    clahe: bool = Field(False, title="Local contrast: even out bright and dark regions")
    invert: bool = Field(False, title="Invert: dark becomes bright")

    def resolved(self, lowpass_angstrom: float) -> Self:
        """Return the settings with a resolution of the low-pass in Å, where none is given."""
        if self.lowpass_angstrom is not None:
            return self
        return self.model_copy(update={"lowpass_angstrom": lowpass_angstrom})


def automatic_lowpass(diameter_angstrom: float | None) -> float:
    """Return the resolution of the low-pass in Å that fits a particle, or any if it is unknown."""
    if diameter_angstrom is None:
        return DEFAULT_LOWPASS_ANGSTROM
    low, high = _LOWPASS_LIMITS
    return min(max(diameter_angstrom * _LOWPASS_OF_DIAMETER, low), high)


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
    scale : float
        Unbinned pixels per displayed pixel, before rounding to whole pixels.
    parameters : DisplayParameters
        Display settings of the image.
    lowpass_px : float
        Resolution of the low-pass in unbinned pixels; 0 without a low-pass.
    contrast_limits : tuple of float
        Values ``(low, high)`` to show black and white, with ``low < high``.
    center, deviation : float
        Median of the grey values, and their standard deviation without outliers.
    """

    image: Image
    frame: Frame
    scale: float
    parameters: DisplayParameters
    lowpass_px: float
    contrast_limits: tuple[float, float]
    center: float
    deviation: float

    @property
    def fitting_deviations(self) -> float:
        """Standard deviations from the median to the farther of the limits that fit the image."""
        low, high = self.contrast_limits
        return max(self.center - low, high - self.center) / self.deviation

    def limits(self, deviations: float | None) -> tuple[float, float]:
        """Return the values to show black and white.

        Parameters
        ----------
        deviations : float or None
            Number of standard deviations on either side of the median; None for the limits that
            fit the image.
        """
        if deviations is None:
            return self.contrast_limits
        reach = deviations * self.deviation
        return self.center - reach, self.center + reach

    def deviations(self, shape: tuple[int, int]) -> Image:
        """Return the grey values in standard deviations from the median, at another scale.

        Parameters
        ----------
        shape : tuple of int
            Shape ``(h, w)`` of the result, whose edges are those of the micrograph.

        Returns
        -------
        (h, w) float32 array
            Negative where the image as shown is darker than its median.
        """
        values = resample(self.image, shape)
        return np.asarray((values - self.center) / self.deviation, np.float32)


def display_scale(
    shape: tuple[int, int], magnification: float | None, lowpass_px: float = 0.0
) -> float:
    """Return the scale of a displayed image, in steps of a factor of 2.

    Parameters
    ----------
    shape : tuple of int
        Shape ``(ny, nx)`` of the micrograph.
    magnification : float or None
        Screen pixels per unbinned pixel; None if it is not known yet.
    lowpass_px : float
        Resolution of the low-pass in unbinned pixels; 0 without a low-pass.

    Returns
    -------
    float
        Unbinned pixels per displayed pixel, at least 1: about one displayed pixel per pixel of
        the screen, but none that show no more than the low-pass leaves. The longest side of the
        image is at most `LONGEST_SIDE`.
    """
    finest = max(1.0, max(shape) / LONGEST_SIDE)
    wanted = 1 / magnification if magnification else max(shape) / _FIRST_SIDE
    level = round(math.log2(wanted / finest))
    if lowpass_px > 0:
        level = max(level, math.floor(math.log2(lowpass_px / _PIXELS_PER_LOWPASS / finest)))
    coarsest = math.floor(math.log2(max(min(shape) / finest, 1.0)))
    return finest * 2.0 ** min(max(level, 0), coarsest)


def render(
    micrograph: Micrograph, parameters: DisplayParameters, magnification: float | None = None
) -> DisplayImage:
    """Render a micrograph for display.

    Parameters
    ----------
    micrograph : Micrograph
        Micrograph to render. Without a pixel size there is no low-pass filter.
    parameters : DisplayParameters
        Display settings.
    magnification : float, optional
        Screen pixels per unbinned pixel, for which the image is binned; see `display_scale`.
        Default: the magnification that shows the whole micrograph on a usual screen.

    Returns
    -------
    DisplayImage
        Image after clipping of outliers, binning edge to edge, low-pass filter, local contrast
        and inversion, in this order.

    Notes
    -----
    The binning averages all pixels that a displayed one covers. Graphics cards would take four of
    them instead, and show the noise of single pixels.
    """
    parameters = parameters.resolved(DEFAULT_LOWPASS_ANGSTROM)
    lowpass_px = _lowpass_px(micrograph, parameters)
    scale = display_scale(micrograph.shape, magnification, lowpass_px)
    frame = Frame.with_scale(micrograph.shape, scale)
    image = resample(clip_outliers(micrograph.pixels), frame.network_shape)
    if lowpass_px > 0:
        image = lowpass(image, lowpass_px / frame.scale_yx)
    if parameters.clahe:
        image = _even_out(image)
    if parameters.invert:
        image = -image
    return DisplayImage(image, frame, scale, parameters, lowpass_px, *_contrast(image))


def _lowpass_px(micrograph: Micrograph, parameters: DisplayParameters) -> float:
    """Return the resolution of the low-pass in unbinned pixels; 0 without a low-pass."""
    size, resolution = micrograph.pixel_size_angstrom, parameters.lowpass_angstrom
    if not parameters.lowpass or size is None or resolution is None:
        return 0.0
    return resolution / size


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

    (low, high), _, _ = _contrast(image)
    grey = np.clip((image - np.float32(low)) / np.float32(high - low), 0, 1)
    return np.asarray(equalize_adapthist(grey), np.float32)


def _contrast(image: Image) -> tuple[tuple[float, float], float, float]:
    """Return contrast limits, median and standard deviation, robust to bright or dark areas.

    The limits are the tighter of percentiles and deviations.
    """
    step = max(1, min(image.shape) // _SAMPLE_SIDE)
    sample = image[::step, ::step].astype(np.float64)
    low, high = np.percentile(sample, _PERCENTILES)
    median = np.median(sample)
    deviation = 1.4826 * np.median(np.abs(sample - median))
    if deviation > 0:
        reach = _LIMIT_DEVIATIONS * deviation
        low, high = max(low, median - reach), min(high, median + reach)
    if not low < high:
        margin = max(1.0, abs(median)) / 2
        low, high = median - margin, median + margin
    spread = deviation or sample.std() or (high - low) / 2
    return (float(low), float(high)), float(median), float(spread)
