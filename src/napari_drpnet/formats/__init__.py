"""Coordinate files of other programs: one table of formats, chosen by suffix."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from napari_drpnet.errors import InputFileError
from napari_drpnet.formats.box import read_box, write_box
from napari_drpnet.formats.coordinates import Coordinates
from napari_drpnet.formats.csv import read_csv, write_csv
from napari_drpnet.formats.star import read_star, write_star
from napari_drpnet.formats.text import AnyPath

__all__ = ["FORMATS", "Coordinates", "Format", "read_coordinates", "write_coordinates"]


@dataclass(frozen=True)
class Format:
    """One format of coordinate files.

    Parameters
    ----------
    read : callable
        ``read(path) -> Coordinates``.
    write : callable
        ``write(path, coordinates, shape)``.
    """

    read: Callable[[AnyPath], Coordinates]
    write: Callable[[AnyPath, Coordinates, tuple[int, int] | None], None]


FORMATS = {
    ".star": Format(read_star, write_star),
    ".box": Format(read_box, write_box),
    ".csv": Format(read_csv, write_csv),
}


def read_coordinates(path: AnyPath) -> Coordinates:
    """Read a coordinate file of any known format.

    Parameters
    ----------
    path : path-like
        The file; its suffix, in any case, tells the format: see `FORMATS`.

    Returns
    -------
    Coordinates
        In unbinned pixels.

    Raises
    ------
    InputFileError
        When the suffix is unknown, or the file unreadable or malformed.
    """
    return _format_of(path).read(path)


def write_coordinates(
    path: AnyPath, coordinates: Coordinates, shape: tuple[int, int] | None = None
) -> None:
    """Write a coordinate file of any known format, whole or not at all.

    Parameters
    ----------
    path : path-like
        The file to create or replace; its suffix tells the format.
    coordinates : Coordinates
        What to write; a ``.box`` file needs its `box_size_px`.
    shape : tuple of int, optional
        ``(ny, nx)`` of the micrograph in unbinned pixels. ``.star`` and ``.box`` files round to
        whole pixels, and drop what then lies outside.

    Raises
    ------
    InputFileError
        When the suffix is unknown.
    ValueError
        When a ``.box`` file is asked for without `box_size_px`.
    OSError
        When the file cannot be written.
    """
    _format_of(path).write(path, coordinates, shape)


def _format_of(path: AnyPath) -> Format:
    suffix = Path(path).suffix.lower()
    if suffix not in FORMATS:
        reason = f"has the unknown suffix {suffix!r}" if suffix else "has no suffix"
        raise InputFileError(path, reason, f"Use one of {', '.join(FORMATS)}")
    return FORMATS[suffix]
