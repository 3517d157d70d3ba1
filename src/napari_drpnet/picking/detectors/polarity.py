"""Detection of the polarity: whether particles are darker or brighter than the background."""

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.jobs import Job, SilentJob

if TYPE_CHECKING:
    from napari_drpnet.images.preprocess import NetworkImage
    from napari_drpnet.picking.networks.card import DetectorNetwork

Map = NDArray[np.float32]
Window = tuple[slice, slice]
#: Function that returns the map of one window of a view.
Predict = Callable[["NetworkImage", Window], Map]

#: Relative difference of the evidence from which a polarity is certain, and from which particles
#: are taken to be bright, which they rarely are.
_CERTAIN, _LEAST_BRIGHT = 0.4, 0.2
#: A sample with less evidence than that of this many faint particles is enlarged, since ice and
#: dirt give evidence of either polarity. On a faint particle the map is 1.5 times the floor.
_LEAST_PARTICLES = 16
#: Approximate side of a window: the greater of this, network pixels, and this number of halos.
_LEAST_SIDE, _SIDE_HALOS = 96, 2
#: Number of windows at the start; an image with less than twice as many is one window.
_FIRST = 4
#: Width of the rim that zero padding affects at a cut side, network pixels.
_RIM = 8
#: Steps of a low-discrepancy sequence in the unit square (Roberts 2018).
_SPREAD_YX = (0.7548776662466927, 0.5698402909980532)


def is_bright(dark_map: Map, bright_map: Map, floor: float) -> tuple[bool, float]:
    """Return whether particles are bright, by the maps of both polarities.

    Parameters
    ----------
    dark_map, bright_map : (h, w) float32 array
        Maps of the micrograph, if particles are taken to be dark and bright.
    floor : float
        Height below which the map is taken for noise, map units.

    Returns
    -------
    bright : bool
        Whether particles are bright. False if that is uncertain, since most micrographs are of
        ice, where particles are dark.
    confidence : float
        Confidence from 0 to 1.
    """
    return _decide(*(float(np.maximum(m - floor, 0).mean()) for m in (dark_map, bright_map)))


def find_polarity(
    view: "NetworkImage",
    network: "DetectorNetwork",
    predict: Predict,
    floor: float,
    job: Job | None = None,
) -> tuple[bool, float]:
    """Return whether particles are bright, from a sample of a micrograph that is large enough.

    Parameters
    ----------
    view : NetworkImage
        Micrograph, preprocessed as one with dark particles.
    network : DetectorNetwork
        Network that the maps are computed with.
    predict : callable
        Function that returns the map ``(h, w)`` of a window of a view. The map has an absolute
        scale, so that those of two images can be compared.
    floor : float
        Height below which the map is taken for noise, map units.
    job : Job, optional
        Progress callback, called after each window; it may cancel the work.

    Returns
    -------
    bright : bool
        Whether particles are bright. False if that is uncertain, since most micrographs are of
        ice, where particles are dark.
    confidence : float
        Confidence from 0 to 1, as from `is_bright` for whole maps.

    Raises
    ------
    Cancelled
        If the work was cancelled.

    Notes
    -----
    The sample starts with the first windows of `sample_windows` and is doubled until the
    confidence is 1 and there is more evidence than that of a few particles. Each pixel is used at
    most once in each polarity. For an image of one window the result is that of `is_bright`.
    """
    job = job or SilentJob()
    module = network.module
    halo, stride = cast("int", module.halo), cast("int", module.stride)
    windows = sample_windows(view.image.shape, halo, stride)
    views = view, view.inverted()
    least = _evidence_of_few(network.card.particle_px, floor)
    evidence, enough = [0.0, 0.0], _FIRST
    for done, window in enumerate(windows, 1):
        kept = _without_rim(window, view.image.shape)
        for polarity, seen in enumerate(views):
            part = predict(seen, window)[kept]
            evidence[polarity] += float(np.maximum(part - floor, 0).sum())
        job.advance(done, len(windows), "polarity")
        if done == enough:
            if sum(evidence) >= least and _decide(*evidence)[1] == 1:
                break
            enough *= 2
    return _decide(*evidence)


def sample_windows(shape: tuple[int, int], halo: int, stride: int) -> list[Window]:
    """Divide an image into windows, in an order that is spread evenly over the image.

    Parameters
    ----------
    shape : (int, int)
        Height and width of the image, network pixels.
    halo : int
        Reach of an output pixel of the network on each side, network pixels.
    stride : int
        Windows begin at multiples of this, network pixels.

    Returns
    -------
    list of (slice, slice)
        Rows and columns of the windows, which cover the image once; a small image is one window.
    """
    side = max(_LEAST_SIDE, _SIDE_HALOS * halo)
    rows, columns = (_cut(length, side, stride) for length in shape)
    if len(rows) * len(columns) < 2 * _FIRST:
        return [(slice(0, shape[0]), slice(0, shape[1]))]
    places = [(y, x) for y in range(len(rows)) for x in range(len(columns))]
    places.sort(key=lambda place: np.dot(place, _SPREAD_YX) % 1)
    return [(rows[y], columns[x]) for y, x in places]


def _cut(length: int, side: int, stride: int) -> list[slice]:
    """Divide a length into intervals of about `side`, at multiples of `stride`."""
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
    """Return the evidence of a few faint particles: the sum of the heights above the floor."""
    disc = np.pi / 4 * particle_px**2
    return float(_LEAST_PARTICLES * disc * floor / 2)


def _decide(dark: float, bright: float) -> tuple[bool, float]:
    """Return whether particles are bright and the confidence, by the evidence of both."""
    asymmetry = (bright - dark) / (bright + dark) if bright + dark > 0 else 0.0
    return asymmetry > _LEAST_BRIGHT, min(1.0, abs(asymmetry) / _CERTAIN)
