"""Whether particles are darker or brighter than their background, found by the detector."""

from itertools import pairwise
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.jobs import Job, SilentJob
from napari_drpnet.picking.detectors.distance_map import Precision, predict_distance_map

if TYPE_CHECKING:
    from napari_drpnet.images.preprocess import NetworkImage
    from napari_drpnet.picking.networks.card import DetectorNetwork

Map = NDArray[np.float32]
Window = tuple[slice, slice]

#: Relative difference of the evidence from which a polarity is certain, and least one to call
#: particles bright: they rarely are.
_CERTAIN, _LEAST_BRIGHT = 0.4, 0.2
#: A sample with less evidence than this many faint particles is enlarged: ice and dirt give some
#: for either polarity. On a faint particle the map is one and a half times the floor.
_LEAST_PARTICLES = 16
#: Side of a window, network pixels: about this, or as many halos if that is more.
_LEAST_SIDE, _SIDE_HALOS = 96, 2
#: Windows to begin with; an image of fewer than twice as many is one window.
_FIRST = 4
#: Pixels at a cut side where zero padding shows.
_RIM = 8
#: Of a sequence whose beginnings are all spread evenly over the unit square (Roberts 2018).
_SPREAD_YX = (0.7548776662466927, 0.5698402909980532)


def is_bright(dark_map: Map, bright_map: Map, floor: float) -> tuple[bool, float]:
    """Tell from the maps of both polarities whether particles are bright, and how sure that is.

    Parameters
    ----------
    dark_map, bright_map : (h, w) float32 array
        Distance maps of the micrograph taken for one with dark, and with bright particles.
    floor : float
        What does not rise above this is noise, map units.

    Returns
    -------
    bright : bool
        False in doubt: most micrographs are of ice, where particles are dark.
    confidence : float
        From 0 to 1.
    """
    return _decide(*(float(np.maximum(m - floor, 0).mean()) for m in (dark_map, bright_map)))


def find_polarity(
    view: "NetworkImage",
    detector: "DetectorNetwork",
    precision: Precision,
    floor: float,
    job: Job | None = None,
) -> tuple[bool, float]:
    """Tell whether particles are bright, from as much of a micrograph as that takes.

    Parameters
    ----------
    view : NetworkImage
        The micrograph taken for one with dark particles.
    detector : DetectorNetwork
        With an absolute scale: its maps of two images can be compared.
    precision : {'float32', 'bfloat16'}
        Arithmetic of the convolutions.
    floor : float
        What does not rise above this is noise, map units.
    job : Job, optional
        Told after each window; may cancel.

    Returns
    -------
    bright : bool
        False in doubt: most micrographs are of ice, where particles are dark.
    confidence : float
        From 0 to 1, as `is_bright` says of whole maps.

    Raises
    ------
    Cancelled
        When the job says so.

    Notes
    -----
    The sample begins with the first windows of `sample_windows` and is doubled until its
    confidence is 1 and it shows more than a few particles. At most every pixel is seen once in
    each polarity. An image of one window gets the answer of `is_bright`.
    """
    job = job or SilentJob()
    module = detector.module
    halo, stride = cast("int", module.halo), cast("int", module.stride)
    windows = sample_windows(view.image.shape, halo, stride)
    images = view.image, view.inverted().image
    least = _evidence_of_few(detector.card.particle_px, floor)
    evidence, enough = [0.0, 0.0], _FIRST
    for done, window in enumerate(windows, 1):
        kept = _without_rim(window, view.image.shape)
        for polarity, image in enumerate(images):
            part = predict_distance_map(image[window], detector, precision)[kept]
            evidence[polarity] += float(np.maximum(part - floor, 0).sum())
        job.advance(done, len(windows), "polarity")
        if done == enough:
            if sum(evidence) >= least and _decide(*evidence)[1] == 1:
                break
            enough *= 2
    return _decide(*evidence)


def sample_windows(shape: tuple[int, int], halo: int, stride: int) -> list[Window]:
    """Cut an image into windows, in an order whose beginnings are spread over the image.

    Parameters
    ----------
    shape : (int, int)
        Height and width, pixels.
    halo : int
        How far an output pixel of the network sees, pixels on each side.
    stride : int
        Windows begin at multiples of this, pixels.

    Returns
    -------
    list of (slice, slice)
        Rows and columns. Together they cover the image once; a small image is one window.
    """
    side = max(_LEAST_SIDE, _SIDE_HALOS * halo)
    rows, columns = (_cut(length, side, stride) for length in shape)
    if len(rows) * len(columns) < 2 * _FIRST:
        return [(slice(0, shape[0]), slice(0, shape[1]))]
    places = [(y, x) for y in range(len(rows)) for x in range(len(columns))]
    places.sort(key=lambda place: np.dot(place, _SPREAD_YX) % 1)
    return [(rows[y], columns[x]) for y, x in places]


def _cut(length: int, side: int, stride: int) -> list[slice]:
    """Cut a length into intervals of about `side`, at multiples of `stride`."""
    count = max(1, round(length / side))
    ends = [length * k // count // stride * stride for k in range(count)] + [length]
    return [slice(start, stop) for start, stop in pairwise(ends)]


def _without_rim(window: Window, shape: tuple[int, int]) -> Window:
    """Return the part of a window's map that zero padding at cut sides does not reach."""
    rows, columns = (
        slice(_RIM if side.start else 0, side.stop - side.start - (_RIM if side.stop < n else 0))
        for side, n in zip(window, shape, strict=True)
    )
    return rows, columns


def _evidence_of_few(particle_px: float, floor: float) -> float:
    """Return the sum over pixels of what a few faint particles rise above the floor."""
    disc = np.pi / 4 * particle_px**2
    return float(_LEAST_PARTICLES * disc * floor / 2)


def _decide(dark: float, bright: float) -> tuple[bool, float]:
    """Tell from the evidence of both polarities which one it is, and how sure that is."""
    asymmetry = (bright - dark) / (bright + dark) if bright + dark > 0 else 0.0
    return asymmetry > _LEAST_BRIGHT, min(1.0, abs(asymmetry) / _CERTAIN)
