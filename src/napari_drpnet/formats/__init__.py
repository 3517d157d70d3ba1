"""Coordinate files of other programs: one table of formats."""

from pathlib import Path

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.text import AnyPath
from napari_drpnet.formats.coordinates import Coordinates
from napari_drpnet.formats.table import (
    FORMATS,
    READ_SUFFIXES,
    WRITTEN,
    Format,
    Shape,
    fitting_formats,
    readable_formats,
)

__all__ = [
    "FORMATS",
    "READ_SUFFIXES",
    "WRITTEN",
    "Coordinates",
    "Format",
    "fitting_formats",
    "read_coordinates",
    "write_coordinates",
]


def read_coordinates(
    path: AnyPath, format_name: str | None = None, rows: int | None = None
) -> Coordinates:
    """Read a coordinate file of any known format.

    Parameters
    ----------
    path : path-like
        The file. Its suffix, in any case, tells the format, or the first line where several have
        that suffix.
    format_name : str, optional
        One of `FORMATS`, where the file itself cannot tell.
    rows : int, optional
        How many rows the micrograph has: needed by formats that count from the last one.

    Returns
    -------
    Coordinates
        In unbinned pixels.

    Raises
    ------
    InputFileError
        When the suffix is unknown, the file could have several formats, or is unreadable or
        malformed; when `rows` is needed and missing, or too small.
    ValueError
        When there is no such format, or it is only written.
    """
    chosen = _format_of(path) if format_name is None else _named(format_name)
    if chosen.read is None:
        raise ValueError(f"{chosen.name} is only written, not read")
    coordinates = chosen.read(path)
    if not chosen.from_last_row:
        return coordinates
    if rows is None:
        reason = "counts y from the last row, so the number of rows has to be known"
        remedy = f"drpnet convert --from {chosen.name} --flip-rows takes it, or the micrograph"
        raise InputFileError(path, reason, f"Convert it: {remedy}")
    try:
        return coordinates.flipped(rows)
    except ValueError as error:
        raise InputFileError(path, str(error), "Give that of its micrograph") from error


def write_coordinates(
    path: AnyPath,
    coordinates: Coordinates,
    shape: Shape | None = None,
    format_name: str | None = None,
    *,
    micrograph_name: str | None = None,
    rows: int | None = None,
) -> None:
    """Write a coordinate file of any known format, whole or not at all.

    Parameters
    ----------
    path : path-like
        The file to create or replace; its suffix tells the format.
    coordinates : Coordinates
        What to write; ``.box`` and ``.cbox`` files need its `box_size_px`.
    shape : tuple of int, optional
        ``(ny, nx)`` of the micrograph in unbinned pixels. ``.star``, ``.box`` and ``.txt`` files
        round to whole pixels, and drop what then lies outside.
    format_name : str, optional
        One of `FORMATS`, where the suffix stands for another one.
    micrograph_name : str, optional
        What all rows are about: for formats that name it in each row, where `coordinates` has no
        names.
    rows : int, optional
        How many rows the micrograph has, where `shape` does not tell: needed by formats that
        count from the last one.

    Raises
    ------
    InputFileError
        When the suffix is unknown.
    ValueError
        When there is no such format, or it is only read; when it needs something that is missing.
    OSError
        When the file cannot be written.
    """
    chosen = _written_by(path) if format_name is None else _named(format_name)
    if chosen.write is None:
        raise ValueError(f"{chosen.name} is only read, not written")
    if chosen.names == "always" and coordinates.micrograph_names is None and micrograph_name:
        coordinates = coordinates.named(micrograph_name)
    if chosen.from_last_row:
        count = rows if shape is None else shape[0]
        if count is None:
            raise ValueError(f"{chosen.name} counts from the last row: give shape or rows")
        coordinates = coordinates.flipped(count)
    chosen.write(path, coordinates, shape)


def _format_of(path: AnyPath) -> Format:
    readable = readable_formats(path)
    if not readable:
        raise _unknown_suffix(path, READ_SUFFIXES)
    fitting = fitting_formats(path)
    if len(fitting) > 1:
        choices = ", ".join(f"{each.name} ({each.title})" for each in fitting)
        raise InputFileError(
            path,
            f"may be read in several ways: {choices}",
            "Convert it with drpnet convert --from, and see with --preview which way fits",
        )
    return (fitting or readable)[0]  # the one of which the reader says what is wrong


def _written_by(path: AnyPath) -> Format:
    suffix = Path(path).suffix.lower()
    if suffix not in WRITTEN:
        raise _unknown_suffix(path, tuple(WRITTEN))
    return WRITTEN[suffix]


def _named(name: str) -> Format:
    if name not in FORMATS:
        raise ValueError(f"there is no format {name!r}, but {', '.join(FORMATS)}")
    return FORMATS[name]


def _unknown_suffix(path: AnyPath, known: tuple[str, ...]) -> InputFileError:
    suffix = Path(path).suffix
    reason = f"has the unknown suffix {suffix!r}" if suffix else "has no suffix"
    return InputFileError(path, reason, f"Use one of {', '.join(known)}")
