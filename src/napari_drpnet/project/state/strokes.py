"""Strokes: the classes of pixels that the user has painted on one micrograph."""

import math
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from napari_drpnet.base.frozen import Stored
from napari_drpnet.base.geometry import Frame
from napari_drpnet.base.segmentation import CLASSES, UNKNOWN
from napari_drpnet.images.file_checks import LONGEST_SIDE

Classes = NDArray[np.uint8]
Shape = tuple[int, int]
#: Side of a micrograph in unbinned pixels.
Side = Annotated[int, Field(ge=1, le=LONGEST_SIDE)]

#: Longest side of the grid of strokes, in pixels.
LONGEST_GRID = 1024
#: Value of the pixels of a patch that are not changed.
SAME = 255
#: Number of rows of the grid that are compressed together, and replaced by each edit there.
_BAND_ROWS = 32
#: The fastest level of zlib: higher ones save little on areas of equal values.
_LEVEL = 1


def strokes_frame(full_shape: Shape) -> Frame:
    """Return the grid of the strokes of a micrograph, which depends on its shape alone.

    Parameters
    ----------
    full_shape : tuple of int
        Shape ``(ny, nx)`` of the micrograph in unbinned pixels.

    Returns
    -------
    Frame
        Frame of the micrograph, binned by the least whole number for which no side of the grid
        is longer than `LONGEST_GRID`.
    """
    return Frame.with_scale(full_shape, max(1, math.ceil(max(full_shape) / LONGEST_GRID)))


class Strokes(Stored):
    """Strokes of one micrograph as a raster of classes.

    Parameters
    ----------
    full_shape : tuple of int
        Shape ``(ny, nx)`` of the micrograph in unbinned pixels.
    bands : tuple of str
        Rows of the raster from the first to the last, several in each item, as `pack` returns
        them; an item is empty where no pixel has a class.
    """

    full_shape: tuple[Side, Side]
    bands: tuple[str, ...]

    @classmethod
    def nothing(cls, full_shape: Shape) -> Self:
        """Return strokes without any class, for a micrograph of the given shape."""
        rows = strokes_frame(full_shape).network_shape[0]
        return cls(full_shape=full_shape, bands=("",) * -(-rows // _BAND_ROWS))

    @model_validator(mode="after")
    def _has_classes(self) -> Self:
        ny, nx = self.frame.network_shape
        if len(self.bands) != -(-ny // _BAND_ROWS):
            raise ValueError(f"{len(self.bands)} bands of strokes for {ny} rows")
        for number, band in enumerate(self.bands):
            _require_classes(self._band(number, band, nx))
        return self

    @property
    def frame(self) -> Frame:
        """Relation of the pixels of the raster to those of the micrograph."""
        return strokes_frame(self.full_shape)

    @property
    def is_empty(self) -> bool:
        """Whether no pixel has a class."""
        return not any(self.bands)

    @property
    def classes(self) -> Classes:
        """Number of the class of each pixel ``(h, w)``; 0 where nothing is said."""
        nx = self.frame.network_shape[1]
        return np.vstack([self._band(number, band, nx) for number, band in enumerate(self.bands)])

    @cached_property
    def areas(self) -> tuple[int, ...]:
        """Number of pixels of each class; the first one is that of pixels without a class."""
        classes = self.classes
        return tuple(int((classes == number).sum()) for number in range(len(CLASSES) + 1))

    def patched(self, patch: "Patch") -> "Strokes":
        """Return the strokes after a change.

        Raises
        ------
        ValueError
            If the classes are not those that the patch replaces.
        """
        bands, nx = list(self.bands), self.frame.network_shape[1]
        top, bottom = patch.top, patch.top + len(patch.before)
        columns = slice(patch.left, patch.left + patch.before.shape[1])
        for number in range(top // _BAND_ROWS, -(-bottom // _BAND_ROWS)):
            first = number * _BAND_ROWS
            low, high = max(top, first), min(bottom, first + _BAND_ROWS)
            band = self._band(number, bands[number], nx).copy()
            there, rows = band[low - first : high - first, columns], slice(low - top, high - top)
            before, after = patch.before[rows], patch.after[rows]
            changes = before != SAME
            if (changes & (there != before)).any():
                raise ValueError("the strokes are not those that the edit starts from")
            np.copyto(there, after, where=changes)
            bands[number] = pack(band) if band.any() else ""
        return Strokes.model_construct(full_shape=self.full_shape, bands=tuple(bands))

    def _band(self, number: int, band: str, columns: int) -> Classes:
        rows = min(_BAND_ROWS, self.frame.network_shape[0] - number * _BAND_ROWS)
        if not band:
            return np.full((rows, columns), UNKNOWN, np.uint8)
        return unpack(band, (rows, columns))


@dataclass(frozen=True, eq=False)
class Patch:
    """Change of the classes in a rectangle.

    Parameters
    ----------
    top, left : int
        Row and column of the first pixel of the rectangle.
    before, after : (h, w) uint8 array
        Classes before and after the change; `SAME` in both where nothing changes.
    """

    top: int
    left: int
    before: Classes
    after: Classes

    @classmethod
    def between(cls, before: Classes, after: Classes) -> Self | None:
        """Return the least patch that changes one raster into another; None if they are equal."""
        changes = before != after
        rows, columns = (np.flatnonzero(changes.any(axis=axis)) for axis in (1, 0))
        if len(rows) == 0:
            return None
        window = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        same = np.uint8(SAME)
        old, new = (np.where(changes[window], part[window], same) for part in (before, after))
        return cls(int(rows[0]), int(columns[0]), old, new)

    def then(self, later: Self) -> Self:
        """Return the patch that has the effect of this one and a later one."""
        top, left = min(self.top, later.top), min(self.left, later.left)
        bottom, right = np.maximum(self._end, later._end)
        before, after = np.full((2, bottom - top, right - left), SAME, np.uint8)
        for patch in (self, later):
            rows = slice(patch.top - top, patch.top - top + len(patch.before))
            columns = slice(patch.left - left, patch.left - left + patch.before.shape[1])
            changes = patch.before != SAME
            old, new = before[rows, columns], after[rows, columns]
            np.copyto(old, patch.before, where=changes & (old == SAME))
            np.copyto(new, patch.after, where=changes)
        is_same = before == after
        before[is_same] = after[is_same] = SAME
        return type(self)(top, left, before, after)

    def require_classes(self) -> None:
        """Check the values.

        Raises
        ------
        ValueError
            If a value is neither a class nor `SAME`, or only one array has `SAME` somewhere.
        """
        changes = self.before != SAME
        if not np.array_equal(changes, self.after != SAME):
            raise ValueError("strokes that change other pixels than they replace")
        for values in (self.before, self.after):
            _require_classes(np.where(changes, values, np.uint8(UNKNOWN)))

    @property
    def _end(self) -> tuple[int, int]:
        """Row and column after the last pixel."""
        return self.top + len(self.before), self.left + self.before.shape[1]


def painted_classes(strokes: Iterable[Strokes]) -> set[int]:
    """Return the numbers of the classes that strokes of any micrograph show."""
    areas = [each.areas for each in strokes]
    return {number for each in areas for number, area in enumerate(each) if number and area}


def pack(values: Classes) -> str:
    """Return the bytes of an array, compressed with zlib, as base64."""
    return b64encode(zlib.compress(np.ascontiguousarray(values).data, _LEVEL)).decode()


def unpack(text: str, shape: Shape) -> Classes:
    """Return the array of a given shape that `pack` has compressed; it cannot be written to.

    Raises
    ------
    ValueError
        If the text is damaged, or has more or fewer bytes than the array. No more than one
        superfluous byte is decompressed.
    """
    size = shape[0] * shape[1]
    inflate = zlib.decompressobj()
    try:
        data = inflate.decompress(b64decode(text, validate=True), size + 1)
    except zlib.error as error:
        raise ValueError("strokes that cannot be decompressed") from error
    if len(data) != size or not inflate.eof or inflate.unused_data:
        raise ValueError(f"strokes that do not have {shape[0]} rows of {shape[1]} pixels")
    return np.frombuffer(data, np.uint8).reshape(shape)


def _require_classes(values: Classes) -> None:
    most = values.max(initial=0)
    if most > len(CLASSES):
        raise ValueError(f"strokes with the value {most}, which is no class")
