"""Thumbnails of the points that a window shows, cut in a thread."""

from functools import partial
from pathlib import Path

from psygnal import Signal

from napari_drpnet.project.gallery.particles import Listing, Particles
from napari_drpnet.project.gallery.thumbnails import (
    BoxCutter,
    BoxOrigin,
    Greys,
    OutdatedError,
    Place,
    Thumbnails,
)
from napari_drpnet.project.notices import explain
from napari_drpnet.project.workspace import Workspace

#: Number of thumbnails that are cut at once.
_BATCH = 256


class ThumbnailJobs:
    """Cuts the thumbnails that are wanted now, one micrograph after the other.

    Thumbnails are kept by file, time of the file, particle size and place, so that none is ever
    shown for another point.

    Parameters
    ----------
    workspace : Workspace
        Workspace whose jobs cut the boxes.

    Attributes
    ----------
    changed : Signal
        Emitted when thumbnails were made, or could not be made.
    outdated : Signal
        Emitted with the path of a micrograph whose file has been replaced.
    """

    changed = Signal()
    outdated = Signal(Path)

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._known, self._cutter = Thumbnails(), BoxCutter()
        self._cutting: BoxOrigin | None = None
        self._wanted: tuple[Listing, range] | None = None
        workspace.project_changed.connect(self._forget)

    def find(self, particles: Particles, row: int) -> Greys | None:
        """Return the thumbnail of a point; None if there is none yet."""
        origin = particles.origin
        return None if origin is None else self._known.find(origin, _place(particles, row))

    def reason(self, particles: Particles) -> str:
        """Return why a micrograph has no thumbnails; empty if that is not known."""
        return self._known.reason(particles.origin) if particles.origin else ""

    def retry(self) -> None:
        """Try again to make thumbnails that could not be made."""
        self._known.forget_reasons()
        self._cut_next()

    def want(self, listing: Listing, entries: range) -> None:
        """Cut the thumbnails of entries of a listing, and then of as many before and after them."""
        self._wanted = listing, entries
        self._cut_next()

    def _cut_next(self) -> None:
        """Start to cut thumbnails of the micrograph of the first wanted entry without one."""
        origin, places = self._missing()
        if self._cutting is not None:
            if origin is None or origin == self._cutting or self._wants(self._cutting):
                return
            self._workspace.runner.invalidate("thumbnails")
        self._cutting = origin
        if origin is not None:
            work = partial(self._cutter.cut, origin, places)
            put, fail = partial(self._put, origin, places), partial(self._fail, origin)
            self._workspace.runner.submit("thumbnails", work, put, fail)

    def _missing(self) -> tuple[BoxOrigin | None, list[Place]]:
        """Return the origin and the places of the thumbnails to cut next."""
        entries = self._entries()
        first = next((entry for entry in entries if self._lacks(*entry)), None)
        if self._wanted is None or first is None:
            return None, []
        listing, part = self._wanted[0], first[0]
        rows = [row for particles, row in entries if particles is part]
        if len(listing.parts) > 1:
            # Preparing a micrograph takes longest, so that its other points are cut as well.
            rows += listing.rows_of(listing.parts.index(part)).tolist()
        lacking = [row for row in dict.fromkeys(rows) if self._lacks(part, row)]
        return part.origin, [_place(part, row) for row in lacking[:_BATCH]]

    def _lacks(self, particles: Particles, row: int) -> bool:
        """Return whether the thumbnail of a point is still to be made."""
        if particles.origin is None or self._known.reason(particles.origin):
            return False
        return self.find(particles, row) is None

    def _entries(self) -> list[tuple[Particles, int]]:
        """Return the wanted entries, then those around them."""
        if self._wanted is None:
            return []
        listing, inner = self._wanted
        count = len(inner)
        after = range(inner.stop, min(inner.stop + count, len(listing)))
        before = range(max(inner.start - count, 0), inner.start)
        return [listing[index] for part in (inner, after, before) for index in part]

    def _wants(self, origin: BoxOrigin) -> bool:
        return any(particles.origin == origin for particles, _ in self._entries())

    def _put(self, origin: BoxOrigin, places: list[Place], greys: Greys) -> None:
        self._cutting = None
        self._known.put(origin, places, greys)
        self.changed.emit()
        self._cut_next()

    def _fail(self, origin: BoxOrigin, error: Exception) -> None:
        self._cutting = None
        if isinstance(error, OutdatedError):
            self.outdated.emit(origin.path)
            return
        reason = explain(error).removeprefix(f"{origin.path}: ")
        self._known.fail(origin, " ".join(reason.split()))
        self.changed.emit()
        self._cut_next()

    def _forget(self) -> None:
        self._known.clear()
        self._cutting = self._wanted = None


def _place(particles: Particles, row: int) -> Place:
    y, x = particles.centers_yx[row]
    return float(y), float(x)
