"""Preprocessing of micrographs for a network: scale, background, contrast and polarity."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.class_maps import resample_mask
from napari_drpnet.base.geometry import Frame
from napari_drpnet.base.wording import short_number
from napari_drpnet.images.equalise import equalise
from napari_drpnet.images.valid_area import fill_invalid, find_valid_area, is_clear

Image = NDArray[np.float32]
Mask = NDArray[np.bool_]
Polarity = Literal["dark", "bright"]
Normalization = Literal["robust", "published"]

_CLIP_MAD = 12.0
_LIMIT = 8.0
_BACKGROUND_DIAMETERS = 2.5
_LEAST_DIAMETER_PX = 4.0
#: Share of the pixels, the brightest, that may be clipped as outliers.
_OUTLIER_SHARE = 0.005
#: Share of the pixels, the brightest, whose level and noise scale the grey values.
_BRIGHT_SHARE = 0.2
#: Smoothing before the brightest pixels are found, particle diameters.
_GREY_SMOOTHING = 0.5
#: How far dirt changes the pixels around it, particle diameters.
_MARGIN_DIAMETERS = 0.25


@dataclass(frozen=True, eq=False)
class NetworkImage:
    """A micrograph at the scale, contrast and polarity that a network was trained with.

    Parameters
    ----------
    image : (h, w) float32 array
        Normalised pixels. With ``"robust"`` normalisation they have zero median and unit robust
        deviation, and particles are bright. With ``"published"`` they lie between 0 and 1, and
        particles are dark.
    frame : Frame
        Relation of the pixels of `image` to those of the micrograph.
    polarity : {'dark', 'bright'}
        Contrast of the particles in the micrograph.
    normalization : {'robust', 'published'}
        Normalisation of `image`.
    valid : (h, w) bool array or None
        Mask of the valid area: neither beyond the beam nor blank. `image` is 0 outside it. None
        if all pixels are valid.
    gain : (SPECTRUM_SIZE,) float32 array or None
        Gain applied to each ring of the background spectrum; None if it was not equalised.
    grey : (h, w) float32 array or None
        Resampled grey values before the background was removed, in −1...1, whatever the polarity:
        ``tanh((x − l) / s)``; 0 outside the valid area. Level *l* and interquartile range *s* of
        the noise are those of the brightest fifth of the micrograph, so that a film that covers
        most of it is as dark as one that covers little. None if they were not asked for.
    """

    image: Image
    frame: Frame
    polarity: Polarity
    normalization: Normalization
    valid: Mask | None = None
    gain: Image | None = None
    grey: Image | None = None

    @property
    def extent(self) -> tuple[float, float]:
        """Height and width in unbinned pixels of a frame as large as the valid area."""
        ny, nx = np.sqrt(self.valid_share) * np.array(self.frame.full_shape)
        return float(ny), float(nx)

    @property
    def valid_share(self) -> float:
        """Share of the micrograph that is valid."""
        return 1.0 if self.valid is None else float(self.valid.mean())

    def is_clear(self, centers_yx: NDArray[np.float64], distance_px: float) -> Mask:
        """Return which positions are farther than a given distance from invalid pixels.

        Parameters
        ----------
        centers_yx : (n, 2) float array
            Positions ``(y, x)`` in pixels of `image`.
        distance_px : float
            Distance in unbinned pixels.

        Returns
        -------
        (n,) bool array
        """
        if self.valid is None:
            return np.ones(len(centers_yx), bool)
        return is_clear(self.valid, centers_yx, distance_px, self.frame.scale_yx)

    def inverted(self) -> "NetworkImage":
        """Return the image of the same micrograph for particles of the opposite polarity."""
        image = -self.image if self.normalization == "robust" else 1 - self.image
        other: Polarity = "dark" if self.polarity == "bright" else "bright"
        return replace(self, image=image, polarity=other)


def preprocess(
    pixels: NDArray[np.generic],
    diameter_px: float,
    particle_px: float,
    polarity: Polarity,
    normalization: Normalization = "robust",
    spectrum: Sequence[float] | None = None,
    grey: bool = False,
    dirt: Mask | None = None,
) -> NetworkImage:
    """Resample and normalise a micrograph for a network.

    Parameters
    ----------
    pixels : (ny, nx) real array
        Pixels of the micrograph, of any dtype and range.
    diameter_px : float
        Particle diameter in unbinned pixels.
    particle_px : float
        Particle diameter in network pixels that the network was trained with.
    polarity : {'dark', 'bright'}
        Whether particles are darker or brighter than their background.
    normalization : {'robust', 'published'}
        Robust normalisation, or that of the published MATLAB code.
    spectrum : sequence of float, optional
        Background spectrum of the training images, from `equalise.measure_spectrum`, to which
        the spectrum of the micrograph is equalised. Ignored with ``"published"``.
    grey : bool
        Whether to also compute `NetworkImage.grey`.
    dirt : (h, w) bool array, optional
        Mask of dirt, binned by any factor. The dirt is replaced by the background around it, since
        the contrast of the published code depends on all pixels. Ignored with ``"robust"``.

    Returns
    -------
    NetworkImage

    Raises
    ------
    ValueError
        If a particle does not fit into the micrograph, or is smaller than 4 pixels.
    """
    if min(pixels.shape) < diameter_px:
        raise ValueError(
            f"a particle of {short_number(diameter_px, 4)} px does not fit into a micrograph of "
            f"{pixels.shape[1]} × {pixels.shape[0]} px"
        )
    if diameter_px < _LEAST_DIAMETER_PX:
        raise ValueError(f"a particle of {diameter_px:.2g} px is too small to be seen")
    frame = Frame.with_scale((pixels.shape[0], pixels.shape[1]), diameter_px / particle_px)
    if normalization == "published":
        binned, valid, gain = resample(clip_outliers(pixels), frame.network_shape), None, None
        if dirt is not None:
            binned = _cover(binned, resample_mask(dirt, frame.network_shape), particle_px)
        dark = _published(binned)
    else:
        area = find_valid_area(pixels, diameter_px)
        binned = resample(clip_outliers(fill_invalid(pixels, area)), frame.network_shape)
        valid = None if area.complete else area.at(frame)
        dark = _robust(binned, particle_px, valid)
        gain = None
        if spectrum is not None:
            dark, gain = equalise(dark, spectrum, valid)
            dark = standardise(dark, valid)
    greys = _grey(binned, particle_px, valid) if grey else None
    view = NetworkImage(dark, frame, "dark", normalization, valid, gain, greys)
    return view if polarity == "dark" else view.inverted()


def stack_channels(view: NetworkImage, inputs: Sequence[str]) -> Image:
    """Stack the channels of the input of a network.

    Parameters
    ----------
    view : NetworkImage
        Preprocessed micrograph.
    inputs : sequence of {'view', 'grey'}
        Names of the channels: `NetworkImage.image` or `NetworkImage.grey`.

    Returns
    -------
    (c, h, w) float32 array

    Raises
    ------
    ValueError
        If the grey values were not computed.
    """
    channels = {"view": view.image, "grey": view.grey}
    stack = [channels[name] for name in inputs]
    if any(channel is None for channel in stack):
        raise ValueError("the micrograph was preprocessed without its grey values")
    return np.stack(stack)  # type: ignore[arg-type]


def clip_outliers(pixels: NDArray[np.generic]) -> Image:
    """Clip hot and dead pixels at 12 median absolute deviations from the median.

    At most 0.5 % of the pixels are clipped at the bright end: where most of the micrograph is a
    dark film, the deviation is that of the film, and the ice lies far beyond. Median, deviation
    and share are those of a regular sample of at least 64k pixels. An image whose deviation is
    zero (few grey levels) is only converted to float32.
    """
    step = max(1, int(np.sqrt(pixels.size / 65536)))
    sample = np.asarray(pixels[::step, ::step], np.float32)
    median = np.median(sample)
    deviation = np.median(np.abs(sample - median))
    if deviation == 0:
        return np.asarray(pixels, np.float32)
    low = median - _CLIP_MAD * deviation
    high = max(median + _CLIP_MAD * deviation, np.quantile(sample, 1 - _OUTLIER_SHARE))
    return np.clip(np.asarray(pixels, np.float32), np.float32(low), np.float32(high))


def resample(image: Image, shape: tuple[int, int]) -> Image:
    """Resample an image edge to edge to a shape ``(h, w)``, with antialiasing (triangle filter)."""
    import torch

    if image.shape == shape:
        return image
    tensor = torch.from_numpy(np.require(image, requirements=["C", "W"]))[None, None]
    resized = torch.nn.functional.interpolate(
        tensor, shape, mode="bilinear", antialias=True, align_corners=False
    )
    return np.asarray(resized[0, 0].numpy())


def flatten_background(image: Image, sigma_px: float, weights: Image | None = None) -> Image:
    """Remove uneven illumination: ``I − G(I) + mean(G(I))``.

    Parameters
    ----------
    image : (h, w) float32 array
        Image of any range.
    sigma_px : float
        Standard deviation of the Gaussian G in pixels: several particle diameters.
    weights : (h, w) float32 array, optional
        Weights of the pixels. Pixels with weight 0 do not count as background, which avoids halos
        around crystals.

    Returns
    -------
    (h, w) float32 array

    Notes
    -----
    Equation 1 of the DRPnet paper. G is computed on an image binned so that sigma is about four
    of its pixels. Nothing is lost, because the result of such a wide Gaussian has no fine detail.
    """
    if weights is None:
        background = _blur_binned(image, sigma_px)
    else:
        covered = np.maximum(_blur_binned(weights, sigma_px), np.float32(1e-3))
        background = np.asarray(_blur_binned(image * weights, sigma_px) / covered, np.float32)
    wide = resample(background, (image.shape[0], image.shape[1]))
    return np.asarray(image - wide + background.mean(), np.float32)


def blur_wide(image: Image, sigma_px: float) -> Image:
    """Blur an image ``(h, w)`` by a wide Gaussian with sigma in pixels, computed on a binning."""
    return resample(_blur_binned(image, sigma_px), (image.shape[0], image.shape[1]))


def _blur_binned(image: Image, sigma_px: float) -> Image:
    """Bin an image so that sigma is four of its pixels, blur it, and return it binned."""
    from scipy.ndimage import gaussian_filter

    factor = max(1.0, sigma_px / 4)
    rows, columns = (max(1, round(side / factor)) for side in image.shape)
    binned = resample(image, (rows, columns))
    return np.asarray(gaussian_filter(binned, sigma_px / factor, mode="nearest"))


def _robust(binned: Image, particle_px: float, valid: Mask | None) -> Image:
    """Subtract the background of the inliers, invert the contrast, and standardise."""
    known = _known(binned, valid)
    sigma = _BACKGROUND_DIAMETERS * particle_px
    rough = flatten_background(binned, sigma, None if valid is None else known.astype(np.float32))
    rough -= np.median(rough[known])
    inliers = known & (np.abs(rough) < 4 * _deviation(rough[known]))
    return standardise(-flatten_background(binned, sigma, inliers.astype(np.float32)), valid)


def standardise(image: Image, valid: Mask | None) -> Image:
    """Normalise an image to zero median and unit robust deviation of its valid pixels.

    Parameters
    ----------
    image : (h, w) float32 array
        Image of any range.
    valid : (h, w) bool array or None
        Mask of the valid pixels; None if all are.

    Returns
    -------
    (h, w) float32 array
        Values clipped to −8...8; 0 at invalid pixels.
    """
    known = _known(image, valid)
    centred = image - np.median(image[known])
    scaled = np.clip(centred / _deviation(centred[known]), -_LIMIT, _LIMIT)
    return np.where(known, scaled, 0).astype(np.float32)


def _grey(binned: Image, particle_px: float, valid: Mask | None) -> Image:
    """Scale grey values to −1...1 by the level and the noise of the brightest valid pixels."""
    from scipy.ndimage import gaussian_filter

    known = _known(binned, valid)
    smooth = gaussian_filter(binned, _GREY_SMOOTHING * particle_px)
    bright = known & (smooth >= np.percentile(smooth[known], 100 * (1 - _BRIGHT_SHARE)))
    level, noise = np.median(smooth[bright]), (binned - smooth)[bright]
    low, high = np.percentile(noise, (25, 75))
    spread = np.float32(high - low if high > low else noise.std() or 1.0)
    return np.where(known, np.tanh((binned - level) / spread), 0).astype(np.float32)


def _known(image: Image, valid: Mask | None) -> Mask:
    """Return the mask of valid pixels; all of them if no mask is given or it is empty."""
    return np.ones(image.shape, bool) if valid is None or not valid.any() else valid


def _deviation(values: Image) -> np.float32:
    """Return the robust standard deviation: 1.4826 × the median absolute deviation."""
    deviation = np.float32(1.4826) * np.median(np.abs(values - np.median(values)))
    return np.float32(deviation if deviation > 0 else values.std() or 1.0)


def _cover(image: Image, dirt: Mask, particle_px: float) -> Image:
    """Replace dirt and its margin by the background within about a particle diameter."""
    from scipy.ndimage import distance_transform_edt

    clean = np.asarray(distance_transform_edt(~dirt) > _MARGIN_DIAMETERS * particle_px)
    if clean.all() or not clean.any():
        return image
    median, weights = np.median(image[clean]), clean.astype(np.float32)
    known = np.maximum(blur_wide(weights, particle_px), np.float32(1e-3))
    around = median + blur_wide((image - median) * weights, particle_px) / known
    return np.where(clean, image, around).astype(np.float32)


def _published(binned: Image) -> Image:
    """Normalise as in the published code: smooth, stretch 1-99 %, flatten at sigma 100, smooth.

    Unlike there, the caller has clipped hot pixels before.
    """
    from scipy.ndimage import gaussian_filter

    smooth = gaussian_filter(binned, 2.0)
    low, high = np.percentile(smooth, [1, 99])
    stretched = np.clip((smooth - low) / max(high - low, 1e-12), 0, 1)
    if not 0.5 <= stretched.mean() <= 0.6:
        stretched = np.clip(stretched + 0.55 - stretched.mean(), 0, 1)
    flat = np.clip(flatten_background(stretched, 100.0), 0, 1)
    return np.asarray(gaussian_filter(flat, 3.0), np.float32)
