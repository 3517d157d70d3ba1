"""Thumbnails of points: cut in a thread, kept in memory within a limit."""

from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.jobs import Job
from napari_drpnet.images.boxes import BoxSource, grey_levels, prepare_boxes
from napari_drpnet.images.micrograph import read_micrograph
from napari_drpnet.images.preprocess import Polarity
from napari_drpnet.picking.fingerprint import file_stamp

Greys = NDArray[np.uint8]
Place = tuple[float, float]

#: Number of thumbnails in memory, of about 2.3 kB each.
_MOST = 30_000
#: Memory for prepared micrographs in bytes; the latest one is always kept.
_PREPARED_BYTES = 64 * 2**20


@dataclass(frozen=True)
class BoxOrigin:
    """Where boxes come from, and how large they are.

    Parameters
    ----------
    path : pathlib.Path
        File of the micrograph.
    stamp : tuple of int
        Size and time of the file, as `file_stamp` returns them.
    diameter_px : float
        Particle diameter in unbinned pixels.
    polarity : {'dark', 'bright'}
        Polarity of the particles in the micrograph.
    """

    path: Path
    stamp: tuple[int, ...]
    diameter_px: float
    polarity: Polarity


class Thumbnails:
    """Thumbnails by origin and place, of which the latest are kept, and why some are missing.

    Parameters
    ----------
    most : int
        Number of thumbnails that are kept.
    """

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._greys: OrderedDict[tuple[BoxOrigin, Place], Greys] = OrderedDict()
        self._reasons: dict[BoxOrigin, str] = {}

    def __len__(self) -> int:
        return len(self._greys)

    def find(self, origin: BoxOrigin, place_yx: Place) -> Greys | None:
        """Return the thumbnail ``(side, side)`` at a place; None if there is none."""
        key = origin, place_yx
        found = self._greys.get(key)
        if found is not None:
            self._greys.move_to_end(key)
        return found

    def reason(self, origin: BoxOrigin) -> str:
        """Return why there are no thumbnails of an origin; empty if that is not known."""
        return self._reasons.get(origin, "")

    def put(self, origin: BoxOrigin, places_yx: list[Place], greys: Greys) -> None:
        """Keep thumbnails ``(k, side, side)`` of places."""
        for place, grey in zip(places_yx, greys, strict=True):
            self._greys[origin, place] = grey
        while len(self._greys) > self._most:
            self._greys.popitem(last=False)

    def fail(self, origin: BoxOrigin, reason: str) -> None:
        """Note why there are no thumbnails of an origin."""
        self._reasons[origin] = reason

    def forget_reasons(self) -> None:
        """Forget why thumbnails are missing."""
        self._reasons.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._greys.clear()
        self._reasons.clear()


class OutdatedError(Exception):
    """Error that a file is not the one that was asked for any more."""


class BoxCutter:
    """Cuts thumbnails, and keeps the micrographs that were prepared last; for one thread at a time.

    Parameters
    ----------
    prepared_bytes : int
        Memory for prepared micrographs, in bytes; the latest one is always kept.
    """

    def __init__(self, prepared_bytes: int = _PREPARED_BYTES) -> None:
        self._prepared_bytes = prepared_bytes
        self._sources: OrderedDict[BoxOrigin, BoxSource] = OrderedDict()

    def cut(self, origin: BoxOrigin, places_yx: list[Place], job: Job) -> Greys:
        """Cut thumbnails at places ``(y, x)``; the work of a job.

        Returns
        -------
        (k, side, side) uint8 array
            Grey levels with bright particles, with the same contrast for all.

        Raises
        ------
        InputFileError
            If the micrograph cannot be used.
        OutdatedError
            If its file has been replaced since the origin was made.
        ValueError
            If the particle does not fit into the micrograph.
        Cancelled
            If the work was cancelled.
        """
        if file_stamp(origin.path) != origin.stamp:
            raise OutdatedError(f"{origin.path} has changed")
        source = self._sources.get(origin) or self._prepare(origin)
        self._sources.move_to_end(origin)
        job.advance(1, 2, "cutting boxes")
        return grey_levels(source.cut(places_yx))

    def _prepare(self, origin: BoxOrigin) -> BoxSource:
        pixels = read_micrograph(origin.path).pixels
        source = prepare_boxes(pixels, origin.diameter_px, origin.polarity)
        self._sources[origin] = source
        while len(self._sources) > 1 and self._held() > self._prepared_bytes:
            self._sources.popitem(last=False)
        return source

    def _held(self) -> int:
        # A source holds its image twice: once in a frame.
        return sum(2 * source.image.nbytes for source in self._sources.values())
